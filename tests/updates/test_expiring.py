"""What is over ends, by one clock: leases, and hosts of which nobody hears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.task import Clock

from ddns.model import names
from ddns.model.account import Host
from ddns.model.dynamic_update import Action, Operation
from ddns.model.journal import Author
from ddns.model.leases import DAY, Lease
from ddns.model.records import AAAA, A, RRset
from ddns.model.update import Status
from ddns.policy.expiry import NOTED_EVERY, Terms
from ddns.store.interfaces import StoreError
from ddns.updates import expiring
from ddns.updates.expiring import DISUSE, EXPIRY, LEASE, Expirer, put_under_lease
from tests.house import HOME, ORIGIN, House, change, house_at, update
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged

ONE, TWO = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
HOUR = 3600.0


class Expiring:
    """A house with its expirer, whose clock goes when a test says so."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.key = house.fill()
        self.clock = 0.0
        self.ticks = Clock()
        self.expirer = self.made()

    def made(self) -> Expirer:
        house = self.house
        return Expirer(
            house.store, house.publisher, self.ticks, lambda: house.time, lambda: self.clock
        )

    def call(self, function: Any) -> Any:
        return self.house.running.call(lambda: ensureDeferred(function()))

    def start(self) -> None:
        self.call(self.expirer.start)

    def stop(self) -> None:
        self.call(self.expirer.stop)

    def restart(self) -> None:
        self.stop()
        self.expirer = self.made()
        self.start()

    def after(self, seconds: float, *, set_by: float = 0.0) -> None:
        """Let time go by, at the end of which the clock is set, and look."""
        self.clock += seconds
        self.house.time += seconds + set_by

        def look() -> Deferred[None]:
            self.ticks.advance(expiring.EVERY)
            assert self.expirer._looks.looking is not None
            return self.expirer._looks.looking

        self.house.running.call(look)

    def let(self, rdatas: tuple[bytes, ...], seconds: int | None, owner: bytes = HOME) -> None:
        """Add addresses under a lease, as an UPDATE does."""
        now = self.house.time

        def work(transaction: Any) -> None:
            there = transaction.rrset(ORIGIN, owner, A)
            old = there.rdatas if there else ()
            rrset = RRset(owner, A, 60, tuple(dict.fromkeys((*old, *rdatas))))
            added = [Operation(Action.ADD, owner, A, rdata, 60) for rdata in rdatas]
            terms = Terms(None if seconds is None else Lease(seconds))
            changed = [] if rrset == there else [rrset]
            put_under_lease(transaction, ORIGIN, added, changed, terms, now)

        self.house.running.call(self.house.store.transact, Author("alice", "test", now), work)

    def update(self, *addresses: str) -> Status:
        given = change("home.example.net", *addresses)
        (outcome,) = self.house.update(update("alice", self.key, given, at=self.house.time))
        return outcome.results[0].status

    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.house.api("host_history", name="home.example.net")[
            "events"
        ]
        return events

    def host(self) -> Host:
        host = self.house.running.call(self.house.store.read, lambda r: r.host(HOME))
        assert isinstance(host, Host)
        return host


@pytest.fixture
def there(running: RunningReactor, tmp_path: Path) -> Iterator[Expiring]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        there = Expiring(house)
        there.start()
        yield there
        there.stop()


def test_a_lease_ends(there: Expiring) -> None:
    """The record goes, journalled as any change; the others stay."""
    there.let((ONE,), 60)
    there.let((TWO,), None)
    serial = there.house.in_memory()[0]  # type: ignore[index]
    there.after(59)
    assert there.house.answers() == ["192.0.2.1", "192.0.2.2"]
    there.after(1)
    assert there.house.answers() == ["192.0.2.2"]
    assert there.house.in_memory() == there.house.on_disk()
    assert there.house.in_memory()[0] == serial + 1  # type: ignore[index]
    event = there.events()[0]
    assert there.expirer.counts == {LEASE: 1, EXPIRY: 0, DISUSE: 0}
    assert (event["who"], event["via"], event["after"]["rdatas"]) == (
        "server",
        "lease",
        ["192.0.2.2"],
    )
    there.after(10 * DAY)
    assert there.house.answers() == ["192.0.2.2"]


def test_a_lease_is_renewed(there: Expiring) -> None:
    there.let((ONE, TWO), 60)
    there.after(50)
    there.let((ONE,), 60)
    there.after(30)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(30)
    assert there.house.answers() == []
    assert there.host().dormant == {A}


