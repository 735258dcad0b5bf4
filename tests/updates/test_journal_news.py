"""Owners hear of changed addresses and of blocks, once, whatever happens to the process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from twisted.internet.defer import fail

from ddns.model import names
from ddns.model.account import Account, Block
from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.model.notices import Kind, Way
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.store.interfaces import ITransaction, StoreError
from ddns.updates import journal_news
from tests.house import HOME, change, house_at, update
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged
from tests.updates.owners import HOST, Owners, owners_at


@pytest.fixture
def owners(running: RunningReactor, tmp_path: Path) -> Iterator[Owners]:
    with owners_at(running, tmp_path) as owners:
        yield owners


def test_nothing_is_told_that_nobody_wants(owners: Owners) -> None:
    owners.update("198.51.100.7")
    owners.follow()
    assert owners.notices() == []
    assert owners.told == 0


def test_a_changed_address(owners: Owners) -> None:
    owners.wants(Kind.CHANGED)
    owners.update("198.51.100.7", "2001:db8::7")
    owners.follow()
    (notice,) = owners.take()
    assert (notice.account, notice.host, notice.kind) == ("alice", HOME, Kind.CHANGED)
    assert (notice.way, notice.due - notice.created) == (Way.MAIL, owners.rules.settle)
    assert notice.details["changes"] == [
        {"type": "A", "old": [], "new": ["198.51.100.7"]},
        {"type": "AAAA", "old": [], "new": ["2001:db8::7"]},
    ]
    assert notice.details["who"] == "alice"
    assert notice.details["via"] == "test"
    owners.update("198.51.100.8", after=500.0)
    owners.follow()
    (notice,) = owners.take()
    assert notice.details["changes"][0]["old"] == ["198.51.100.7"]
    assert owners.told == 2


def test_the_client_that_did_it_is_named(owners: Owners) -> None:
    owners.wants(Kind.CHANGED)
    owners.update("198.51.100.7")
    entry = RequestEntry(owners.house.time, "test", "192.0.2.77", "alice", "router/1", "", "good")
    request = LoggedRequest("alice", {HOME: ("good", 0.0)}, entry)
    owners.work(lambda t: t.log_requests([request], 20, 5, 100))
    owners.follow()
    (notice,) = owners.notices()
    assert (notice.details["peer"], notice.details["agent"]) == ("192.0.2.77", "router/1")


def test_a_ttl_and_other_types_are_no_changed_address(owners: Owners) -> None:
    owners.update("198.51.100.7")
    owners.follow()
    owners.wants(Kind.CHANGED)
    owners.house.api("host_set", name=HOST, ttl=77)
    owners.house.api("record_set", owner=HOST, type="TXT", rdatas=['"x"'])
    owners.follow()
    assert owners.notices() == []


def test_an_address_that_flaps(owners: Owners) -> None:
    """What comes back before it was told was never away; and of the rest there are only so many a
    day."""
    owners.wants(Kind.CHANGED)
    owners.update("198.51.100.1")
    owners.follow()
    owners.take()
    for _ in range(3):
        owners.update("198.51.100.2", after=1.0)
        owners.follow()
        owners.update("198.51.100.1", after=1.0)
        owners.follow()
    assert owners.notices() == []
    owners.update("198.51.100.2", after=1.0)
    owners.follow()
    owners.update("198.51.100.3", after=1.0)
    owners.follow()
    (notice,) = owners.take()
    (told,) = notice.details["changes"]
    assert (told["old"], told["new"]) == (["198.51.100.1"], ["198.51.100.3"])
    count = 0
    for number in range(40):
        owners.update(f"198.51.100.{10 + number % 2}", after=100.0)
        owners.follow()
        count += len(owners.take())
    assert count < owners.rules.per_host
    owners.wants(Kind.CHANGED, Kind.MORE)
    owners.look(days=1)
    (notice,) = owners.take()
    # 40 changes of which some were told, and those that came to nothing before.
    assert notice.kind is Kind.MORE
    assert notice.details["count"] == 40 - count
    owners.look(days=1.1)
    assert owners.notices() == []


def test_a_host_that_has_terms_of_its_own(owners: Owners) -> None:
    owners.house.api("host_add", name="nas.example.net", account="alice")
    owners.wants(Kind.CHANGED)
    owners.wants(host=HOME)
    owners.update("198.51.100.7")
    owners.update("198.51.100.7", host="nas.example.net")
    owners.follow()
    assert [notice.host for notice in owners.notices()] == [names.from_text("nas.example.net")]


def test_who_has_no_address(owners: Owners) -> None:
    """A mail that nobody could get is not even written down; a webhook is another matter."""
    owners.house.api("email_set", name="alice", email="")
    owners.wants(*Kind)
    owners.update("198.51.100.7")
    owners.follow()
    assert owners.notices() == []
    target = owners.target()
    owners.update("198.51.100.8")
    owners.follow()
    (notice,) = owners.notices()
    assert (notice.way, notice.target) == (Way.WEBHOOK, target.id)


def test_each_target_gets_it(owners: Owners) -> None:
    everywhere, here = owners.target(), owners.target(host=HOME)
    owners.target(host=names.from_text("nas.example.net"))
    owners.wants(Kind.CHANGED)
    owners.update("198.51.100.7")
    owners.follow()
    assert [notice.target for notice in owners.notices()] == [None, everywhere.id, here.id]
    owners.work(lambda t: t.remove_notice_target(here.id, 0.0))
    assert [notice.target for notice in owners.notices()] == [None, everywhere.id]


def test_a_blocked_account(owners: Owners) -> None:
    """Once a day if its clients have caused it, each time if the operator did."""
    account = owners.house.running.call(
        owners.house.store.read, lambda reading: reading.account("alice")
    )
    for via, told in (("abuse", 1), ("abuse", 0), ("command", 1), ("command", 1)):
        block = Block(f"too many\r\nby {via}", owners.house.time, None)
        for now in (replace(account, block=block), account):
            author = Author("server", via, owners.house.time)
            put = partial(_put_account, now)
            owners.house.running.call(owners.house.store.transact, author, put)
        owners.follow()
        notices = owners.take()
        assert [notice.kind for notice in notices] == [Kind.REFUSED] * told
    (notice,) = notices
    assert notice.host is None
    assert notice.details["why"] == "too many\r\nby command"


def _put_account(account: Account, transaction: ITransaction) -> None:
    transaction.put_account(account)


# Restarts --------------------------------------------------------------------------------------


def test_a_restart_repeats_nothing_and_loses_nothing(
    running: RunningReactor, tmp_path: Path
) -> None:
    with owners_at(running, tmp_path) as owners:
        owners.wants(Kind.CHANGED)
        owners.update("198.51.100.7")
        owners.follow()
        assert len(owners.take()) == 1
        key = owners.key
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.time = 5000.0
        house.update(update("alice", key, change(HOST, "198.51.100.8"), at=5000.0))
        # Nobody was there to look at it, as if the process had been killed.
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        owners = Owners(house)
        house.time = 6000.0
        owners.start()
        (notice,) = owners.notices()
        assert notice.details["changes"][0]["old"] == ["198.51.100.7"]
        assert notice.details["changes"][0]["new"] == ["198.51.100.8"]
        owners.stop()
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        owners = Owners(house)
        owners.start()
        assert len(owners.notices()) == 1
        owners.stop()


def test_what_the_journal_has_no_more_is_passed_over(owners: Owners) -> None:
    owners.wants(Kind.CHANGED)
    owners.house.running.call(lambda: setattr(owners.house.store._writer, "journal_rows", 10))
    for number in range(300):
        owners.update(f"198.51.100.{number % 250}")
    with logged() as lines:
        owners.follow()
    assert any("not told of older changes" in line for line in lines)
    owners.update("203.0.113.1")
    owners.follow()
    (notice,) = owners.notices()
    assert notice.details["changes"][0]["new"] == ["203.0.113.1"]


def test_many_events_at_a_time(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_news, "AT_ONCE", 3)
    owners.wants(Kind.CHANGED)
    for number in range(20):
        owners.update(f"198.51.100.{number + 1}")
    owners.follow()
    (notice,) = owners.notices()
    assert notice.details["changes"][0]["new"] == ["198.51.100.20"]


@pytest.mark.parametrize("failing", ["transact", "changes_since"])
def test_a_store_that_fails_is_asked_again(
    owners: Owners, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    owners.wants(Kind.CHANGED)
    owners.update("198.51.100.7")
    with monkeypatch.context() as patch, logged() as lines:
        patch.setattr(owners.house.store, failing, lambda *args: fail(StoreError("no")))
        owners.follow()
    assert any("cannot be told of changes: no" in line for line in lines)
    owners.follow()
    assert len(owners.notices()) == 1


def test_a_host_of_somebody_else_by_now(owners: Owners) -> None:
    """Its new account is not told of what was before, nor by the terms of the old one."""
    owners.house.api("account_add", name="bob")
    owners.house.api("email_set", name="bob", email="bob@example.org")
    owners.wants(Kind.CHANGED, host=HOME)
    owners.update("198.51.100.7")
    owners.follow()
    assert len(owners.notices()) == 1
    owners.house.api("host_set", name=HOST, account="bob")
    owners.follow()
    assert owners.notices() == owners.notices("bob") == []
    owners.update("198.51.100.8", after=DAY)
    owners.follow()
    assert owners.notices("bob") == []
