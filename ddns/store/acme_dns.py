"""What a store knows of the registrations of acme-dns, and what a transaction can do to them."""

from __future__ import annotations

from zope.interface import Interface

from ddns.model.acme_dns import AcmeDnsRegistration
from ddns.store.paging import RegistrationPage


class IReadingAcmeDns(Interface):
    """Reading of registrations."""

    def acme_dns(subdomain: str) -> AcmeDnsRegistration | None:
        """Return the registration of a subdomain."""

    def acme_dns_at(name: bytes) -> AcmeDnsRegistration | None:
        """Return the registration whose TXT records an owner name has."""

    def acme_dns_registrations(page: RegistrationPage) -> list[AcmeDnsRegistration]:
        """Return a page of registrations, in the order of their subdomains."""

    def count_acme_dns(account: str | None) -> int:
        """Return how many registrations an account has, or how many strangers have."""

    def is_acme_dns_unused(last: float, never: float) -> bool:
        """Return whether there is anything in :meth:`IAcmeDns.unused_acme_dns`."""


class IAcmeDns(Interface):
    """Changes of registrations, which have no events in the journal; those of their TXT records
    have. Times are seconds since 1970."""

    def add_acme_dns(registration: AcmeDnsRegistration) -> None:
        """Add a registration in a zone that exists. It goes with the zone, and with the account."""

    def change_acme_dns(registration: AcmeDnsRegistration) -> None:
        """Change when a registration was used, and its note."""

    def remove_acme_dns(subdomain: str) -> None:
        """Remove a registration with its TXT records."""

    def unused_acme_dns(last: float, never: float, most: int) -> list[AcmeDnsRegistration]:
        """Return *most* of the registrations that were used, or else made, by *last*; or of those
        of strangers that were made by *never* and not used."""
