"""The SQLite store: the contract, and what only a database file can do wrong."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from ddns.model import names
from ddns.model.account import Account, Addresses, Key, KeyKind, Registration
from ddns.store.interfaces import Committed, IReading, StoreError
from ddns.store.sqlite.database import StoreInUse
from ddns.store.sqlite.migrations import APPLICATION_ID, MIGRATIONS
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import lock_path
from ddns.system.lock import Locked, acquire
from tests.net.reactors import PATIENCE, RunningReactor
from tests.store.contract import StoreContract
from tests.store.copying import rule
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    Work,
    address,
    fill,
    logged,
    opened,
    put,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite"


@pytest.fixture
def store(path: Path, running: RunningReactor) -> Iterator[Blocking]:
    with opened(SQLiteStore(running.reactor, path, patience=0.3), running) as store:
        yield store


@pytest.fixture
def small(path: Path, running: RunningReactor) -> Iterator[Blocking]:
    with opened(SQLiteStore(running.reactor, path, journal_rows=300), running) as store:
        yield store


@pytest.fixture
def derived(path: Path, running: RunningReactor) -> Iterator[Blocking]:
    store = SQLiteStore(running.reactor, path)
    store.derive(rule)
    with opened(store, running) as derived:
        yield derived


class TestSQLiteStore(StoreContract):
    """The contract."""


def connection_of(store: Blocking) -> sqlite3.Connection:
    """The writer's own connection."""
    return store.store._open.connection  # type: ignore[attr-defined,no-any-return]


# Opening ---------------------------------------------------------------------------------------


def open_at(path: Path, running: RunningReactor) -> SQLiteStore:
    """Open and close; whoever wants more opens it himself."""
    store = SQLiteStore(running.reactor, path)
    running.call(store.open)
    running.call(store.close)
    return store


def refusal(path: Path, running: RunningReactor) -> str:
    with pytest.raises(StoreError) as raised:
        open_at(path, running)
    message = str(raised.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_only_its_owner_may_read_the_file(store: Blocking, path: Path) -> None:
    store.commit(fill)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_whatever_the_mask(path: Path, running: RunningReactor, mask: int) -> None:
    before = os.umask(mask)
    try:
        open_at(path, running)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_makes_it_durable(store: Blocking) -> None:
    pragmas = {
        name: connection_of(store).execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "application_id")
    }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "application_id": APPLICATION_ID,
    }


def test_what_was_committed_is_there_after_opening_again(
    path: Path, running: RunningReactor
) -> None:
    with opened(SQLiteStore(running.reactor, path), running) as store:
        assert store.store.created()
        store.commit(fill)
        store.commit(put(address()))
        events = [event._replace(value=None) for event in store.events]
    assert {file.name for file in path.parent.iterdir()} == {"ddns.sqlite", "ddns.sqlite.lock"}
    with opened(SQLiteStore(running.reactor, path), running) as store:
        assert not store.store.created()
        assert store.since(0) == events
        assert store.serial() == 8
        store.commit(put(address(last=2)))
        assert store.events[0].position == events[-1].position + 1
        assert store.events[0].serial == 9


def test_a_second_one_is_refused(store: Blocking, path: Path, running: RunningReactor) -> None:
    second = SQLiteStore(running.reactor, path)
    with pytest.raises(StoreInUse, match=f"{path} is in use by process {os.getpid()}"):
        running.call(second.open)
    store.commit(fill)


def test_another_process_is_refused(store: Blocking, path: Path) -> None:
    program = (
        "import sys; from ddns.store.sqlite.database import open_database;"
        "from pathlib import Path; open_database(Path(sys.argv[1]), 0.01)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert f"in use by process {os.getpid()}" in done.stderr


def test_a_lock_that_was_handed_on(path: Path, running: RunningReactor) -> None:
    """It is the store's from then on, and free when that is closed or cannot be opened."""
    store = SQLiteStore(running.reactor, path)
    store.use_lock(acquire(lock_path(path)))
    running.call(store.open)
    with pytest.raises(Locked):
        acquire(lock_path(path))
    running.call(store.close)
    path.write_bytes(b"Dear Sir or Madam, " * 100)
    refused = SQLiteStore(running.reactor, path)
    refused.use_lock(acquire(lock_path(path)))
    with pytest.raises(StoreError, match="not a database"):
        running.call(refused.open)
    os.close(acquire(lock_path(path)))


def test_a_database_of_another_program(path: Path, running: RunningReactor) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (x)")
    connection.close()
    assert "another program" in refusal(path, running)
    with sqlite3.connect(path) as connection:
        tables = connection.execute("select name from sqlite_master").fetchall()
    connection.close()
    assert tables == [("t",)]


def test_a_database_of_the_first_schema(path: Path, running: RunningReactor) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    MIGRATIONS.apply(Database(connection), stop_before="v0002_kinds_of_keys")
    connection.execute("insert into account (name, created) values ('alice', 1.0)")
    connection.execute("insert into zone (origin, serial, created) values (?, 7, 1.0)", (ORIGIN,))
    connection.execute(
        "insert into key (account, kind, digest, limited, created)"
        " values ('alice', 'update', ?, 0, 2.0)",
        (b"1" * 32,),
    )
    connection.close()
    with opened(SQLiteStore(running.reactor, path), running) as store:
        (key,) = store.read(lambda reading: reading.keys())
        (zone,) = store.read(lambda reading: reading.zones())
        (account,) = store.read(lambda reading: reading.accounts())
    assert (zone.registration, zone.addresses) == (Registration.CLOSED, Addresses.ANY)
    assert account.host_limit is None
    assert key == Key(1, "alice", KeyKind.UPDATE, b"1" * 32, None, 2.0, None, True)


def test_a_newer_schema(path: Path, running: RunningReactor) -> None:
    open_at(path, running)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('ddns', 'v9999_future', '')"
        )
    connection.close()
    assert "newer version" in refusal(path, running)
    assert "v9999_future" in refusal(path, running)


