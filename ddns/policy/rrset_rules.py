"""Rules on which RRsets a zone may hold at an owner name, as pure predicates."""

from __future__ import annotations

from collections.abc import Collection

from ddns.model.records import CNAME, DNAME, NS, NSEC, RRSIG, SOA

KEY = 25

SINGLETON_TYPES = frozenset({SOA, CNAME, DNAME})
"""Types whose RRsets have one record (RFC 1035 3.3.13, RFC 2181 10.1, RFC 6672 2.4)."""

_BESIDE_CNAME = frozenset({RRSIG, NSEC, KEY})
"""Types that DNSSEC puts beside a CNAME (RFC 4035 2.5)."""


def has_too_many(number: int, count: int) -> bool:
    """Return whether *count* records are more than an RRset of this type may have."""
    return number in SINGLETON_TYPES and count > 1


def has_cname_and_other_data(numbers: Collection[int]) -> bool:
    """Return whether the types at one owner name break the rule that a CNAME stands alone.

    RFC 1034 3.6.2 and RFC 2181 10.1; DNSSEC's own types are exempt (RFC 4035 2.5).
    """
    return CNAME in numbers and not _BESIDE_CNAME.union({CNAME}).issuperset(numbers)


def is_misplaced_soa(number: int, owner: bytes, origin: bytes) -> bool:
    """Return whether this is an SOA below the zone's apex (RFC 1034 4.2.1, RFC 2136 3.4.2.2)."""
    return number == SOA and owner != origin


def is_apex_cname(number: int, owner: bytes, origin: bytes) -> bool:
    """Return whether this is a CNAME at the zone's apex, beside its SOA and NS (RFC 1912 2.4)."""
    return number == CNAME and owner == origin


def is_required(number: int, owner: bytes, origin: bytes) -> bool:
    """Return whether a zone cannot be without this RRset: SOA and NS at its apex (RFC 1034 4.2.1,
    RFC 2136 3.4.2.4)."""
    return number in (SOA, NS) and owner == origin
