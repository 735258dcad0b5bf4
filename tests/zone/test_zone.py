"""Zone and Zones: what a zone is after any changes is what it would be if built at once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import DNAME, NS, SOA, TXT, A, RRset, pack_rdatas
from ddns.zone.lookup import NO_MATCH, find
from ddns.zone.node import label_starts
from ddns.zone.zone import Zone, Zones
from tests.zone.strategies import ORIGINS, names, rrsets, soa

APEX = from_text("t")


def state(zone: Zone) -> tuple[object, ...]:
    return zone.nodes, zone.cuts, zone.negative, zone._children


def rebuilt(held: dict[tuple[bytes, int], RRset]) -> Zone:
    zone = Zone(APEX)
    for rrset in held.values():
        zone.put(rrset)
    return zone


def obvious(held: dict[tuple[bytes, int], RRset]) -> tuple[set[bytes], set[bytes]]:
    """The names that exist and the names that cut, found by looking at everything."""
    exist = {APEX}
    for owner, _ in held:
        while owner != APEX:
            exist.add(owner)
            owner = owner[1 + owner[0] :]
    cuts = {o for o, rtype in held if rtype == DNAME or (rtype == NS and o != APEX)}
    return exist, cuts


changes = st.lists(
    st.one_of(
        rrsets(APEX),
        st.just(soa(APEX)),
        st.tuples(names([APEX], 3), st.sampled_from([A, TXT, NS, DNAME, SOA])),
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(changes)
def test_any_changes_leave_what_a_rebuilt_zone_has(
    steps: list[RRset | tuple[bytes, int]],
) -> None:
    zone = Zone(APEX)
    held: dict[tuple[bytes, int], RRset] = {}
    for step in steps:
        if isinstance(step, RRset):
            zone.put(step)
            held[step.owner, step.type] = step
        else:
            zone.put(RRset(*step, 0, ()))
            held.pop(step, None)
        exist, cuts = obvious(held)
        assert set(zone.nodes) == exist
        assert zone.cuts == cuts
        assert (zone.negative is None) == ((APEX, SOA) not in held)
    assert state(zone) == state(rebuilt(held))
    assert {(r.owner, r.type): r for r in zone.rrsets()} == held
    for (owner, rtype), rrset in held.items():
        assert zone.rrset(owner, rtype) == rrset
    for owner, rtype in list(held):
        zone.put(RRset(owner, rtype, 0, ()))
    assert state(zone) == state(Zone(APEX))


@settings(max_examples=200, deadline=None)
@given(st.lists(rrsets(APEX), max_size=25), st.integers(1, 5), st.randoms())
def test_loading_in_chunks_is_putting(
    some: list[RRset], chunk: int, shuffle: random.Random
) -> None:
    held = {(rrset.owner, rrset.type): rrset for rrset in [*some, soa(APEX)]}
    # The RRsets of an owner together, in any order.
    owners = list({owner for owner, _ in held})
    shuffle.shuffle(owners)
    ordered = [rrset for owner in owners for rrset in held.values() if rrset.owner == owner]
    rows = [(r.owner, r.type, r.ttl, pack_rdatas(r.rdatas)) for r in ordered]
    zone = Zone(APEX)
    for start in range(0, len(rows), chunk):
        zone.load(iter(rows[start : start + chunk]))
    assert state(zone) == state(rebuilt(held))


def test_an_update_after_a_bulk_load() -> None:
    zone = Zone(APEX)
    zone.load([(b"\x01a\x01b" + APEX, A, 10, b"\0\4\1\2\3\4")])
    zone.put(RRset(b"\x01a\x01b" + APEX, A, 0, ()))
    assert zone.nodes == {APEX: b""}


def test_the_serial() -> None:
    zone = Zone(APEX)
    with pytest.raises(LookupError):
        _ = zone.serial
    with pytest.raises(LookupError):
        zone.set_serial(2)
    zone.put(soa(APEX, minimum=7))
    assert zone.serial == 1
    zone.set_serial(2**32 - 1)
    assert zone.serial == 2**32 - 1
    assert zone.rrset(APEX, SOA) == soa(APEX, minimum=7, serial=2**32 - 1)
    assert zone.negative is not None
    assert b"\xff\xff\xff\xff" in zone.negative


def test_an_owner_of_another_zone() -> None:
    zone = Zone(APEX)
    for owner in (from_text("u"), b"\x02xt\x00", b"\x03a\x01t\x00"):
        with pytest.raises(ValueError):
            zone.put(RRset(owner, A, 10, (b"abcd",)))
    assert zone.nodes == {APEX: b""}


def test_a_large_flat_zone_counts_no_children() -> None:
    zone = Zone(APEX)
    zone.load((b"\x04%04d" % i + APEX, A, 10, b"\0\4\1\2\3\4") for i in range(1000))
    assert zone._children == {}
    assert len(zone.nodes) == 1001


@given(
    st.lists(st.sampled_from([*ORIGINS, b"\0"]), unique=True),
    names([*ORIGINS, b"\x01v\0", b"\0"], 3),
)
def test_the_nearest_zone(origins: list[bytes], name: bytes) -> None:
    zones = Zones(Zone(origin) for origin in origins)
    above = [name[at:] for at in range(len(name)) if name[at:] in origins]
    # An origin is found at a label boundary only; b"\x01t\0" in "\x03a\x01t\0" is none.
    labels = []
    rest = name
    while True:
        labels.append(rest)
        if rest == b"\0":
            break
        rest = rest[1 + rest[0] :]
    above = [suffix for suffix in labels if suffix in origins]
    found = zones.find(name)
    assert (found.origin if found else None) == (above[0] if above else None)


def test_zones_come_and_go() -> None:
    zones = Zones()
    assert zones.find(APEX) is None
    first, second, deep = Zone(APEX), Zone(APEX), Zone(from_text("x.y.t"))
    zones.add(first)
    zones.add(deep)
    zones.add(second)
    assert zones.get(APEX) is second
    assert len(zones) == 2
    assert set(zones) == {second, deep}
    assert zones.find(from_text("a.x.y.t")) is deep
    zones.remove(deep.origin)
    zones.remove(deep.origin)
    assert zones.find(from_text("a.x.y.t")) is second
    assert zones.get(deep.origin) is None


class CountingNodes(dict[bytes, bytes]):
    """Nodes that count how often they are asked."""

    looks = 0

    def __contains__(self, name: object) -> bool:
        self.looks += 1
        return super().__contains__(name)

    def get(self, name, default=None):  # type: ignore[no-untyped-def]
        self.looks += 1
        return super().get(name, default)


def test_a_long_name_costs_few_looks() -> None:
    zone = Zone(APEX)
    zone.put(RRset(b"\x01y\x01x" + APEX, A, 10, (b"abcd",)))
    counting = CountingNodes(zone.nodes)
    zone.nodes = counting
    name = b"\x01a" * 124 + b"\x01x" + APEX
    assert find(zone, name, label_starts(name)) == (NO_MATCH, b"\x01x" + APEX, b"")
    assert counting.looks <= 10
