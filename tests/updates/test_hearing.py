"""Owners hear of silence, of a family that stopped, and of updates that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ddns.model.leases import DAY
from ddns.model.notices import HostWord, Kind
from ddns.model.records import AAAA, TXT, A
from ddns.model.update import Change, Outcome, Remove, Result, Status
from ddns.updates import hearing
from tests.house import HOME, ORIGIN, change, update
from tests.net.reactors import RunningReactor
from tests.updates.owners import HOST, Owners, owners_at

V4, V6 = "198.51.100.7", "2001:db8::7"


@pytest.fixture
def owners(running: RunningReactor, tmp_path: Path) -> Iterator[Owners]:
    with owners_at(running, tmp_path) as owners:
        yield owners


def word(owners: Owners) -> HostWord | None:
    found: HostWord | None = owners.house.running.call(
        owners.house.store.read, lambda reading: reading.host_word(HOME)
    )
    return found


def test_silence(owners: Owners) -> None:
    owners.wants(Kind.SILENT, days=3)
    owners.update(V4)
    owners.hear()
    owners.look(2.9)
    assert owners.notices() == []
    owners.look(0.2)
    (notice,) = owners.take()
    assert (notice.kind, notice.host) == (Kind.SILENT, HOME)
    assert notice.details == {"days": 3, "last": 1000.0}
    owners.look(30)
    assert owners.notices() == []
    owners.update(V4)  # which changes nothing, and is a word all the same
    owners.hear()
    owners.look(3.1)
    assert owners.kinds() == [Kind.SILENT]


def test_a_host_that_was_silent_before_somebody_asked(owners: Owners) -> None:
    owners.wants(Kind.SILENT, days=2)
    owners.look(2.1)
    (notice,) = owners.notices()
    assert notice.details == {"days": 2, "last": None}


def test_other_days(owners: Owners) -> None:
    owners.wants(Kind.SILENT, days=30)
    owners.update(V4)
    owners.hear()
    owners.wants(Kind.SILENT, host=HOME, days=1)
    owners.look(1.1)
    assert owners.kinds() == [Kind.SILENT]
    owners.wants(Kind.SILENT, host=HOME, days=0)
    owners.update(V4)
    owners.hear()
    owners.look(90)
    assert owners.kinds() == [Kind.SILENT]
    assert word(owners) is None


def test_a_host_that_comes_later(owners: Owners) -> None:
    owners.wants(Kind.SILENT, days=1)
    owners.look(0.9)
    owners.house.api("host_add", name="nas.example.net", account="alice")
    owners.look(0.2)
    assert [notice.host for notice in owners.take()] == [HOME]
    owners.look(0.9)
    assert owners.kinds() == [Kind.SILENT]


def test_nobody_waits_for_words_that_nobody_wants(owners: Owners) -> None:
    owners.update(V4)
    owners.hear()
    assert word(owners) is None
    owners.wants(Kind.FAMILY)
    assert word(owners) == HostWord(1000.0)
    owners.wants()
    assert word(owners) is None


def test_a_word_is_noted_once_an_hour(owners: Owners) -> None:
    owners.wants(Kind.FAMILY)
    for at, noted in ((0.0, 1000.0), (3000.0, 1000.0), (700.0, 4700.0)):
        owners.update(V4, after=at)
        owners.hear()
        found = word(owners)
        assert found is not None
        assert found.v4 == noted


def test_a_family_that_stopped(owners: Owners) -> None:
    owners.wants(Kind.FAMILY)
    owners.update(V4, V6)
    owners.hear()
    for _ in range(2):
        owners.update(V4, after=1.4 * DAY)
        owners.hear()
    assert owners.notices() == []
    for _ in range(3):
        owners.update(V4, after=DAY)
        owners.hear()
    (notice,) = owners.take()  # and not at each update
    assert (notice.kind, notice.details) == (Kind.FAMILY, {"family": "AAAA", "last": 1000.0})
    owners.update(V6, after=DAY)
    owners.hear()
    owners.update(V6, after=2.5 * DAY)
    owners.hear()
    (notice,) = owners.take()
    assert notice.details["family"] == "A"


def test_who_takes_a_family_away_is_not_told_that_it_stopped(owners: Owners) -> None:
    owners.wants(Kind.FAMILY)
    owners.update(V4, V6)
    owners.hear()
    owners._perform(Change(HOST, HOME, (Remove(AAAA),)))
    owners.hear()
    for _ in range(5):
        owners.update(V4, after=DAY)
        owners.hear()
    assert owners.notices() == []


def test_refused_again_and_again(owners: Owners) -> None:
    owners.refused(9)
    owners.hear()
    assert owners.notices() == []
    owners.refused(1)
    owners.hear()
    (notice,) = owners.take()
    assert (notice.kind, notice.host) == (Kind.REFUSED, HOME)
    assert notice.details["count"] == 10
    assert notice.details["why"] == Status.ABUSE.value
    assert "\n" not in notice.details["agent"]
    owners.refused(100)
    owners.hear()
    assert owners.notices() == []
    owners.house.time += DAY
    owners.refused(10)
    owners.hear()
    assert len(owners.take()) == 1


def test_one_that_is_taken_is_the_end_of_it(owners: Owners) -> None:
    owners.refused(9)
    owners.update(V4)
    owners.refused(9)
    owners.hear()
    assert owners.notices() == []


def test_refusals_of_others_and_of_nobody(owners: Owners) -> None:
    """Strangers who name alice's host do not have her told."""
    owners.house.api("account_add", name="mallory")
    owners.house.api("email_set", name="mallory", email="m@example.org")
    owners.refused(50, Status.NOTYOURS, user="mallory")
    owners.refused(50, Status.FAILED)
    asked = update("alice", "wrong", change(HOST, V4))
    for _ in range(50):
        owners.house.running.call(owners.hearing.update, asked, Outcome(Status.BADAUTH))
    owners.hear()
    assert owners.notices() == owners.notices("mallory") == []


def test_a_refused_whole_counts_for_its_hosts(owners: Owners) -> None:
    asked = update("alice", owners.key, change(HOST, V4))
    for _ in range(10):
        outcome = Outcome(Status.BLOCKED, user="alice")
        owners.house.running.call(owners.hearing.update, asked, outcome)
    owners.hear()
    assert owners.kinds() == [Kind.REFUSED]


def test_changes_of_records_are_words_too(owners: Owners) -> None:
    """As by DNS UPDATE; those of other types are none."""
    owners.wants(Kind.FAMILY)
    asked = SimpleNamespace(at=2000.0, touched_rrsets=lambda: [(HOME, A), (HOME, TXT), (ORIGIN, A)])
    owners.house.running.call(owners.hearing.records, asked)
    owners.hear()
    found = word(owners)
    assert found is not None
    assert (found.v4, found.v6) == (2000.0, None)


def test_memory_is_bounded(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "MAX_WAITING", 50)
    for number in range(80):
        name = f"h{number}.example.net"
        good = Outcome(user="alice", results=_good(name))
        owners.house.running.call(owners.hearing.update, update("alice", "", change(name)), good)
    assert len(owners.hearing._waiting) == 50


def _good(name: str) -> tuple[Result, ...]:
    return (Result(change(name, V4), Status.GOOD),)
