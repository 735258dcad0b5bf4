"""Requests on their way to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import ensureDeferred

from ddns.config.settings import RequestsSettings
from ddns.model.update import Credentials, Outcome, Status, Update, change_of
from ddns.store.interfaces import StoreError
from ddns.updates.request_log import RequestLog
from tests.house import HOME, House, all_committed, house_at, until
from tests.net.reactors import RunningReactor


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.fill()
        yield house


def log(house: House, limits: RequestsSettings) -> RequestLog:
    return RequestLog(house.store, house.running.reactor, limits)


def note(log: RequestLog, number: int) -> None:
    change = change_of("home.example.net", ())
    update = Update("test", Credentials("alice", "x"), (change,), "192.0.2.1", 2000.0)
    if log.wants(update, Outcome(user="alice")):
        log.add(update, Outcome(user="alice"), f"asked {number}", "told")


def kept(house: House) -> list[str]:
    found = house.running.call(house.store.read, lambda r: r.requests_of_host(HOME))
    return [entry.asked for _, entry in found]


def test_what_waits_is_written_after_a_while(house: House) -> None:
    async def work() -> None:
        mine = log(house, RequestsSettings(write_time=0.05))
        for number in range(3):
            note(mine, number)
        assert len(house.running.reactor.getDelayedCalls()) >= 1
        await until(house, lambda: not vars(mine)["_timer"], "it is written")
        await all_committed(house)
        await mine.stop()

    house.running.call(work)
    assert kept(house) == ["asked 2", "asked 1", "asked 0"]


def test_who_reads_has_it_written(house: House) -> None:
    async def work() -> None:
        mine = log(house, RequestsSettings(write_time=3600))
        note(mine, 1)
        await mine.flush()
        await mine.flush()
        note(mine, 2)
        await mine.stop()

    house.running.call(work)
    assert kept(house) == ["asked 2", "asked 1"]


def test_who_reads_while_it_is_being_written_waits_for_it(house: House) -> None:
    async def work() -> list[str]:
        mine = log(house, RequestsSettings(write_time=3600))
        note(mine, 1)
        begun = ensureDeferred(mine.flush())
        await mine.flush()
        found = await house.store.read(lambda r: r.requests_of_host(HOME))
        await begun
        await mine.stop()
        return [entry.asked for _, entry in found]

    assert house.running.call(work) == ["asked 1"]


def test_a_flood_is_not_kept(house: House) -> None:
    async def work() -> None:
        mine = log(house, RequestsSettings(write_time=3600, waiting=7))
        for number in range(100):
            note(mine, number)
        assert mine.left_out == 93
        await mine.stop()

    house.running.call(work)
    assert kept(house) == [f"asked {number}" for number in range(6, -1, -1)]


def test_nothing_is_asked_for_what_is_not_kept(house: House) -> None:
    change = change_of("home.example.net", ())
    first = Update("test", None, (change,), "192.0.2.1", 2000.0)
    off = log(house, RequestsSettings(per_host=0))
    assert not log(house, RequestsSettings()).wants(first, Outcome(Status.UNAUTHENTICATED))
    assert not off.wants(first, Outcome())
    note(off, 1)
    assert off.left_out == 0, "it is not wanted"
    assert vars(off)["_timer"] is None


def test_a_database_that_is_locked_costs_only_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        mine = log(house, RequestsSettings(write_time=3600))
        with monkeypatch.context() as patch:

            async def locked(author: object, work: object) -> None:
                raise StoreError("locked")

            patch.setattr(house.store, "transact", locked)
            note(mine, 1)
            await mine.flush()
        assert mine.left_out == 1
        note(mine, 2)
        await mine.stop()

    house.running.call(work)
    assert kept(house) == ["asked 2"]


def test_who_listens_hears_of_each_request_at_once_and_until_the_end(house: House) -> None:
    async def work() -> None:
        mine = log(house, RequestsSettings(write_time=3600, waiting=3))
        heard: list[tuple[str | None, str]] = []
        first, second = (
            mine.subscribe(lambda request: heard.append((request.account, request.entry.asked)))
            for _ in range(2)
        )
        note(mine, 1)
        second()
        second()
        note(mine, 2)
        first()
        note(mine, 3)
        assert heard == [("alice", "asked 1"), ("alice", "asked 1"), ("alice", "asked 2")]
        await mine.stop()

    house.running.call(work)
