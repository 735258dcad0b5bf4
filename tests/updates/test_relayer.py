"""Which relays are delivered to, when, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from ddns.model import names
from ddns.model.journal import Author
from ddns.model.outward import OutwardError
from ddns.model.relays import HostAddresses, Relay, RelayKind, Trouble
from ddns.relays.base import Failed, Job
from ddns.updates import relayer as relayer_module
from ddns.updates.relay_targets import AT_ONCE, OF_ACCOUNT, PACE, Targets
from ddns.updates.relayer import AGAIN, FIRST, LASTING, Relayer
from tests.house import HOME, House, change, house_at, until, update
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged

AUTHOR = Author("operator", "test", 1000.0)


class Services:
    """What relays are to. Each of ``down`` does not answer, each of ``refusing`` refuses; those
    that are ``held`` answer when they are let go."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.gone: list[str] = []
        self.down: set[str] = set()
        self.refusing: set[str] = set()
        self.held: dict[str, list[Deferred[None]]] = {}

    async def deliver(self, relay: Relay, job: Job) -> str:
        name = relay.settings["name"]
        self.told.append((name, str(job.present)))
        self.gone.append(str(job.gone()))
        if name in self.held:
            held: Deferred[None] = Deferred()
            self.held[name].append(held)
            await held
        if name in self.down:
            raise OutwardError(f"{name} does not answer")
        if name in self.refusing:
            raise Failed("it refuses", lasting=True)
        return "good"