@pytest.mark.parametrize("content", [b"not a database at all\n" * 100, b"SQLite format 3\x00" * 9])
def test_a_file_that_is_no_database(path: Path, running: RunningReactor, content: bytes) -> None:
    path.write_bytes(content)
    assert "cannot use" in refusal(path, running)
    assert path.read_bytes() == content


def test_places_where_nothing_can_be_made(tmp_path: Path, running: RunningReactor) -> None:
    (tmp_path / "file").touch()
    assert "No such file" in refusal(tmp_path / "missing" / "ddns.sqlite", running)
    assert "Not a directory" in refusal(tmp_path / "file" / "ddns.sqlite", running)
    refusal(Path("/proc/ddns.sqlite"), running)
    (tmp_path / "directory").mkdir()
    refusal(tmp_path / "directory", running)


def test_a_refused_database_is_not_locked(path: Path, running: RunningReactor) -> None:
    path.write_bytes(b"x" * 200)
    refusal(path, running)
    path.unlink()
    open_at(path, running)


# A database that somebody else has locked ------------------------------------------------------


@pytest.fixture
def locked(store: Blocking, path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody's connection in the middle of a write."""
    store.commit(fill)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    yield other
    other.close()


def test_work_fails_within_its_patience_and_goes_on_after(
    store: Blocking, locked: sqlite3.Connection
) -> None:
    results = store.at_once(put(address(last=1)), put(address(last=2)))
    assert [str(result) for result in results] == ["the database is locked by another program"] * 2
    assert all(isinstance(result, StoreError) for result in results)
    assert store.read(lambda r: r.rrsets(ORIGIN, HOME)) == []
    stats = store.running.call(store.store.stats)
    assert stats.commits.failed == 2
    assert 0 <= stats.failed_ago < PATIENCE
    locked.execute("rollback")
    store.commit(lambda transaction: None)
    assert store.running.call(store.store.stats).failed_ago is not None, "nothing was written"
    store.commit(put(address(last=3)))
    assert store.running.call(store.store.stats).failed_ago is None
    assert store.events[-1].position == 6
    assert [event.position for event in store.since(0)] == [1, 2, 3, 4, 5, 6]


def test_work_waits_for_a_lock_that_is_given_up(
    store: Blocking, locked: sqlite3.Connection, running: RunningReactor
) -> None:
    store.store._writer.timeout = PATIENCE  # type: ignore[attr-defined]
    timer = threading.Timer(0.2, locked.execute, ["rollback"])
    timer.start()
    store.commit(put(address()))
    timer.join()
    assert store.read(lambda r: r.rrset(ORIGIN, HOME, 1)) == address()


def test_opening_a_locked_database(path: Path, running: RunningReactor, tmp_path: Path) -> None:
    open_at(path, running)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")
    assert "locked" in refusal(path, running)
    other.close()
    open_at(path, running)


# Failures of the database itself ---------------------------------------------------------------


class Failing:
    """A connection that fails at some statements, as a disk does."""

    def __init__(self, real: sqlite3.Connection, fails: Callable[[str], bool]) -> None:
        self._real = real
        self.fails = fails
        self.statements: list[str] = []

    def execute(self, statement: str, *args: Any) -> sqlite3.Cursor:
        self.statements.append(statement)
        if self.fails(statement):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return self._real.execute(statement, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def failing(store: Blocking) -> Failing:
    """Stands in the way of the store's connection, and lets everything through at first."""
    store.commit(fill)
    opened = store.store._open  # type: ignore[attr-defined]
    failing = Failing(opened.connection, lambda statement: False)
    object.__setattr__(opened, "connection", failing)
    return failing


def add_account(name: str) -> Work:
    return lambda transaction: transaction.put_account(Account(name))


@pytest.mark.parametrize(
    ("where", "works"),
    [
        *((where, [put(address()), put(address(ORIGIN))]) for where in ("commit", "begin")),
        *((where, [put(address()), put(address(ORIGIN))]) for where in ("insert", "update zone")),
        *((where, [add_account("c"), add_account("d")]) for where in ("savepoint", "release")),
    ],
)
def test_a_failed_commit_leaves_nothing_behind(
    store: Blocking, failing: Failing, where: str, works: list[Work]
) -> None:
    failing.fails = lambda statement: statement.startswith(where)
    results = store.at_once(*works)
    assert [type(result) for result in results] == [StoreError, StoreError]
    assert store.running.call(store.store.stats).commits.failed == 2
    assert len(store.commits) == 1
    failing.fails = lambda statement: False
    assert store.read(lambda r: (r.rrsets(ORIGIN, HOME), len(r.accounts()))) == ([], 2)
    assert store.serial() == 7
    store.commit(put(address(last=3)))
    assert store.serial() == 8
    (event,) = store.commits[-1]
    assert (event.position, event.serial) == (6, 8)
    assert [event.position for event in store.since(0)] == [1, 2, 3, 4, 5, 6]


def test_failures_are_told_of_once(store: Blocking, failing: Failing) -> None:
    """And counted: in the statistics, and in the line that tells of their end."""
    failing.fails = lambda statement: statement.startswith("commit")
    with logged() as lines:
        for _ in range(10):
            results = store.at_once(put(address()), put(address(ORIGIN)))
            assert all(isinstance(result, StoreError) and result.logged for result in results)
    error = "the database cannot do it: disk I/O error"
    assert lines == [f"{error}: updates are refused, DNS is answered from memory"]
    assert store.running.call(store.store.stats).commits.failed == 20
    failing.fails = lambda statement: False
    with logged() as lines:
        store.commit(lambda transaction: None)
        assert lines == [], "nothing was written"
        for last in (1, 2):
            store.commit(put(address(last=last)))
    assert lines == ["the database is written again; until now 20 calls failed"]


def test_a_database_that_cannot_be_rolled_back_is_told_of_once(
    store: Blocking, failing: Failing
) -> None:
    failing.fails = lambda statement: True
    with logged() as lines:
        for _ in range(10):
            assert isinstance(*store.at_once(put(address())), StoreError)
    assert len(lines) == 1
    failing.fails = lambda statement: False
    assert isinstance(*store.at_once(put(address())), Committed)
    assert [event.position for event in store.since(0)] == [1, 2, 3, 4, 5, 6]


def test_what_cannot_be_read_is_told_of_once(store: Blocking) -> None:
    def work(reading: IReading) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with logged() as lines:
        for _ in range(10):
            with pytest.raises(StoreError) as raised:
                store.read(work)
            assert raised.value.logged
    error = "the database cannot do it: disk I/O error"
    assert lines == [f"{error}: what was asked for is not read, DNS is answered from memory"]


def trigger(table: str, condition: str, action: str) -> Work:
    """Make SQLite refuse some rows."""
    return lambda transaction: transaction.execute(  # type: ignore[attr-defined,no-any-return]
        f"create trigger refuse before insert on {table} when {condition}"
        f" begin select raise({action}, 'disk full'); end"
    )


def test_work_that_sqlite_refuses_sinks_alone(store: Blocking) -> None:
    store.commit(fill)
    store.commit(trigger("account", "new.name = 'c'", "abort"))
    results = store.at_once(put(address()), add_account("c"), put(address(ORIGIN)))
    assert isinstance(results[1], StoreError)
    assert "disk full" in str(results[1])
    assert [owner for owner, *_ in store.rows()] == sorted([HOME, ORIGIN, ORIGIN])
    assert store.serial() == 8


@pytest.mark.parametrize(
    ("table", "condition", "action"),
    [
        ("account", "new.name = 'c'", "rollback"),  # as SQLite does when the disk is full
        ("rrset", "new.ttl = 13", "abort"),
        ("rrset", "new.ttl = 13", "rollback"),
        ("journal", "new.subject = 'c'", "abort"),
    ],
)
def test_what_ends_the_transaction_sinks_the_batch(
    store: Blocking, table: str, condition: str, action: str
) -> None:
    store.commit(fill)
    store.commit(trigger(table, condition, action))
    before = len(store.commits)
    results = store.at_once(
        put(address()), add_account("c"), put(address(ORIGIN, ttl=13)), add_account("d")
    )
    assert [type(result) for result in results] == [StoreError] * 4
    assert store.read(lambda r: (r.rrsets(ORIGIN, HOME), len(r.accounts()))) == ([], 2)
    assert len(store.commits) == before
    store.commit(put(address(last=4)))
    assert store.events[-1].serial == store.serial() == 8
    assert [event.position for event in store.since(0)] == list(range(1, 7))


# Group commit ----------------------------------------------------------------------------------


def test_what_queues_up_is_committed_at_once(store: Blocking, failing: Failing) -> None:
    failing.statements.clear()
    works = [put(address(names.from_text(f"h{number}.example.net"))) for number in range(100)]
    results = store.at_once(*works)
    assert [result.zones for result in results] == [{ORIGIN}] * 100
    assert failing.statements.count("commit") == 1
    assert store.serial() == 8
    assert len(store.rows()) == 101
    assert len(store.commits[-1]) == 100


def test_the_database_is_whole(store: Blocking) -> None:
    store.commit(fill)
    store.commit(lambda t: t.put_account(Account("carol")))
    store.commit(lambda t: t.remove_zone(ORIGIN))
    connection = connection_of(store)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert connection.execute("pragma foreign_key_check").fetchall() == []
