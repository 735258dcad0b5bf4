"""Rules of self-registration. Most of them do not apply to the operator."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

import idna

from ddns.model import names
from ddns.model.account import Registration, ZoneInfo
from ddns.model.records import AAAA, CNAME, HOST_TTL, MX, TXT, A
from ddns.model.registration import Released
from ddns.policy.acme_dns import AcmeDnsRules
from ddns.policy.relays import RelayRules

DAY = 86_400.0

RESERVED = (
    "www", "ns*", "mx", "mail", "smtp", "imap", "pop", "ftp", "admin", "api", "localhost",
    "wpad", "isatap",  # looked up in the domain and trusted (RFC 3040 6.4, RFC 5214 8.3.2)
    "autoconfig", "autodiscover", "mta-sts",  # settings of mail programs, policy of RFC 8461
    "_*",
)  # fmt: skip
"""Labels whose owner could speak for the whole zone; ``*`` at the end is a wildcard."""

GIVEN_UP = 10
"""Maximum number of an account's released names in quarantine, as a multiple of its host limit;
otherwise one person could put all good names out of reach."""

HOST_TYPES = (A, AAAA, MX, CNAME, TXT)
"""The record types that users may set at their hosts."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits for users.

    - ``reserved``: labels in addition to :data:`RESERVED`, in the same form.
    - ``min_ttl``, ``max_ttl``: seconds.
    - ``records_per_host``: counts the records at all names of a host.
    - ``quarantine``: seconds for which a released name is kept for its former owner.
    - ``notice_targets``: webhooks and services of apprise of an account.
    - ``acme_dns``: those of registrations of acme-dns.
    - ``relays``: those of relays.
    """

    reserved: tuple[str, ...] = ()
    min_ttl: int = HOST_TTL
    max_ttl: int = 86_400
    hosts_per_account: int = 10
    keys_per_account: int = 20
    records_per_host: int = 20
    notice_targets: int = 5
    quarantine: float = 90 * DAY
    acme_dns: AcmeDnsRules = field(default_factory=AcmeDnsRules)
    relays: RelayRules = field(default_factory=RelayRules)

    @property
    def host_ttl(self) -> int:
        """The TTL of a host's records where its owner sets none."""
        return min(max(HOST_TTL, self.min_ttl), self.max_ttl)


DEFAULTS = Rules()


def may_register(zone: ZoneInfo, account: str, is_member: Callable[[], bool]) -> bool:
    """Return whether an account may register hosts in a zone."""
    return (
        zone.account == account
        or zone.registration is Registration.OPEN
        or (zone.registration is Registration.INVITATION and is_member())
    )


def is_reserved(label: str, patterns: Iterable[str]) -> bool:
    """Return whether a lower-case label matches a pattern; ``*`` at the end matches any suffix."""
    return any(
        label.startswith(pattern[:-1]) if pattern.endswith("*") else label == pattern
        for pattern in patterns
    )


def is_reserved_name(name: bytes, rules: Rules, servers: Container[bytes]) -> bool:
    """Return whether a host's first label is reserved, or the host is one of our zones' name
    *servers*."""
    label = name[1 : 1 + name[0]].decode("ascii")
    return name in servers or is_reserved(label, (*RESERVED, *rules.reserved))


def is_well_shaped(name: bytes, origin: bytes) -> bool:
    """Return whether a user may register a host name in another owner's zone.

    It must be directly below the origin, because all names below a host belong to that host. Only
    an A-label may have hyphens in the third and fourth position (RFC 5890 2.3.1).
    """
    if name == origin or names.parent(name) != origin:
        return False
    label = name[1 : 1 + name[0]]
    if label[2:4] == b"--":
        try:
            idna.decode(label, strict=True)
        except (idna.IDNAError, UnicodeError):
            return False
    return True


def in_quarantine(released: Released | None, account: str, rules: Rules, now: float) -> bool:
    """Return whether a released name is still unavailable to this account.

    If the clock was set back, no longer than the quarantine takes.
    """
    if released is None or released.account == account:
        return False
    return abs(now - released.at) < rules.quarantine
