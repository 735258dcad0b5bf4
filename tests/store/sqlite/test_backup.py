"""Copies of a database: one state of it, whole or not there at all."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ddns.model import names
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.backup import copy
from ddns.store.sqlite.database import view
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import unfinished_path
from tests.net.reactors import RunningReactor
from tests.processes import integrity
from tests.store.sqlite.blocking import ORIGIN, Blocking, address, fill, opened, put

MANY = 5000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite"


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def store(path: Path, running: RunningReactor) -> Blocking:
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        for start in range(0, MANY, 1000):
            store.at_once(*(put(address(host(n))) for n in range(start, start + 1000)))
        yield store  # type: ignore[misc]


def host(number: int) -> bytes:
    return names.from_text(f"h{number}.example.net")


def test_a_copy_is_one_state_while_others_are_written(
    store: Blocking, path: Path, to: Path
) -> None:
    """A commit between any two steps, and yet it comes to an end."""
    state = [store.rows()]
    written = []

    def pause() -> None:
        store.commit(put(address(host(len(written)), last=99)))
        written.append(True)

    with view(path) as connection:
        connection.execute("select 1 from zone").fetchone()  # begins the transaction's view
        position = store.events[-1].position
        copied = copy(connection, to, pause=pause)
    assert len(written) >= 2
    assert (copied.position, copied.zones, copied.size) == (position, 1, to.stat().st_size)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert {file.name for file in to.parent.glob("copy*")} == {"copy"}
    assert integrity(to) == "ok"
    with closing(sqlite3.connect(to)) as connection:
        rows = connection.execute("select owner, type, ttl, rdatas from rrset order by owner, type")
        assert rows.fetchall() == state[0]
    assert store.rows() != state[0]


def test_it_is_read_where_nothing_can_be_written(store: Blocking, path: Path, to: Path) -> None:
    with view(path) as connection:
        copy(connection, to)
    with closing(sqlite3.connect(f"file:{to}?mode=ro", uri=True)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
        assert connection.execute("select origin from zone").fetchall() == [(ORIGIN,)]
    assert {file.name for file in to.parent.glob("copy*")} == {"copy"}


class Enough(Exception):
    """Ends a copy."""


def test_one_that_ends_early_leaves_what_was_there(store: Blocking, path: Path, to: Path) -> None:
    def pause() -> None:
        raise Enough

    to.write_text("the former one")
    with view(path) as connection, pytest.raises(Enough):
        copy(connection, to, replace=True, pause=pause)
    assert to.read_text() == "the former one"
    assert not unfinished_path(to).exists()


def test_what_a_dead_process_left_is_in_nobodys_way(store: Blocking, path: Path, to: Path) -> None:
    unfinished_path(to).write_text("half a copy")
    with view(path) as connection:
        copy(connection, to)
    assert integrity(to) == "ok"


def test_what_may_not_be_overwritten(store: Blocking, path: Path, to: Path) -> None:
    to.write_text("mine")
    folder, dead = to.with_name("folder"), to.with_name("dead")
    folder.mkdir()
    dead.symlink_to("nowhere")
    with view(path) as connection:
        with pytest.raises(StoreError, match="exists already"):
            copy(connection, to)
        for other in (folder, dead, Path("/dev/null")):
            with pytest.raises(StoreError, match="is no file"):
                copy(connection, other, replace=True)
        assert to.read_text() == "mine"
        copy(connection, to, replace=True)
    assert integrity(to) == "ok"


def test_through_a_store_while_it_is_used(
    store: Blocking, to: Path, running: RunningReactor
) -> None:
    over = threading.Event()
    committed = []

    def write() -> None:
        while not over.is_set():
            store.commit(put(address(host(len(committed) % MANY), last=7)))
            committed.append(True)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            copied = running.call(store.store.back_up, to, True)
            assert integrity(to) == "ok"
            assert copied.size == to.stat().st_size
    finally:
        over.set()
        writer.join()
    assert committed
    with pytest.raises(StoreError, match=r"missing/x\.new: No such file"):
        running.call(store.store.back_up, to.with_name("missing") / "x")


def test_a_store_that_closes_ends_its_copies(path: Path, to: Path, running: RunningReactor) -> None:
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        begun = threading.Event()
        upkeep = store.store._maintenance  # type: ignore[attr-defined]
        pause = upkeep._pause

        def slow() -> None:
            begun.set()
            upkeep._ending.wait()
            pause()

        upkeep._pause = slow
        ends = []
        running.call(lambda: store.store.back_up(to).addErrback(ends.append) and None)
        assert begun.wait(10)
        store.close()
        with pytest.raises(StoreError, match="closed"):
            running.call(store.store.back_up, to)
        with pytest.raises(StoreError, match="closed"):
            running.call(store.store.check)
    assert not to.exists()
    assert not unfinished_path(to).exists()
