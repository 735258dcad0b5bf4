"""The pipeline when updates come too often: what is refused, what counts, who is blocked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ddns.config.settings import AbuseSettings
from ddns.model import names
from ddns.model.update import Outcome, Status
from ddns.store.interfaces import StoreError
from tests.house import House, change, house_at, update
from tests.net.reactors import RunningReactor
from tests.updates.test_updater import ADDRESS, status_of


@pytest.fixture
def limited(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    """A house with alice's hosts ``home`` and ``b``, each of which may change twice at once, and
    then every minute; the third refusal within 1000 s blocks."""
    limits = AbuseSettings(change_burst=2, refusals=3, window=1000.0, block_time=500.0)
    with house_at(running, tmp_path / "ddns.sqlite", limits) as house:
        house.load()
        yield house


@pytest.fixture
def limited_key(limited: House) -> str:
    key = limited.fill()
    limited.api("host_add", name="b.example.net", account="alice")
    return key


def addresses(house: House, key: str, *numbers: int, **more: Any) -> list[Status]:
    """Set one address after the other."""
    found = []
    for number in numbers:
        one = change("home.example.net", f"198.51.100.{number}")
        found.append(status_of(house.update(update("alice", key, one, **more))[0]))
    return found


def test_what_comes_too_often_changes_nothing(limited: House, limited_key: str) -> None:
    assert addresses(limited, limited_key, 1, 2, 3) == [Status.GOOD, Status.GOOD, Status.ABUSE]
    assert limited.answers() == ["198.51.100.2"]
    limited.time += 60
    assert addresses(limited, limited_key, 3, 4) == [Status.GOOD, Status.ABUSE]
    assert limited.answers() == ["198.51.100.3"]


def test_it_holds_for_updates_that_come_at_once(limited: House, limited_key: str) -> None:
    updates = [
        update("alice", limited_key, change("home.example.net", f"198.51.100.{number}"))
        for number in range(1, 5)
    ]
    outcomes = limited.update(*updates)
    assert [status_of(outcome) for outcome in outcomes] == [
        Status.GOOD,
        Status.GOOD,
        Status.ABUSE,
        Status.ABUSE,
    ]


def test_other_hosts_of_the_request_are_updated(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2)
    names_ = ("home", "b", "none", "home")
    changes = [change(f"{name}.example.net", "198.51.100.7") for name in names_]
    (outcome,) = limited.update(update("alice", limited_key, *changes))
    assert [(result.change, result.status) for result in outcome.results] == list(
        zip(changes, [Status.ABUSE, Status.GOOD, Status.NOHOST, Status.ABUSE], strict=True)
    )
    assert limited.answers(names.from_text("b.example.net")) == ["198.51.100.7"]
    assert limited.answers() == ["198.51.100.2"]


def test_what_came_to_nothing_does_not_count(
    limited: House, limited_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = change("none.example.net", "198.51.100.7")
    for _ in range(10):
        (outcome,) = limited.update(update("alice", limited_key, nothing))
        assert status_of(outcome) is Status.NOHOST

    def full(author: Any, work: Any) -> Deferred[Any]:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(limited.store, "transact", full)
        assert addresses(limited, limited_key, 1, 2, 3) == [Status.FAILED] * 3
    assert addresses(limited, limited_key, 1, 2, 3) == [Status.GOOD, Status.GOOD, Status.ABUSE]


def test_who_is_refused_is_told_when_to_come_again(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2)
    limited.time += 20
    one = change("home.example.net", "198.51.100.3")
    (outcome,) = limited.update(update("alice", limited_key, one))
    assert [(result.status, result.wait) for result in outcome.results] == [(Status.ABUSE, 40.0)]
    assert outcome.retry_after == 40
    assert limited.answers() == ["198.51.100.2"]


def test_who_is_blocked_costs_no_work_of_the_store(
    limited: House, limited_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses(limited, limited_key, 1, 2, 3, 3, 3)
    monkeypatch.setattr(limited.store, "transact", None)
    monkeypatch.setattr(limited.store, "read", None)
    assert addresses(limited, limited_key, 2, 3) == [Status.BLOCKED] * 2


def test_what_changes_nothing_is_never_refused(limited: House, limited_key: str) -> None:
    """Nor does it keep a change from being made, nor lead to a block."""
    assert addresses(limited, limited_key, 1, *[1] * 100) == [Status.GOOD, *[Status.NOCHG] * 100]
    assert addresses(limited, limited_key, 2, *[2] * 100) == [Status.GOOD, *[Status.NOCHG] * 100]
    assert addresses(limited, limited_key, 3) == [Status.ABUSE]
    assert addresses(limited, limited_key, *[2] * 100) == [Status.NOCHG] * 100
    assert addresses(limited, limited_key, 3) == [Status.ABUSE]
    assert limited.blocked == []


def test_a_block_says_how_long_it_lasts(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2)
    addresses(limited, limited_key, 3, 3, 3, at=5000.0)
    limited.time += 10_000
    one = update("alice", limited_key, change("home.example.net", "198.51.100.3"), at=5499.5)
    (outcome,) = limited.update(one)
    assert (outcome.refusal, outcome.wait, outcome.retry_after) == (Status.BLOCKED, 0.5, None)


def test_who_does_not_stop_is_blocked(limited: House, limited_key: str) -> None:
    key = limited_key
    addresses(limited, key, 1, 2)
    assert addresses(limited, key, 3, 3) == [Status.ABUSE] * 2
    assert limited.blocked == []
    assert addresses(limited, key, 3, 3, at=5000.0) == [Status.ABUSE, Status.BLOCKED]
    ((account, block),) = limited.blocked
    assert (account, block.since, block.until) == ("alice", 5000.0, 5500.0)
    assert "home.example.net" in block.reason
    limited.time += 10_000
    assert addresses(limited, key, 3, at=5499.0) == [Status.BLOCKED]
    assert addresses(limited, key, 3, at=5500.0) == [Status.GOOD]


def test_the_update_that_blocks_is_the_last(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2, 3, 3)
    changes = [change(f"{name}.example.net", "198.51.100.7") for name in ("b", "home")]
    (outcome,) = limited.update(update("alice", limited_key, *changes))
    assert [result.status for result in outcome.results] == [Status.GOOD, Status.ABUSE]
    assert limited.answers(names.from_text("b.example.net")) == ["198.51.100.7"]
    ((_, block),) = limited.blocked
    assert "home.example.net" in block.reason
    assert addresses(limited, limited_key, 2) == [Status.BLOCKED]


def test_a_block_is_in_the_journal_and_survives_hosts(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2, 3, 3, 3)
    limited.time += 10_000
    limited.api("host_remove", name="home.example.net")
    limited.api("host_add", name="home.example.net", account="alice")
    assert addresses(limited, limited_key, 3) == [Status.BLOCKED]
    shown = limited.api("account_show", name="alice")
    assert "too often" in shown["blocked"]["reason"]
    events = limited.running.call(limited.store.changes_since, 0)
    (blocked,) = [event for event in events if event.author.via == "abuse"]
    assert blocked.subject == "alice"
    assert b"too often" in blocked.after
    limited.api("account_unblock", name="alice")
    assert addresses(limited, limited_key, 3, 4, 5) == [Status.GOOD, Status.GOOD, Status.ABUSE]


def test_who_was_blocked_stays_so_after_a_start(
    limited: House, limited_key: str, tmp_path: Path
) -> None:
    addresses(limited, limited_key, 1, 2, 3, 3, 3)
    limited.running.call(limited.store.close)
    with house_at(limited.running, tmp_path / "ddns.sqlite") as again:
        again.load()
        assert addresses(again, limited_key, 3) == [Status.BLOCKED]


def test_a_block_that_cannot_be_written_is_tried_again(
    limited: House, limited_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact = limited.store.transact

    def full(author: Any, work: Any) -> Deferred[Any]:
        if author.via == "abuse":
            raise StoreError("the disk is full")
        return transact(author, work)

    addresses(limited, limited_key, 1, 2, 3, 3)
    with monkeypatch.context() as patch:
        patch.setattr(limited.store, "transact", full)
        assert addresses(limited, limited_key, 3) == [Status.ABUSE]
    assert limited.blocked == []
    assert addresses(limited, limited_key, 3, 3) == [Status.ABUSE, Status.BLOCKED]
    assert len(limited.blocked) == 1


def test_one_refused_update_counts_once(limited: House, limited_key: str) -> None:
    addresses(limited, limited_key, 1, 2)
    one = change("home.example.net", "198.51.100.3")
    (outcome,) = limited.update(update("alice", limited_key, *[one] * 20))
    assert {result.status for result in outcome.results} == {Status.ABUSE}
    assert limited.blocked == []


def test_a_blocked_account_is_told_so_only_when_it_is_the_account(
    limited: House, limited_key: str
) -> None:
    limited.api("account_block", name="alice", reason="a reason")
    assert addresses(limited, limited_key, 1) == [Status.BLOCKED]
    assert addresses(limited, "wrong", 1) == [Status.BADAUTH]
    asked = update("alice", limited_key, refusal=Status.NUMHOST)
    assert limited.update(asked) == [Outcome(Status.BLOCKED, user="alice")]


def test_nothing_is_taken_from_a_refused_network(running: RunningReactor, tmp_path: Path) -> None:
    limits = AbuseSettings(refused_networks=("192.0.2.64/26",))
    with house_at(running, tmp_path / "ddns.sqlite", limits) as house:
        house.load()
        key = house.fill()
        house.slow.clear()
        for secret in (key, "wrong"):
            assert house.update(update("alice", secret, ADDRESS)) == [Outcome(Status.BLOCKED)]
        assert house.slow == []
        elsewhere = dataclasses.replace(update("alice", key, ADDRESS), peer="192.0.2.1")
        assert status_of(house.update(elsewhere)[0]) is Status.GOOD
