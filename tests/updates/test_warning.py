"""Owners are told, once, that a host of theirs is about to go offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.task import Clock

from ddns.model import names
from ddns.model.account import Host
from ddns.model.leases import DAY
from ddns.store.interfaces import StoreError
from ddns.updates import warning
from ddns.updates.warning import EVERY, Warner
from tests.house import House, change, house_at, update
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged

HOME, NAS = "home.example.net", "nas.example.net"


class Warning:
    """A house with its warner, whose clock goes when a test says so, and all that it told."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.key = house.fill()
        self.ticks = Clock()
        self.told: list[tuple[str, list[str]]] = []
        self.warner = Warner(house.store, self.ticks, lambda: house.time, self.tell)

    def tell(self, account: str, hosts: Sequence[Host]) -> None:
        self.told.append((account, [names.to_text(host.name) for host in hosts]))

    def after(self, days: float) -> list[tuple[str, list[str]]]:
        """What was told when that time has gone by."""
        self.house.time += days * DAY

        def look() -> Deferred[None]:
            self.ticks.advance(EVERY)
            assert self.warner._looks.looking is not None
            return self.warner._looks.looking

        self.house.running.call(look)
        told, self.told = self.told, []
        return told

    def host(self, name: str = HOME, days: int = 10) -> None:
        """A host that has an address and goes offline after so many days of silence."""
        if name != HOME:
            self.house.api("host_add", name=name, account="alice")
        self.house.api("host_set", name=name, expire_after=days)
        self.update(name)

    def update(self, *hosts: str) -> None:
        changes = [change(name, "198.51.100.7") for name in hosts]
        self.house.update(update("alice", self.key, *changes, at=self.house.time))


@pytest.fixture
def warned(running: RunningReactor, tmp_path: Path) -> Iterator[Warning]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        warned = Warning(house)
        running.call(warned.warner.start)
        yield warned
        running.call(lambda: ensureDeferred(warned.warner.stop()))


def test_it_is_told_two_days_before_and_once(warned: Warning) -> None:
    warned.host()
    assert warned.after(7.9) == []
    assert warned.after(0.2) == [("alice", [HOME])]
    assert warned.after(0.1) == []


def test_a_word_of_the_host_is_the_end_of_it(warned: Warning) -> None:
    warned.host()
    assert warned.after(8.5) == [("alice", [HOME])]
    warned.update(HOME)
    assert warned.after(7.5) == []
    assert warned.after(1) == [("alice", [HOME])]


def test_of_few_days_it_is_half(warned: Warning) -> None:
    warned.host(days=1)
    assert warned.after(0.4) == []
    assert warned.after(0.2) == [("alice", [HOME])]


def test_what_is_offline_is_passed_over(warned: Warning) -> None:
    warned.house.api("host_set", name=HOME, expire_after=10)
    assert warned.after(9) == []


def test_a_change_of_the_host_does_not_tell_it_again(warned: Warning) -> None:
    warned.host()
    assert warned.after(9) == [("alice", [HOME])]
    warned.house.api("host_set", name=HOME, ttl=60)
    assert warned.after(0.1) == []
    warned.house.api("host_set", name=HOME, expire_after=1)
    assert warned.after(0.6) == [("alice", [HOME])]


def test_hosts_of_an_account_are_told_together(
    warned: Warning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning, "TOGETHER", 2)
    hosts = [HOME, *(f"h{number}.example.net" for number in range(4))]
    for name in hosts:
        warned.host(name)
    warned.house.api("account_add", name="bob")
    warned.house.api("host_set", name=hosts[1], account="bob")
    told = warned.after(9)
    assert sorted(name for _, some in told for name in some) == sorted(hosts)
    assert {account for account, some in told if hosts[1] in some} == {"bob"}
    assert len(told) <= 4


@pytest.mark.parametrize("error", [StoreError("no"), StoreError("no", logged=True), ValueError()])
def test_a_store_that_fails_is_asked_again(
    warned: Warning, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    warned.host()

    def transact(*args: Any) -> Deferred[Any]:
        return fail(error)

    with monkeypatch.context() as patch, logged() as lines:
        patch.setattr(warned.house.store, "transact", transact)
        assert warned.after(9) == []
    said = [line for line in lines if "owners cannot be told of silent hosts" in line]
    assert bool(said) == (not getattr(error, "logged", False))
    assert warned.after(0) == [("alice", [HOME])]