def test_who_sets_it_without_a_lease_keeps_it(there: Expiring) -> None:
    """By an UPDATE, by another protocol that finds it there already, or by the operator."""
    settings = (
        lambda: there.let((ONE,), None),
        lambda: there.update("192.0.2.1"),
        lambda: there.house.api(
            "record_set", owner="home.example.net", type="A", rdatas=["192.0.2.1"]
        ),
    )
    for set_again in settings:
        there.let((ONE,), 60)
        set_again()
        there.after(DAY)
        assert there.house.answers() == ["192.0.2.1"]


def test_over_a_restart(there: Expiring) -> None:
    there.let((ONE,), 60)
    there.restart()
    assert there.house.answers() == ["192.0.2.1"]
    there.stop()
    there.clock += 60
    there.house.time += 60
    there.restart()
    assert there.house.answers() == []


def test_many_at_once(there: Expiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not more than some in a transaction, but all."""
    monkeypatch.setattr(expiring, "TOGETHER", 7)
    owners = [names.from_text(f"h{number}.example.net") for number in range(30)]
    for owner in owners:
        there.let((ONE,), 60, owner)
    serial = there.house.in_memory()[0]  # type: ignore[index]
    there.after(60)
    assert there.expirer.counts[LEASE] == len(owners)
    assert not any(there.house.answers(owner) for owner in owners)
    assert there.house.in_memory()[0] == serial + 5  # type: ignore[index]


@pytest.mark.parametrize("step", [-10 * DAY, -HOUR, HOUR, 50 * 365 * DAY])
def test_a_clock_that_is_set(there: Expiring, step: float) -> None:
    """Neither ends anything early nor late."""
    there.house.api("host_set", name="home.example.net", expire_after=1)
    there.let((ONE,), 60)
    there.after(30, set_by=step)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(29)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(1)
    assert there.house.answers() == []
    there.let((ONE,), None)
    there.after(DAY + NOTED_EVERY - 61)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(1)
    assert there.house.answers() == []


def test_a_clock_that_was_ahead(there: Expiring) -> None:
    """At the next start nothing lasts longer than it was to."""
    there.house.time += 10 * DAY
    there.let((ONE,), 60)
    there.stop()
    there.house.time -= 10 * DAY
    there.restart()
    there.after(60)
    assert there.house.answers() == []


def test_a_store_that_fails(there: Expiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and said once."""
    there.let((ONE,), 60)
    with logged() as lines, monkeypatch.context() as patch:
        patch.setattr(there.house.store, "transact", lambda *_: fail(StoreError("full")))
        there.after(60)
        there.after(1)
    assert [line for line in lines if "full" in line] == ["what is over cannot be ended: full"]
    there.after(1)
    assert there.house.answers() == []


# Hosts of which nobody hears -------------------------------------------------------------------


def test_a_silent_host_goes_offline(there: Expiring) -> None:
    """As by an update with offline: it can come back with the same families."""
    assert there.update("192.0.2.1", "2001:db8::1") is Status.GOOD
    there.house.api("host_set", name="home.example.net", expire_after=2)
    there.after(2 * DAY + HOUR - 1)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(1)
    assert there.house.answers() == there.house.answers(HOME, AAAA) == []
    assert there.house.in_memory() == there.house.on_disk()
    assert (there.host().dormant, there.host().expires) == ({A, AAAA}, None)
    assert there.expirer.counts == {LEASE: 0, EXPIRY: 1, DISUSE: 0}
    by = {(event["who"], event["via"]) for event in there.events()[:3]}
    assert by == {("server", "expiry")}
    there.after(10 * DAY)
    assert there.update("192.0.2.1") is Status.GOOD
    there.after(2 * DAY + HOUR)
    assert there.house.answers() == []


def test_every_word_counts_and_few_are_written(there: Expiring) -> None:
    there.update("192.0.2.1")
    there.house.api("host_set", name="home.example.net", expire_after=1)
    written = set()
    for _ in range(12 * 24 * 3):
        there.clock += 300
        there.house.time += 300
        assert there.update("192.0.2.1") is Status.NOCHG
        written.add(there.host().expires)
    assert len(written) <= 3 * 24 + 1
    there.after(0)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(DAY - 1)
    assert there.house.answers() == ["192.0.2.1"]
    there.after(HOUR + 1)
    assert there.house.answers() == []


def test_never(there: Expiring) -> None:
    there.update("192.0.2.1")
    there.house.person("alice", "host_set", name="home.example.net", expire_after=1)
    there.house.person("alice", "host_set", name="home.example.net", expire_after=0)
    there.after(1000 * DAY)
    assert there.house.answers() == ["192.0.2.1"]
    assert there.host().expires is None
