"""What people may register: pure rules; the operator is above most of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

import idna

from ddns.model import names
from ddns.model.account import Registration, ZoneInfo
from ddns.model.records import AAAA, CNAME, HOST_TTL, MX, TXT, A
from ddns.model.registration import Released

DAY = 86_400.0

RESERVED = (
    "www", "ns*", "mx", "mail", "smtp", "imap", "pop", "ftp", "admin", "api", "localhost",
    "wpad", "isatap",  # found by name in a domain, and then trusted (RFC 3040 6.4, RFC 5214 8.3.2)
    "autoconfig", "autodiscover", "mta-sts",  # settings of mail programs, policy of RFC 8461
    "_*",
)  # fmt: skip
"""Labels that would let somebody speak for the whole zone."""

GIVEN_UP = 10
"""How many times as many names as it may have an account may have given up in quarantine: or one
person could take all good names out of everybody's reach."""

HOST_TYPES = (A, AAAA, MX, CNAME, TXT)
"""What people may set at the names of their hosts."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for people. ``reserved`` are labels besides :data:`RESERVED`, with ``*`` at their
    end for whatever follows; TTLs are seconds; ``records_per_host`` counts those at all names of a
    host; ``quarantine`` is for how many seconds a released name stays with who had it."""

    reserved: tuple[str, ...] = ()
    min_ttl: int = HOST_TTL
    max_ttl: int = 86_400
    hosts_per_account: int = 10
    keys_per_account: int = 20
    records_per_host: int = 20
    quarantine: float = 90 * DAY

    @property
    def host_ttl(self) -> int:
        """What a host's records get where its person does not say."""
        return min(max(HOST_TTL, self.min_ttl), self.max_ttl)


DEFAULTS = Rules()


def may_register(zone: ZoneInfo, account: str, is_member: Callable[[], bool]) -> bool:
    """Whether an account may have hosts of its own in a zone."""
    return (
        zone.account == account
        or zone.registration is Registration.OPEN
        or (zone.registration is Registration.INVITATION and is_member())
    )


def is_reserved(label: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns means a label, in lower case. A ``*`` at a pattern's end stands
    for anything, also for nothing."""
    return any(
        label.startswith(pattern[:-1]) if pattern.endswith("*") else label == pattern
        for pattern in patterns
    )


def is_reserved_name(name: bytes, rules: Rules, servers: Container[bytes]) -> bool:
    """Whether a host's first label is reserved, or it is one of *servers*, the name servers of our
    zones."""
    label = name[1 : 1 + name[0]].decode("ascii")
    return name in servers or is_reserved(label, (*RESERVED, *rules.reserved))


def is_well_shaped(name: bytes, origin: bytes) -> bool:
    """Whether a host name may be somebody's in somebody else's zone: what is below a host belongs
    to nobody else, so it has one label more than the origin; and hyphens in the third and fourth
    place mean something in an A-label only (RFC 5890 2.3.1)."""
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
    """Whether a name that was released is still kept from this account. A clock that was set back
    keeps it no longer than the quarantine takes."""
    if released is None or released.account == account:
        return False
    return abs(now - released.at) < rules.quarantine
