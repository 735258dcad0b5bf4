"""Sessions over restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from ddns.model.account import Account
from ddns.model.journal import Author
from ddns.model.session import Session, fingerprint
from ddns.policy.sessions import HOUR, Sessions
from ddns.store.interfaces import StoreError
from ddns.updates.session_log import WRITE_TIME, SessionLog
from tests.house import House, all_committed, house_at
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged

ALICE, BOB = Account("alice", "hash of alice"), Account("bob", "hash of bob")


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        put(house, ALICE)
        put(house, BOB)
        yield house


def put(house: House, account: Account) -> None:
    author = Author("operator", "test", 0.0)
    house.running.call(house.store.transact, author, lambda t: t.put_account(account))


def session(number: int, of: Account = ALICE, at: float = 1000.0) -> Session:
    digest, password = number.to_bytes(32, "big"), fingerprint(of.password or "")
    return Session(digest, of.name, password, at, at, "192.0.2.1", "Firefox", strong=True)


def begin(house: House, *sessions: Session) -> None:
    async def work() -> None:
        for one in sessions:
            house.account_service.sessions.open(one, house.time)
        await house.session_log.flush()

    house.running.call(work)


def after_a_start(house: House) -> Sessions:
    """The sessions that a server would have that started now."""
    sessions, clock = Sessions(), Clock()
    log = SessionLog(
        house.store,
        sessions,
        house.directory.account,
        clock,
        lambda: house.time,
        lambda: house.time,
    )
    house.running.call(log.load)
    house.running.call(log.stop)
    return sessions


def test_a_restart_ends_none(house: House) -> None:
    begin(house, session(1), session(2), session(3, BOB))
    house.running.call(house.account_service.sessions.close, session(2).digest)
    house.running.call(house.session_log.flush)
    sessions = after_a_start(house)
    assert sessions.of("alice", house.time) == [session(1)]
    assert sessions.of("bob", house.time) == [session(3, BOB)]


def test_they_end_with_the_password_whoever_changes_it(house: House) -> None:
    begin(house, session(1), session(2, BOB))
    put(house, Account("alice", "another hash"))
    assert len(after_a_start(house)) == 1
    put(house, ALICE)  # as a restored backup might
    assert [
        one.account for one in house.running.call(house.store.read, lambda r: r.sessions())
    ] == ["bob"]


def test_they_end_with_the_account(house: House) -> None:
    begin(house, session(1))
    author = Author("operator", "test", 0.0)
    house.running.call(house.store.transact, author, lambda t: t.remove_account("alice"))
    put(house, ALICE)
    assert len(after_a_start(house)) == 0


def test_uses_are_written_many_together(house: House) -> None:
    sessions, clock = Sessions(), Clock()
    clocks = (lambda: house.time, lambda: house.time)
    log = SessionLog(house.store, sessions, house.directory.account, clock, *clocks)
    for number in range(3):
        sessions.open(session(number), house.time)
    house.running.call(log.flush)
    clock.advance(WRITE_TIME)
    house.time += HOUR
    for number in range(2):
        sessions.find(session(number).digest, house.time, house.time)
    assert len(clock.getDelayedCalls()) == 1
    house.running.call(lambda: clock.advance(WRITE_TIME))
    house.running.call(all_committed, house)
    kept = house.running.call(house.store.read, lambda r: r.sessions("alice"))
    assert sorted(one.used for one in kept) == [1000.0, 1000.0 + HOUR, 1000.0 + HOUR]


def test_a_store_that_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever logs in is logged in, whoever logs out is logged out, and it is tried again."""

    def fails(*args: object) -> Deferred[None]:
        return fail(StoreError("the disk is full"))

    with monkeypatch.context() as patch, logged() as lines:
        patch.setattr(house.store, "transact", fails)
        begin(house, session(1))
        assert len(house.account_service.sessions) == 1
    assert [line for line in lines if "the disk is full" in line]
    house.running.call(house.session_log.flush)
    assert len(after_a_start(house)) == 1
