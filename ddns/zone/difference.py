"""Two versions of a zone as one difference (RFC 1995 4): what to delete, and what to add."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ddns.model.journal import Event, EventKind, unpack_values
from ddns.model.records import SOA, RRset, soa_with_serial


@dataclass(slots=True)
class Difference:
    """``before`` and ``after`` are the SOA of both versions, which are not among the RRsets that
    are ``deleted`` and ``added``."""

    before: RRset
    after: RRset
    deleted: list[RRset] = field(default_factory=list)
    added: list[RRset] = field(default_factory=list)

    def size(self) -> int:
        """Return how many records are deleted and added."""
        return sum(len(rrset.rdatas) for rrset in (*self.deleted, *self.added))

    def rrsets(self) -> list[RRset]:
        """Return it in the order of an answer to IXFR, between the SOA that this begins and ends
        with; that alone if the versions are the same."""
        now = self.after
        if self.before == now:
            return [now]
        return [now, self.before, *self.deleted, now, *self.added, now]


def with_serial(soa: RRset, serial: int) -> RRset:
    """Return an SOA with another serial."""
    return soa.with_rdatas((soa_with_serial(soa.rdatas[0], serial),))


def condense(events: Iterable[Event], serial: int, after: RRset) -> Difference:
    """Return what all of a zone's changes since *serial* amount to.

    :param events: the changes in their order, and whatever else happened to the zone.
    :param after: its SOA after them.

    It is exact, as BIND wants it: what is deleted was there, with the TTL that it had; what is
    added was not; an RRset whose TTL changed is deleted and added as a whole.
    """
    old: dict[tuple[bytes, int], bytes | None] = {}
    new: dict[tuple[bytes, int], bytes | None] = {}
    for event in events:
        if event.kind is EventKind.RRSET and event.owner is not None and event.type is not None:
            old.setdefault((event.owner, event.type), event.before)
            new[event.owner, event.type] = event.after
    former = old.pop((after.owner, SOA), None)
    before = after if former is None else unpack_values(after.owner, SOA, former)
    difference = Difference(with_serial(before, serial), after)
    for (owner, number), values in old.items():
        gone, come = _rrset(owner, number, values), _rrset(owner, number, new[owner, number])
        if gone.ttl == come.ttl:
            gone, come = _without(gone, come), _without(come, gone)
        difference.deleted += [gone] if gone.rdatas else []
        difference.added += [come] if come.rdatas else []
    return difference


def _rrset(owner: bytes, number: int, values: bytes | None) -> RRset:
    if values is None:
        return RRset(owner, number, 0, ())
    return unpack_values(owner, number, values)


def _without(rrset: RRset, other: RRset) -> RRset:
    there = frozenset(other.rdatas)
    return rrset.with_rdatas(tuple(one for one in rrset.rdatas if one not in there))
