"""Which secondaries are told what, when and how often; time is a test's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

import dns.message
import pytest
from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed
from twisted.internet.task import Clock

from ddns.model import names, records
from ddns.model.account import ZoneInfo
from ddns.model.journal import Author, Event, EventKind, public
from ddns.model.records import SOA, RRset
from ddns.model.secondaries import Secondary, SecondaryState, secondary
from ddns.policy.secondaries import Secondaries
from ddns.store.interfaces import IStore
from ddns.updates.notifier import Notifier, Unanswered
from ddns.updates.publisher import Publisher
from ddns.zone.requests import Reply, Request
from ddns.zone.zone import Zone, Zones

ORIGIN = names.from_text("example.net")
CATALOG = names.from_text("catalog.invalid")
ONE, TWO = secondary("192.0.2.1"), secondary("2001:db8::2#5353,xfr.example")
SOA_TEXT = "ns1. hostmaster. 0 3600 600 1209600 10"
STEP = 1 / 128
AUTHOR = Author("operator", "test", 0.0)


class World:
    """Zones in memory, secondaries that answer, and what they were sent.

    ``has`` is the serial of each secondary, or what is wrong with its answers; one that is not in
    it does not answer. What came to them is in ``sent``: when, to whom, and the serial in a NOTIFY,
    None for a query.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.zones, self.secondaries = Zones(), Secondaries()
        self.listeners: list[Callable[[Sequence[Event]], None]] = []
        self.loading: Deferred[None] = succeed(None)
        self.has: dict[Secondary, int | str] = {}
        self.follows = True
        self.sent: list[tuple[float, str, int | None]] = []
        self.told_of: list[bytes] = []
        self.notifier = Notifier(
            cast(IStore, self),
            cast(Publisher, self),
            self.zones,
            self.secondaries,
            self.ask,
            self.clock,
            lambda: 1000.0 + self.clock.seconds(),
        )

    # As a store, a publisher and a client are

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> None:
        self.listeners.append(listener)

    def published(self, origins: frozenset[bytes]) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self.loading.addCallbacks(
            lambda none: done.callback(None), lambda failure: done.errback(failure)
        )
        return done

    def ask(self, to: Secondary, origin: bytes, soa: bytes = b"") -> Deferred[Reply]:
        serial = None
        if soa:
            (rrset,) = dns.message.from_wire(Request(1, origin, soa, None, 0.0).wire).answer
            serial = rrset[0].serial
            self.told_of.append(origin)
        self.sent.append((round(self.clock.seconds(), 2), to.at, serial))
        has = self.has.get(to)
        if has is None:
            late: Deferred[Reply] = Deferred()
            self.clock.callLater(2.0, late.errback, Unanswered("no answer"))
            return late
        if isinstance(has, str):
            return succeed(Reply(None, has))
        if serial is not None and self.follows:
            self.has[to] = serial
        return succeed(Reply(has))

    # What happens

    def commit(self, *infos: ZoneInfo, gone: bool = False) -> None:
        """Zones change to these; the listeners hear of it."""
        events = []
        for info in infos:
            before = self.zones.get(info.origin)
            if gone:
                self.zones.remove(info.origin)
                self.secondaries.remove(info.origin)
                events.append(event(EventKind.ZONE, info, before=public(info)))
                continue
            zone = before or Zone(info.origin)
            rdata = records.rdata_from_text(SOA, SOA_TEXT)
            zone.put(RRset(info.origin, SOA, 10, (records.soa_with_serial(rdata, info.serial),)))
            self.zones.add(zone)
            self.secondaries.put(info)
            events.append(event(EventKind.ZONE, info, after=public(info)))
            if before is None:
                events.append(event(EventKind.RRSET, info))
        for listener in self.listeners:
            listener(events)

    def change(self, serial: int, origin: bytes = ORIGIN) -> None:
        """Records of a zone change."""
        zone = self.zones.get(origin)
        assert zone is not None
        zone.set_serial(serial)
        for listener in self.listeners:
            listener([event(EventKind.RRSET, ZoneInfo(origin, serial))])

    def pass_(self, seconds: float) -> list[tuple[float, str, int | None]]:
        """What is sent in that time."""
        self.sent.clear()
        self.clock.pump([STEP] * round(seconds / STEP))
        return self.sent

    def notifies(self) -> list[tuple[float, str, int]]:
        return [(at, to, serial) for at, to, serial in self.sent if serial is not None]

    def states(self, origin: bytes = ORIGIN) -> dict[str, SecondaryState]:
        found: list[list[SecondaryState]] = []
        ensureDeferred(self.notifier.states(origin)).addCallback(found.append)
        self.clock.pump([0.5] * 10)
        return {state.secondary.at: state for state in found[0]}


