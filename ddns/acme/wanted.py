"""What certificate is wanted, and from whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
    ca: str = ""
    profile: str = ""
    eab_kid: str = ""
    eab_hmac_key: str = field(default="", repr=False)

    def is_met_by(self, issued: Issued) -> bool:
        """Return whether a certificate is what is wanted, whenever it is valid."""
        return issued.directory == self.directory and issued.names.issuperset(self.names)

    def differing(self, issued: Iterable[Issued]) -> tuple[str, ...]:
        """Return the names in the first certificate that is for others than those wanted, or those
        wanted if there is none."""
        for one in issued:
            if one.names != set(self.names):
                return tuple(sorted(one.names))
        return self.names

    @property
    def mark(self) -> str:
        """What tells orders from those for something else."""
        names = sorted(self.names)
        return " ".join((self.directory, self.profile, *names, *sorted(self.key_types)))


def wanted_by(settings: Settings) -> Wanted | None:
    """Return what the settings want; None if they want no certificate."""
    acme = settings.https.acme
    if not acme.directory:
        return None
    return Wanted(
        acme.directory,
        certificate_names(settings),
        acme.email,
        acme.keys,
        acme.ca,
        acme.profile,
        acme.eab_kid,
        acme.eab_hmac_key,
    )
