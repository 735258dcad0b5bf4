"""A difference applied to the old zone makes the new one, exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddns.model.journal import Author, Event, EventKind, pack_values
from ddns.model.names import from_text
from ddns.model.records import SOA, RRset, soa_serial, soa_with_serial
from ddns.zone.difference import Difference, condense, with_serial
from ddns.zone.transfer import difference_slices, zone_slices
from ddns.zone.zone import Zone
from tests.zone.strategies import rrsets, soa, zones
from tests.zone.transferring import Secondary, messages, question, records_in, records_of

ORIGIN = from_text("t")
AUTHOR = Author("a", "test", 0.0)

ALONE = {5, 39}  # CNAME and DNAME


class Primary:
    """A zone and its journal, as the store keeps them: the SOA in it has serial 0."""

    def __init__(self, contents: list[RRset]) -> None:
        self.zone = Zone(ORIGIN)
        self.events: list[Event] = []
        for rrset in contents:
            self.zone.put(rrset)

    def put(self, rrset: RRset) -> None:
        before = self.zone.rrset(rrset.owner, rrset.type)
        serial = self.zone.serial + 1
        stored = [one and self._stored(one) for one in (before, rrset if rrset.rdatas else None)]
        self.events.append(
            Event(
                len(self.events), AUTHOR, EventKind.RRSET, "", ORIGIN, serial, rrset.owner,
                rrset.type, *[one and pack_values(one) for one in stored],
            )
        )  # fmt: skip
        self.zone.put(rrset)
        self.zone.set_serial(serial)

    @staticmethod
    def _stored(rrset: RRset) -> RRset:
        return with_serial(rrset, 0) if rrset.type == SOA else rrset

    def difference(self, serial: int) -> Difference:
        now = self.zone.rrset(ORIGIN, SOA)
        assert now is not None
        return condense(self.events, serial, now)


@st.composite
def changes(draw: st.DrawFn, zone: Zone) -> list[RRset]:
    """Changes that leave a zone that secondaries take: an RRset more, less, or other."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        there = list(zone.rrsets())
        if there and draw(st.booleans()):
            one = draw(st.sampled_from(there))
            ttl = draw(st.sampled_from([one.ttl, one.ttl + 1]))
            rdatas = draw(st.sampled_from([one.rdatas, one.rdatas[:1]]))
            if one.type == SOA:
                rdatas = (one.rdatas[0][:-4] + draw(st.sampled_from([b"\0\0\0\5", b"\0\0\0\6"])),)
            elif draw(st.booleans()) and one.owner != ORIGIN:
                rdatas = ()
            found.append(RRset(one.owner, one.type, ttl, rdatas))
        else:
            one = draw(rrsets(ORIGIN))
            others = {other.type for other in there if other.owner == one.owner} - {one.type}
            if not others & ALONE and not (others and one.type in ALONE):
                found.append(one)
        if found:
            zone.put(found[-1])
    return found


@given(zones(ORIGIN), st.data())
def test_it_makes_the_new_zone_of_the_old(contents: list[RRset], data: st.DataObject) -> None:
    primary = Primary(contents)
    old = records_of(primary.zone.rrsets())
    secondary = Secondary(ORIGIN)
    secondary.take(messages(question(ORIGIN), zone_slices(primary.zone)))
    serial = primary.zone.serial
    trial = Primary(contents)
    for rrset in data.draw(changes(trial.zone)):
        if rrset.type == SOA:
            rdata = soa_with_serial(rrset.rdatas[0], primary.zone.serial)
            rrset = RRset(rrset.owner, SOA, rrset.ttl, (rdata,))
        primary.put(rrset)
    new = records_of(primary.zone.rrsets())
    difference = primary.difference(serial)
    deleted, added = records_of(difference.deleted), records_of(difference.added)
    assert deleted <= old
    assert not added & (old - deleted)
    soas = {*records_of([difference.before]), *records_of([difference.after])}
    assert (old - deleted) | added | soas == new | soas
    assert records_of([difference.before]) <= old
    assert records_of([difference.after]) <= new
    wires = messages(question(ORIGIN, serial), difference_slices(difference))
    if serial != primary.zone.serial:
        secondary.take(wires)
    else:
        assert [soa_serial(one[3]) for one in records_in(wires)] == [serial]
    assert secondary.records() == new


def address(last: int, ttl: int = 10) -> RRset:
    return RRset(from_text("home.t"), 1, ttl, (bytes((192, 0, 2, last)),))


def test_what_came_and_went_is_not_told() -> None:
    primary = Primary([soa(ORIGIN)])
    primary.put(address(1))
    primary.put(address(2))
    primary.put(RRset(from_text("home.t"), 1, 0, ()))
    difference = primary.difference(1)
    assert difference.size() == 0
    assert [soa_serial(one.rdatas[0]) for one in difference.rrsets()] == [4, 1, 4, 4]


def test_another_ttl_takes_the_whole_rrset_out_and_in() -> None:
    both = RRset(from_text("home.t"), 1, 10, (bytes(4), bytes((1, 2, 3, 4))))
    primary = Primary([soa(ORIGIN), both])
    primary.put(RRset(both.owner, 1, 20, both.rdatas))
    difference = primary.difference(1)
    assert difference.deleted == [both]
    assert difference.added == [RRset(both.owner, 1, 20, both.rdatas)]


def test_the_old_soa_has_its_old_timers() -> None:
    primary = Primary([soa(ORIGIN, minimum=30)])
    old = primary.zone.rrset(ORIGIN, SOA)
    primary.put(soa(ORIGIN, minimum=40))
    primary.put(soa(ORIGIN, minimum=50))
    difference = primary.difference(1)
    assert difference.before == old
    assert difference.after == primary.zone.rrset(ORIGIN, SOA)
    assert not difference.size()