def event(kind: EventKind, info: ZoneInfo, **sides: Any) -> Event:
    whole = {"before": None, "after": None, **sides}
    return Event(
        *(1, AUTHOR, kind, "", info.origin, info.serial, info.origin, None),
        *(whole["before"], whole["after"], info),
    )


def zone(serial: int = 1, *secondaries: Secondary, origin: bytes = ORIGIN) -> ZoneInfo:
    return ZoneInfo(origin, serial, secondaries=secondaries or (ONE,))


@pytest.fixture
def world() -> World:
    """One zone, with a secondary that is level."""
    world = World()
    world.commit(zone())
    world.has[ONE] = 1
    world.notifier.start()
    world.pass_(3.0)
    return world


def test_at_the_start_everybody_is_told_and_asked_once() -> None:
    world = World()
    world.commit(*(zone(7, ONE, TWO, origin=names.from_text(f"{n}.example")) for n in range(250)))
    world.has = {ONE: 7, TWO: 7}
    world.notifier.start()
    sent = world.pass_(2.0)
    before = len(sent)
    assert 100 < before <= 200, "a hundred a second at most"
    assert len(world.pass_(60.0)) + before == 1000
    assert len(world.told_of) == 500
    assert world.pass_(2000.0) == []
    assert world.notifier.behind() == {ONE.at: (0, 0.0), TWO.at: (0, 0.0)}
    assert world.notifier.counts == {ONE.at: 250, TWO.at: 250}


def test_a_change_is_told_at_once_and_then_one_a_second(world: World) -> None:
    world.sent.clear()
    world.change(2)
    assert world.sent == [(3.0, "192.0.2.1", 2)]
    serial = 2
    told = []
    for _ in range(100):
        serial += 1
        world.change(serial)
        world.pass_(0.05)
        told += world.notifies()
    assert [at for at, _, _ in told] == [4.0, 5.0, 6.0, 7.0]
    world.pass_(1.0)
    assert [serial for _, _, serial in world.notifies()] == [102]
    assert all(at is None for _, _, at in world.pass_(10.0)), "only asked"
    assert world.pass_(1000.0) == []
    world.sent.clear()
    world.change(103)
    assert world.notifies() == [(round(world.clock.seconds(), 2), "192.0.2.1", 103)]


def test_who_has_followed_is_asked_once_after_a_change(world: World) -> None:
    world.change(2)
    assert world.pass_(1000.0) == [(4.0, "192.0.2.1", None)]
    (state,) = world.states().values()
    assert state == SecondaryState(ONE, 2, 0.0, 1003.0)


def test_who_does_not_reply_is_told_again_with_growing_pauses_and_then_asked(world: World) -> None:
    del world.has[ONE]
    world.change(2)
    sent = world.pass_(1200.0)
    assert [at - 3 for at, _, serial in sent if serial] == [1, 3, 7, 15, 31, 63, 127]
    assert [at - 3 for at, _, serial in sent if serial is None] == [255, 511, 1023]
    assert world.notifier.behind() == {ONE.at: (1, pytest.approx(1200.0))}
    (state,) = world.states().values()
    assert (state.serial, state.told) == (None, pytest.approx(1000.0, abs=0.1))
    assert state.problem == "NOTIFY: no answer; no answer"
    assert state.seconds_behind == pytest.approx(1204.0, abs=1.0)
    world.has[ONE] = 1  # it is back
    world.pass_(600.0)
    assert len(world.notifies()) == 1
    assert world.notifier.behind() == {ONE.at: (0, 0.0)}
    assert world.pass_(1000.0) == []


def test_who_is_back_is_told_at_once_of_a_change(world: World) -> None:
    del world.has[ONE]
    world.change(2)
    world.pass_(300.0)
    world.has[ONE] = 1
    world.sent.clear()
    world.change(3)
    assert [serial for _, _, serial in world.sent] == [3]
    world.pass_(1.1)
    assert world.states()[ONE.at].seconds_behind == 0.0


def test_who_replies_but_does_not_follow_is_told_again_now_and_then(world: World) -> None:
    world.follows = False
    world.change(2)
    sent = world.pass_(3000.0)
    told = [round(at - 3) for at, _, serial in sent if serial]
    assert told == [7, 15, 31, 63, 127, 255, 511, 1023, 1535, 2047, 2559]
    assert len(sent) == 24
    (state,) = world.states().values()
    assert (state.serial, state.problem) == (1, "")
    assert state.seconds_behind == pytest.approx(3000.0, abs=5)


