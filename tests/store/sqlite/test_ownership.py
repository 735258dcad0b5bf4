"""One owner of a database, by whatever name and without its lock file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ddns.store.interfaces import StoreError
from ddns.store.sqlite import database
from ddns.store.sqlite.database import StoreInUse, holding_the_lock, open_database
from ddns.store.sqlite.restore import restore
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import key_path, lock_path, socket_path, wal_path
from ddns.system.lock import acquire
from tests.net.reactors import RunningReactor
from tests.programs import PATIENCE, program
from tests.store.sqlite.blocking import Blocking, address, fill, logged, opened, put

OPEN = (
    "import sys; from pathlib import Path; from ddns.store.sqlite.store import SQLiteStore;"
    "from twisted.internet import reactor; SQLiteStore(reactor, sys.argv[1]).open()"
)
"""What opens a database in another process."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here" / "ddns.sqlite"


@pytest.fixture
def store(path: Path, running: RunningReactor) -> Iterator[Blocking]:
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        yield store


def refusal(path: Path) -> str:
    """What another process is told that opens the database by this path."""
    command = [sys.executable, "-c", OPEN, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("of", [socket_path, lock_path, key_path, wal_path])
def test_files_beside_it_go_by_the_real_file(path: Path, of: Callable[[Path], Path]) -> None:
    link = path.parents[1] / "link"
    link.symlink_to("here/ddns.sqlite")
    assert of(link) == of(path)
    assert of(link).parent == path.parent


def test_a_symbolic_link_is_the_file(store: Blocking, path: Path) -> None:
    link = path.parents[1] / "link"
    link.symlink_to(path)
    assert f"{path} is in use by process {os.getpid()}" in refusal(link)
    assert sorted(os.listdir(link.parent)) == ["here", "link"]


def test_a_link_to_where_nothing_is_yet(path: Path, running: RunningReactor) -> None:
    link = path.parents[1] / "link"
    link.symlink_to(path)
    with opened(SQLiteStore(running.reactor, link), running) as store:
        assert store.store.created()
    assert path.is_file()
    assert link.is_symlink()


def test_several_links_are_refused(store: Blocking, path: Path) -> None:
    other = path.parents[1] / "other"
    other.hardlink_to(path)
    assert f"database {other} has 2 names (hard links)" in refusal(other)
    store.commit(put(address()))
    store.close()
    for name in (path, other):
        with pytest.raises(StoreError, match=f"{name} has 2 names"):
            open_database(name, 0.05)
        with pytest.raises(StoreError, match=f"{name} has 2 names"), holding_the_lock(name):
            pass
    other.unlink()
    open_database(path, 0.05).close()


@pytest.mark.parametrize("name", ["here/ddns.sqlite", "mounted"])
def test_without_its_lock_file(store: Blocking, path: Path, name: str) -> None:
    """As under another name that is neither kind of link: a file that is mounted elsewhere."""
    elsewhere = path.parents[1] / name
    if name == "mounted":
        elsewhere.touch()
        mount = [program("mount"), "--bind", str(path), str(elsewhere)]
        if subprocess.run(mount, check=False).returncode != 0:
            pytest.skip("only root can mount a file")
    else:
        lock_path(path).unlink()
    try:
        assert f"{elsewhere} is in use by a process" in refusal(elsewhere)
        backup = path.with_name("backup")
        store.running.call(store.store.back_up, backup)
        command = "import sys; from pathlib import Path; from ddns.store.sqlite import restore;"
        command += "restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), 0.0)"
        done = subprocess.run(
            [sys.executable, "-c", command, str(elsewhere), str(backup)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert f"{elsewhere} is in use by a process" in done.stderr
    finally:
        if name == "mounted":
            subprocess.run([program("umount"), str(elsewhere)], check=True)
    store.commit(put(address()))


def test_our_lock_leaves_those_of_sqlite_alone(store: Blocking, path: Path) -> None:
    """Closing any descriptor of the database would drop them. Another program that closed it then
    would take itself for the last one, and remove the log."""
    locks = Path("/proc/locks").read_text().splitlines()
    inode = f":{path.stat().st_ino} "
    kinds = {line.split()[1] for line in locks if inode in line and f" {os.getpid()} " in line}
    assert kinds == {"POSIX"}
    store.rows()
    store.running.call(store.store.check)
    script = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1]);"
        "connection.execute('select * from zone').fetchall(); connection.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert wal_path(path).stat().st_size > 0
    store.commit(put(address()))


def test_the_locks_are_free_in_the_end(path: Path, running: RunningReactor) -> None:
    for _ in range(2):
        with opened(SQLiteStore(running.reactor, path), running):
            pass
    path.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(StoreError, match="not a database"):
            open_database(path, 0.05)
    with holding_the_lock(path), pytest.raises(StoreInUse):
        open_database(path, 0.05)
    os.close(acquire(lock_path(path)))


def test_a_restore_through_a_link_replaces_the_file(
    path: Path, store: Blocking, running: RunningReactor
) -> None:
    backup = path.with_name("backup")
    running.call(store.store.back_up, backup)
    store.close()
    link = path.parents[1] / "link"
    link.symlink_to(path)
    done = restore(link, backup, 1.0)
    assert link.is_symlink()
    assert done.replaced is not None
    assert done.replaced.parent == path.parent
    assert sorted(os.listdir(link.parent)) == ["here", "link"]
    with opened(SQLiteStore(running.reactor, path), running) as restored:
        assert restored.serial() > 7


# What the database stands on -----------------------------------------------------------------


class Elsewhere(sqlite3.Connection):
    """A connection on a file system where processes share no memory."""

    code = 0

    def execute(self, statement: str, *args: object) -> sqlite3.Cursor:  # type: ignore[override]
        if statement != "pragma journal_mode = wal":
            return super().execute(statement, *args)  # type: ignore[arg-type]
        if self.code == 0:
            return super().execute("select 'delete'")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = self.code
        raise error


@pytest.mark.parametrize(
    "code", [0, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_SHMOPEN]
)
def test_no_shared_memory(path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(Elsewhere, "code", code)

    def connect(*args: object, **options: object) -> sqlite3.Connection:
        return real(*args, **options, factory=Elsewhere)  # type: ignore[call-overload,no-any-return]

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(StoreError, match="not on NFS"):
        open_database(path, 0.05)


def test_a_full_disk_is_not_taken_for_that() -> None:
    assert sqlite3.SQLITE_IOERR_SHMSIZE not in database._WITHOUT_SHARED_MEMORY


# Who may read it -------------------------------------------------------------------------------


def test_files_that_everybody_could_read_are_closed(path: Path) -> None:
    open_database(path, 0.05).close()
    key_path(path).touch(0o600)
    path.chmod(0o664)
    key_path(path).chmod(0o604)
    with logged() as lines:
        open_database(path, 0.05).close()
    assert [line for line in lines if "open to everybody" in line] == [
        f"{path} was open to everybody, with mode 0664; now it is not",
        f"{key_path(path)} was open to everybody, with mode 0604; now it is not",
    ]
    assert path.stat().st_mode & 0o777 == 0o660
    assert key_path(path).stat().st_mode & 0o777 == 0o600
    with logged() as lines:
        open_database(path, 0.05).close()
    assert not [line for line in lines if "everybody" in line]


# Who commits -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("by_all_steps")
def test_nobody_commits_behind_our_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the schema is one transaction, of ours; looking at it is none."""
    statements: list[str] = []

    class Traced(sqlite3.Connection):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[arg-type]
            self.set_trace_callback(statements.append)

    def connect(*args: object, **options: object) -> sqlite3.Connection:
        return real(*args, **options, factory=Traced)  # type: ignore[call-overload,no-any-return]

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)

    def transactions() -> list[str]:
        words = [statement.split(maxsplit=1)[0].lower() for statement in statements]
        statements.clear()
        return [word for word in words if word in ("begin", "commit", "end", "rollback")]

    open_database(path, 0.05).close()
    assert transactions() == ["begin", "commit"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select count(*) from _sqlite_migrations").fetchone()[0] > 1
    statements.clear()
    open_database(path, 0.05).close()
    assert transactions() == []
