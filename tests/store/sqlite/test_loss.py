"""The database that is removed or replaced while it is open."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.database import open_database, view
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import shm_path, wal_path
from tests.net.reactors import RunningReactor
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
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        yield store


def lost(store: Blocking) -> str:
    return store.running.call(store.store.stats).lost


def refused(store: Blocking, work: Work) -> str:
    with pytest.raises(StoreError) as raised:
        store.commit(work)
    return str(raised.value)


@pytest.mark.parametrize("file_of", [Path, wal_path, shm_path])
@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_committed_where_nobody_would_find_it(
    store: Blocking, path: Path, file_of: type[Path], replaced: bool
) -> None:
    file, away = file_of(path), path.with_name("away")
    assert lost(store) == ""
    file.rename(away)
    if replaced:
        shutil.copy(away, file)
    said = f"{file} was removed or replaced while it was open"
    assert lost(store) == said
    commits = len(store.commits)
    with logged() as lines:
        assert refused(store, put(address())) == said
        assert refused(store, lambda transaction: None) == said
    assert lines == [f"{said}: updates are refused, DNS is answered from memory"]
    assert len(store.commits) == commits
    away.replace(file)
    assert lost(store) == ""
    assert store.read(lambda reading: reading.rrsets(ORIGIN, HOME)) == []
    store.commit(put(address()))
    assert [event.position for event in store.since(0)] == [1, 2, 3, 4, 5, 6]
    file.rename(away)
    with logged() as lines:
        refused(store, put(address(last=2)))
    assert len(lines) == 1, "it is said anew"
    away.replace(file)


def test_what_took_its_place_is_neither_read_nor_copied(store: Blocking, path: Path) -> None:
    path.rename(path.with_name("away"))
    open_database(path.with_name("other"), 0.05).close()
    path.with_name("other").rename(path)
    for read in (
        lambda: store.read(lambda reading: reading.zones()),
        lambda: store.since(0),
        store.rows,
        lambda: store.running.call(store.store.check),
        lambda: store.running.call(store.store.back_up, path.with_name("backup")),
    ):
        with pytest.raises(StoreError, match="was removed or replaced"):
            read()
    assert not path.with_name("backup").exists()


def test_the_end_leaves_the_successor_alone(store: Blocking, path: Path) -> None:
    """Another server has begun with a new database of that name, and has its log there."""
    for file in path.parent.glob("ddns.sqlite*"):
        file.unlink()
    begin = (
        "import sys; from pathlib import Path; from ddns.store.sqlite.database import *;"
        "opened = open_database(Path(sys.argv[1]), 0.05);"
        "opened.connection.execute(\"insert into account (name, created) values ('eve', 1.0)\");"
        "print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", begin, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as successor:
        assert successor.stdout is not None
        successor.stdout.readline()
        store.close()
        assert wal_path(path).stat().st_size > 0
        assert shm_path(path).exists()
        successor.kill()
    with closing(open_database(path, 0.05)), view(path) as connection:
        assert connection.execute("select name from account").fetchall() == [("eve",)]