class Passing:
    """A house whose hosts are passed on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.key = house.fill()
        self.services = Services()
        self.most = 10
        self.relayer = self.made()

    def made(self) -> Relayer:
        return Relayer(
            self.house.store,
            self.services.deliver,
            lambda relay: dict(relay.settings),
            lambda relay: relay.settings["name"],
            self.house.running.reactor,
            lambda: self.house.time,
            lambda: self.most,
        )

    def start(self) -> None:
        self.house.running.call(lambda: self.relayer.start())

    def stop(self) -> None:
        self.house.running.call(lambda: self.relayer.stop())

    def add(self, name: str, host: bytes = HOME) -> int:
        relay = Relay(0, host, RelayKind.WEBHOOK, {"name": name}, b"", 1.0, next=self.house.time)
        transact = partial(self.house.store.transact, AUTHOR, lambda t: t.add_relay(relay))
        number: int = self.house.running.call(transact).value.id
        self.house.running.call(self.relayer.follow, host)
        return number

    def relay(self, number: int) -> Relay:
        found = self.house.running.call(self.house.store.read, lambda r: r.relay(number))
        assert isinstance(found, Relay)
        return found

    def set(self, *addresses: str, host: str = "home.example.net") -> None:
        (outcome,) = self.house.update(update("alice", self.key, change(host, *addresses)))
        assert outcome.refusal is None

    def until(self, true: Callable[[], object], what: str) -> None:
        self.house.running.call(lambda: Deferred.fromCoroutine(until(self.house, true, what)))

    def settled(self, number: int, true: Callable[[Relay], object], what: str) -> Relay:
        """The relay once it is so on disk."""

        async def look() -> Relay:
            while True:
                found = await self.house.store.read(lambda r: r.relay(number))
                if found is not None and true(found):
                    return found
                await until(self.house, lambda: True, what)

        found: Relay = self.house.running.call(lambda: Deferred.fromCoroutine(look()))
        return found


@pytest.fixture
def passing(
    running: RunningReactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Passing]:
    monkeypatch.setattr(relayer_module, "SOON", 0.01)
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        passing = Passing(house)
        passing.start()
        yield passing
        passing.stop()


def delivered(*addresses: str) -> Callable[[Relay], object]:
    wanted = HostAddresses.from_text(" ".join(addresses))
    return lambda relay: relay.delivered == wanted and relay.next is None


def test_a_change_is_passed_on(passing: Passing) -> None:
    number = passing.add("a")
    passing.settled(number, delivered(), "an offline host is passed on")
    passing.set("198.51.100.7", "2001:db8::1")
    relay = passing.settled(number, delivered("198.51.100.7", "2001:db8::1"), "it is passed on")
    assert (relay.result, relay.trouble, relay.attempts) == ("good", Trouble.NONE, 0)
    assert passing.services.told == [("a", ""), ("a", "198.51.100.7 2001:db8::1")]
    passing.set("198.51.100.7", "2001:db8::1")  # nothing new
    passing.set("198.51.100.8")
    passing.settled(number, delivered("198.51.100.8", "2001:db8::1"), "so is the next")
    assert len(passing.services.told) == 3
    assert passing.relayer.delivered == 3


def test_what_came_while_it_was_down_is_delivered_once(passing: Passing) -> None:
    passing.services.down.add("a")
    number = passing.add("a")
    relay = passing.settled(number, lambda relay: relay.attempts == 1, "it failed")
    assert (relay.result, relay.trouble) == ("a does not answer", Trouble.PASSING)
    assert relay.next is not None
    assert 1000 + 0.8 * FIRST <= relay.next <= 1000 + 1.2 * FIRST
    for last in range(1, 9):
        passing.set(f"198.51.100.{last}")
    assert passing.relay(number) == relay
    passing.services.down.clear()
    passing.house.time += 2 * FIRST
    passing.house.running.call(passing.relayer.follow, HOME, "a")
    relay = passing.settled(number, delivered("198.51.100.8"), "it came in the end")
    assert [told for told in passing.services.told if told[1]] == [("a", "198.51.100.8")]
    assert (relay.attempts, relay.trouble) == (0, Trouble.NONE)


def test_whoever_asks_for_a_try_gets_it(passing: Passing) -> None:
    """Though nothing differs; what the service was told before is told again, until it is taken."""
    passing.set("198.51.100.7", "2001:db8::1")
    number = passing.add("a")
    passing.settled(number, delivered("198.51.100.7", "2001:db8::1"), "it is passed on")
    passing.services.down.add("a")
    retry = lambda: passing.house.running.call(passing.relayer.follow, HOME, "a")  # noqa: E731
    passing.house.api("relay_retry", number=number)
    retry()
    relay = passing.settled(number, lambda relay: relay.attempts == 1, "it is tried")
    assert relay.delivered == HostAddresses("198.51.100.7", "2001:db8::1")
    assert relay.next is not None
    passing.services.down.clear()
    passing.house.time += 2 * FIRST
    retry()
    relay = passing.settled(number, lambda relay: relay.next is None, "it is told again")
    assert relay.trouble is Trouble.NONE
    assert passing.relayer.delivered == 2


def test_a_family_that_went_while_it_was_down_goes_there(passing: Passing) -> None:
    passing.set("198.51.100.7", "2001:db8::1")
    number = passing.add("a")
    passing.settled(number, delivered("198.51.100.7", "2001:db8::1"), "it is passed on")
    passing.services.down.add("a")
    passing.house.api("record_delete", owner="home.example.net", type="AAAA")
    passing.settled(number, lambda relay: relay.attempts == 1, "it failed")
    passing.services.down.clear()
    passing.house.api("relay_retry", number=number)
    passing.house.running.call(passing.relayer.follow, HOME, "a")
    passing.settled(number, delivered("198.51.100.7"), "it is tried again")
    assert passing.services.gone[-1] == "2001:db8::1"


def test_who_refuses_is_left_alone_for_long(passing: Passing) -> None:
    passing.services.refusing.add("a")
    number = passing.add("a")
    relay = passing.settled(number, lambda relay: relay.attempts == 1, "it failed")
    assert (relay.result, relay.trouble) == ("it refuses", Trouble.LASTING)
    assert relay.next is not None
    assert relay.next >= 1000 + 0.8 * LASTING
    passing.set("198.51.100.7")
    assert passing.relay(number) == relay


def test_a_change_during_a_delivery_is_delivered_after_it(passing: Passing) -> None:
    passing.services.held["a"] = []
    number = passing.add("a")
    passing.until(lambda: passing.services.held["a"], "it is being delivered")
    passing.set("198.51.100.7")
    passing.house.running.call(passing.services.held["a"].pop().callback, None)
    passing.until(lambda: passing.services.held["a"], "the first is followed by the next at once")
    passing.set("198.51.100.8")
    passing.house.running.call(passing.services.held["a"].pop().callback, None)
    relay = passing.settled(number, lambda relay: relay.delivered != HostAddresses(), "it came")
    assert relay.delivered == HostAddresses("198.51.100.7")
    assert relay.next is not None
    assert 1000 + AGAIN <= relay.next <= 1000 + 1.5 * AGAIN


def test_a_new_start_finds_what_is_due(passing: Passing) -> None:
    """Whoever was stopped in the middle of a delivery, or heard nothing of a change."""
    passing.services.held["a"] = []
    first, second = passing.add("a"), passing.add("b")
    passing.until(lambda: passing.services.held["a"], "it is being delivered")
    passing.settled(second, delivered(), "the other is passed on")
    passing.stop()
    assert passing.relay(first).delivered is None
    assert passing.relay(first).trouble is Trouble.NONE
    passing.set("198.51.100.7")
    assert passing.relay(second).next is None
    passing.services.held.clear()
    passing.relayer = passing.made()
    passing.start()
    for number in (first, second):
        passing.settled(number, delivered("198.51.100.7"), "it is delivered after the start")


def test_one_that_is_down_holds_up_no_other(passing: Passing) -> None:
    passing.services.down.add("a")
    hosts = [f"h{number}.example.net" for number in range(130)]
    for host in hosts:
        passing.house.api("host_add", name=host, account="alice")
        passing.add("a", names.from_text(host))
    number = passing.add("b")
    passing.settled(number, delivered(), "the other service is told")
    told = [name for name, _ in passing.services.told]
    assert told.count("a") <= 2 * AT_ONCE  # then it is known that it does not answer
    reading = lambda: passing.house.store.read(  # noqa: E731
        lambda r: (r.count_due_relays(passing.house.time), r.relays(0, 999))
    )
    passing.until(lambda: passing.relayer.failed, "it failed")

    async def waits() -> list[Relay]:
        while True:
            due, found = await reading()
            if not due:
                return [one for one in found if one.settings["name"] == "a"]
            await until(passing.house, lambda: True, "all wait")

    waiting = passing.house.running.call(lambda: Deferred.fromCoroutine(waits()))
    times = sorted(one.next or 0.0 for one in waiting)
    assert times[0] > 1000 + 0.7 * FIRST
    assert times[-1] - times[0] > 80 * PACE  # they do not come back together


def test_none_is_delivered_while_switched_off(passing: Passing) -> None:
    passing.stop()  # the first look asked already how many there may be
    passing.most = 0
    passing.relayer = passing.made()
    passing.start()
    number = passing.add("a")
    passing.set("198.51.100.7")
    passing.stop()
    assert passing.services.told == []
    assert passing.relay(number).next == 1000.0


def test_a_removed_host_is_forgotten(passing: Passing) -> None:
    passing.settled(passing.add("a"), delivered(), "it is passed on")
    passing.house.api("host_remove", name="home.example.net")
    passing.house.api("host_add", name="home.example.net", account="alice")
    passing.set("198.51.100.7")
    passing.until(lambda: not passing.relayer._watched, "nobody asks for the host any more")
    assert len(passing.services.told) == 1


def test_a_fault_of_ours_is_no_loop(passing: Passing) -> None:
    async def fail(relay: Relay, job: Job) -> str:
        raise RuntimeError("a fault")

    passing.services.deliver = fail  # type: ignore[method-assign]
    passing.stop()
    passing.relayer = passing.made()
    passing.start()
    with logged() as lines:
        number = passing.add("a")
        relay = passing.settled(number, lambda relay: relay.attempts == 1, "it failed")
    assert relay.trouble is Trouble.LASTING
    assert any("a relay cannot be delivered to" in line for line in lines)


def test_turns() -> None:
    now = [0.0]
    targets = Targets(lambda: now[0])
    for account in ("a", "b"):
        assert targets.turn("x", account).now
        targets.begin("x", account)
    waits = [targets.turn("x", "c").wait for _ in range(3)]
    assert waits == pytest.approx([PACE, 2 * PACE, 3 * PACE])
    for name in "ijk"[: OF_ACCOUNT - 1]:
        targets.begin(name, "a")
    assert not targets.turn("y", "a").now
    assert targets.turn("y", "c").now
    targets.end("x", "a", 1.0, answered=False)
    targets.end("x", "b", 1.0, answered=False)
    assert not targets.turn("x", "c").now
    now[0] = 4 * 30.0
    assert targets.turn("x", "c").now
    targets.begin("x", "c")
    targets.end("x", "c", 1.0, answered=True)
    assert targets.turn("x", "c").now
    targets.begin("x", "c")
    targets.end("x", "c", 1.0, answered=False)
    assert not targets.turn("x", "c").now
    targets.forgive("x")
    assert targets.turn("x", "c").now
    assert targets.going() == OF_ACCOUNT - 1


def test_addresses() -> None:
    for text in ("", "192.0.2.1", "2001:db8::1", "192.0.2.1 2001:db8::1"):
        assert str(HostAddresses.from_text(text)) == text
