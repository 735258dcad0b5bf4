"""Owners are told what time does: hosts that go offline soon, too much for a day, troubles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from ddns.model import names
from ddns.model.account import Account
from ddns.model.leases import DAY
from ddns.model.notices import Kind
from ddns.store.interfaces import ITransaction, StoreError
from ddns.updates import warning
from ddns.updates.noticing import News
from ddns.updates.warning import Trouble
from tests.house import HOME
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged
from tests.updates.owners import HOST, Owners, names_of, owners_at


@pytest.fixture
def owners(running: RunningReactor, tmp_path: Path) -> Iterator[Owners]:
    with owners_at(running, tmp_path) as owners:
        yield owners


def host(owners: Owners, name: str = HOST, days: int = 10) -> None:
    """A host that has an address and goes offline after so many days of silence."""
    if name != HOST:
        owners.house.api("host_add", name=name, account="alice")
    owners.house.api("host_set", name=name, expire_after=days)
    owners.update("198.51.100.7", host=name)


def after(owners: Owners, days: float) -> list[str]:
    """The hosts of which it was told that they go offline, when that time has gone by."""
    owners.look(days)
    found = owners.take()
    assert {notice.kind for notice in found} <= {Kind.EXPIRING}
    return names_of(found)


def test_it_is_told_two_days_before_and_once(owners: Owners) -> None:
    host(owners)
    assert after(owners, 7.9) == []
    assert after(owners, 0.2) == [HOST]
    assert after(owners, 0.1) == []


def test_a_word_of_the_host_is_the_end_of_it(owners: Owners) -> None:
    host(owners)
    assert after(owners, 8.5) == [HOST]
    owners.update("198.51.100.7")
    assert after(owners, 7.5) == []
    assert after(owners, 1) == [HOST]


def test_of_few_days_it_is_half(owners: Owners) -> None:
    host(owners, days=1)
    assert after(owners, 0.4) == []
    assert after(owners, 0.2) == [HOST]


def test_what_is_offline_is_passed_over(owners: Owners) -> None:
    owners.house.api("host_set", name=HOST, expire_after=10)
    assert after(owners, 9) == []


def test_a_change_of_the_host_does_not_tell_it_again(owners: Owners) -> None:
    host(owners)
    assert after(owners, 9) == [HOST]
    owners.house.api("host_set", name=HOST, ttl=60)
    assert after(owners, 0.1) == []
    owners.house.api("host_set", name=HOST, expire_after=1)
    assert after(owners, 0.6) == [HOST]


def test_more_hosts_than_one_look_has(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warning, "TOGETHER", 2)
    hosts = [HOST, *(f"h{number}.example.net" for number in range(4))]
    for name in hosts:
        host(owners, name)
    assert sorted(after(owners, 9)) == sorted(hosts)


def test_not_more_than_an_account_is_told(owners: Owners) -> None:
    owners.rule(per_account=3)
    for number in range(5):
        host(owners, f"h{number}.example.net")
    assert len(after(owners, 9)) == 3
    owners.look(1.1)
    (notice,) = owners.take()
    assert (notice.kind, notice.host, notice.details) == (Kind.MORE, None, {"count": 2})


def test_what_is_held_back_of_a_host(owners: Owners) -> None:
    owners.rule(per_host=2)
    owners.wants(Kind.SILENT, Kind.MORE)
    news = News("alice", HOME, Kind.SILENT, {"days": 1, "last": None})
    for _ in range(5):
        owners.put(news)
    assert len(owners.take()) == 2
    owners.look(0.9)
    assert owners.notices() == []
    owners.house.time += 0.2 * DAY
    owners.put(news)  # the day is over, but it is not told yet how much there was
    assert owners.notices() == []
    owners.look()
    (notice,) = owners.take()
    assert (notice.kind, notice.host, notice.details) == (Kind.MORE, HOME, {"count": 4})
    owners.put(news)
    assert len(owners.take()) == 1


@pytest.mark.parametrize("error", [StoreError("no"), StoreError("no", logged=True), ValueError()])
def test_a_store_that_fails_is_asked_again(
    owners: Owners, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    host(owners)

    def transact(*args: Any) -> Deferred[Any]:
        return fail(error)

    with monkeypatch.context() as patch, logged() as lines:
        patch.setattr(owners.house.store, "transact", transact)
        owners.look(9)
    said = [line for line in lines if "owners cannot be told of their hosts" in line]
    assert bool(said) == (not getattr(error, "logged", False))
    assert after(owners, 0) == [HOST]


# Troubles --------------------------------------------------------------------------------------


def test_troubles_are_told_once_a_day_to_whom_they_concern(owners: Owners) -> None:
    def people(transaction: ITransaction) -> None:
        for name, operator in (("olga", True), ("bob", False)):
            transaction.put_account(Account(name, email=f"{name}@example.org", operator=operator))

    owners.work(people)
    details = {"problem": "why", "expires": None, "names": ["www.example.net"]}
    elsewhere = Trouble(Kind.CERTIFICATE, details, [names.from_text("www.example.org")])
    owners.troubles = [elsewhere]
    owners.look()
    assert owners.kinds("olga") == [Kind.CERTIFICATE]
    assert owners.notices() == owners.notices("bob") == []
    owners.house.api("zone_set", origin="example.net", account="alice")
    owners.troubles = [elsewhere._replace(names=[names.from_text("www.example.net")])]
    for _ in range(3):
        owners.look()
    assert owners.kinds("olga") == owners.kinds() == [Kind.CERTIFICATE]
    owners.look(1.1)
    assert len(owners.notices()) == 2
    owners.troubles = []
    owners.look(1.1)
    assert len(owners.notices()) == 2
