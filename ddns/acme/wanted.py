"""What certificate is wanted, and from whom."""

from __future__ import annotations

from dataclasses import dataclass

from ddns.acme.issued import Issued
from ddns.config.acme import certificate_names
from ddns.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is ordered where: see :class:`ddns.config.settings.AcmeSettings`."""

    directory: str
    names: tuple[str, ...]
    email: str
    key_types: tuple[str, ...]
    ca: str

    def is_met_by(self, issued: Issued) -> bool:
        """Return whether a certificate is what is wanted, whenever it is valid."""
        return issued.directory == self.directory and issued.names.issuperset(self.names)

    @property
    def mark(self) -> str:
        """What tells orders from those for something else."""
        return " ".join((self.directory, *sorted(self.names), *sorted(self.key_types)))


def wanted_by(settings: Settings) -> Wanted | None:
    """Return what the settings want; None if they want no certificate."""
    acme = settings.https.acme
    if not acme.directory:
        return None
    names = certificate_names(settings)
    return Wanted(acme.directory, names, acme.email, acme.keys, acme.ca)
