"""What a store knows of things that last for a time only, and what a transaction can do to them."""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import Interface

from ddns.model.account import Host
from ddns.model.leases import LeasedRecord, Term


class IReadingExpiry(Interface):
    """What is known of them within a view."""

    def is_anything_over(leases: float, hosts: float) -> tuple[bool, bool]:
        """Return whether a lease was over at the one time, and a host had expired at the other."""

    def count_leases() -> int:
        """Return the number of records under a lease."""


class IExpiring(Interface):
    """Leases of records, and hosts that go offline when nobody hears of them. None of it has events
    in the journal. Times are seconds since 1970."""

    def leases(zone: bytes, owner: bytes, number: int) -> dict[bytes, Term]:
        """Return the leases of an RRset's records by their rdata in canonical form."""

    def put_leases(zone: bytes, owner: bytes, number: int, leases: Mapping[bytes, Term]) -> None:
        """Replace the leases of an RRset's records. They end, without anything else, when the RRset
        is put again, and go with the zone."""

    def expired_leases(now: float, most: int) -> list[LeasedRecord]:
        """Return the records whose leases are over, *most* of them, those that ended first."""

    def put_host_expiry(name: bytes, expires: float | None) -> None:
        """Change when a host expires."""

    def expired_hosts(now: float, most: int) -> list[Host]:
        """Return the hosts that have expired, *most* of them, those that did first."""

    def hosts_to_warn(now: float, before: float, most: int) -> list[Host]:
        """Return the hosts of which nobody was warned and that expire within *before* seconds and
        half of their days, *most* of them, those that do first."""

    def note_warned(name: bytes) -> None:
        """Note that somebody was warned of when a host expires, until that changes."""

    def limit_expiries(now: float) -> None:
        """Have nothing last longer from *now* than it was to last when it began, and no
        registration of acme-dns have been made or used later."""

    def shift_expiries(since: float, until: float, by: float) -> None:
        """Have what began between *since* and *until* end *by* seconds
        later; so is when registrations were made and used."""