def test_for_how_long_one_is_behind_who_has_only_some_of_it(world: World) -> None:
    world.follows = False
    for serial in range(2, 12):
        world.change(serial)
        world.pass_(10.0)
    assert world.notifier.behind()[ONE.at][1] == pytest.approx(100.0, abs=0.1)
    world.has[ONE] = 9
    assert world.states()[ONE.at].seconds_behind == pytest.approx(20.0, abs=0.1)
    assert [one[2] for one in world.notifier.serials(5)] == [9]
    assert list(world.notifier.serials(0)) == []


def test_one_that_is_ahead(world: World) -> None:
    """The zone is that of a copy which nobody has restored in the proper way."""
    world.follows = False
    world.has[ONE] = 9
    assert world.states()[ONE.at].problem == "ahead of this server"
    world.change(10)
    assert world.states()[ONE.at].problem == ""


@pytest.mark.parametrize("problem", ["REFUSED", "SERVFAIL", "NOTAUTH"])
def test_one_that_does_not_have_the_zone(world: World, problem: str) -> None:
    world.has[ONE] = problem
    world.change(2)
    world.pass_(100.0)
    assert [round(at) for at, _, _ in world.notifies()] == [10, 18, 34, 66]
    assert len(world.sent) == 10, "it is asked, and then told, with growing pauses"
    (state,) = world.states().values()
    assert state.problem == f"NOTIFY: {problem}; {problem}"
    assert world.notifier.behind()[ONE.at][0] == 1


def test_one_that_is_not_there_for_a_moment_is_not_behind(world: World) -> None:
    del world.has[ONE]
    state = world.states()[ONE.at]
    assert (state.serial, state.seconds_behind, state.problem) == (None, None, "no answer")
    assert world.notifier.behind() == {ONE.at: (0, 0.0)}
    world.has[ONE] = 1
    assert world.states()[ONE.at].seconds_behind == 0.0


def test_secondaries_that_come_and_go(world: World) -> None:
    world.has[TWO] = 1
    world.sent.clear()
    world.commit(zone(1, ONE, TWO))
    world.pass_(5.0)
    assert world.notifies() == [(3.02, "2001:db8::2#5353", 1)]
    world.commit(zone(1, TWO))
    world.change(2)
    world.pass_(5.0)
    assert {to for _, to, _ in world.sent} == {TWO.at}
    assert world.notifier.counts == {TWO.at: 1}
    world.commit(dataclasses.replace(zone(3), secondaries=()))
    world.change(4)
    assert world.pass_(5.0) == []
    assert world.notifier.counts == {}
    assert world.states() == {}


def test_a_zone_that_is_removed_while_it_is_behind(world: World) -> None:
    del world.has[ONE]
    world.change(2)
    world.change(3)
    world.commit(zone(), gone=True)
    assert world.pass_(100.0) == []
    assert world.clock.getDelayedCalls() == []
    assert world.notifier.behind() == {}


def test_nothing_is_told_before_it_is_answered(world: World) -> None:
    world.loading = Deferred()
    world.sent.clear()
    world.change(2)
    assert world.sent == []
    assert world.pass_(0.5) == []
    world.loading.callback(None)
    assert [serial for _, _, serial in world.sent] == [2]
    world.pass_(5.0)
    world.loading = fail(Exception("it cannot be loaded"))
    world.change(3)
    assert world.pass_(5.0) == []


def test_secondaries_of_catalogs_have_all_zones(world: World) -> None:
    world.has[TWO] = 1
    catalog = ZoneInfo(CATALOG, 1, secondaries=(TWO,), catalog=True)
    world.commit(catalog)
    world.pass_(2.5)
    assert world.notifier.counts == {ONE.at: 1, TWO.at: 2}
    world.sent.clear()
    world.change(2)
    assert world.notifies() == [(5.5, ONE.at, 2), (5.5, TWO.at, 2)]
    world.commit(dataclasses.replace(catalog, secondaries=()))
    world.pass_(0.1)
    assert world.notifier.counts == {ONE.at: 1}
    world.commit(catalog)
    world.pass_(0.1)
    world.commit(catalog, gone=True)
    world.pass_(0.1)
    assert world.notifier.counts == {ONE.at: 1}


def test_one_that_refuses_to_answer_for_a_catalog_has_it_for_all_we_know(world: World) -> None:
    world.has[TWO] = "REFUSED"
    world.commit(ZoneInfo(CATALOG, 1, secondaries=(TWO,), catalog=True))
    world.pass_(3.0)
    (state,) = world.states(CATALOG).values()
    assert (state.serial, state.seconds_behind) == (None, None)
    assert world.notifier.behind()[TWO.at][0] == 1, "that of example.net"


def test_after_the_end_nobody_is_told(world: World) -> None:
    world.follows = False
    world.change(2)
    world.change(3)
    world.notifier.stop()
    assert world.clock.getDelayedCalls() == []
    world.change(4)
    assert world.pass_(50.0) == []
