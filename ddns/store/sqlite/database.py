"""Open the database file: its lock, its durability, its schema."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database
from twisted.logger import Logger

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.migrations import is_ours, migrate, schema_of
from ddns.store.sqlite.swap import roll_forward
from ddns.system.exposure import close_to_others
from ddns.system.files import lock_path, shm_path, sync_directory, wal_path
from ddns.system.lock import Locked, acquire, acquire_itself, take_over

LONG_STATEMENT = 20_000
"""Instructions of SQLite's virtual machine between two pauses of a long statement, about 1 ms."""

CHECKPOINT_PAGES = 4000
"""Pages of the write-ahead log after which it is moved into the database: 16 MiB."""


MAX_VALUE = 1 << 20
"""Octets of a value, or of a row: an RRset has 64,000 at most. SQLite reads no larger ones."""

NO_SHARED_MEMORY = (
    "its file system has no memory that processes share, as SQLite's write-ahead log needs it; put"
    " the database on a local disk, not on NFS"
)

_WITHOUT_SHARED_MEMORY = (
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_IOERR_SHMLOCK,
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_IOERR_SHMOPEN,
)

_log = Logger()


class StoreInUse(StoreError):
    """Another process holds the lock of this database."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open database.

    ``connection`` is the writer's; ``created`` says whether the database was made just now;
    ``files`` are those that it consists of, as they were when it was opened; ``locks`` are what
    else is to be given back in the end.
    """

    path: Path
    connection: sqlite3.Connection
    created: bool
    files: Mapping[Path, os.stat_result]
    locks: ExitStack

    def lost(self) -> str:
        """Return which file was removed or replaced, so that what is written would be found by
        nobody; nothing if all are there. This takes some microseconds."""
        for file, opened in self.files.items():
            try:
                if os.path.samestat(opened, os.stat(file)):
                    continue
            except OSError:
                pass
            return f"{file} was removed or replaced while it was open"
        return ""

    def check(self) -> None:
        """Refuse to go on without the files.

        :raises StoreError: when the database was removed or replaced.
        """
        if lost := self.lost():
            raise StoreError(lost, logged=True)

    @contextmanager
    def view(self) -> Iterator[sqlite3.Connection]:
        """See :func:`view`.

        :raises StoreError: when the database was removed or replaced.
        """
        self.check()
        with view(self.path) as connection:
            yield connection

    def close(self) -> None:
        """Move the log into the database, close it and release the locks."""
        with self.locks:  # closes the connection, and only then the database's own descriptor
            self.connection.execute("pragma wal_checkpoint(truncate)")


def open_database(path: Path, busy_step: float, lock: int | None = None) -> Opened:
    """Take the locks, create or migrate the file, and set what durability needs.

    :param busy_step: seconds that the connection waits for a lock of SQLite's
    :param lock: the descriptor of our lock, if another process handed it over; closed on failure

    The connection may be handed to another thread.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, for whatever else stands in the way.
    """
    with _in_words(path), ExitStack() as locks:
        locks.callback(os.close, _lock(path, lock))
        with _keeping_others_from(path):
            roll_forward(path)
        locks.callback(os.close, _lock_itself(path, create=True))
        for line in close_to_others(path):
            _log.warn("{line}", line=line)
        connection = connect(path, busy_step)
        locks.callback(connection.close)
        created = _prepare(connection, path)
        connection.set_progress_handler(_give_way, LONG_STATEMENT)
        files = {file.absolute(): os.stat(file) for file in (path, wal_path(path), shm_path(path))}
        return Opened(path, connection, created, files, locks.pop_all())
    raise AssertionError  # _in_words() lets no exception go


@contextmanager
def holding_the_lock(path: Path) -> Iterator[None]:
    """Hold the locks of a database without opening it.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, when the lock cannot be had otherwise.
    """
    with _in_words(path), ExitStack() as locks:
        locks.callback(os.close, _lock(path))
        locks.enter_context(_keeping_others_from(path))
        yield


def _give_way() -> int:
    """Sleep for a moment within a long statement. On a single core the thread that answers queries
    might otherwise wait for the end of the scheduler's slice, some milliseconds."""
    time.sleep(0.0002)
    return 0


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Raise whatever keeps the database from being opened as a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot open database {path}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        without = getattr(error, "sqlite_errorcode", None) in _WITHOUT_SHARED_MEMORY
        reason = f"{error}: {NO_SHARED_MEMORY}" if without else error
        raise StoreError(f"cannot use database {path}: {reason}") from error


def _lock(path: Path, given: int | None = None) -> int:
    """Hold ``<path>.lock``, by a descriptor of our own or one that was handed over."""
    try:
        if given is None:
            return acquire(lock_path(path))
        return take_over(lock_path(path), given)
    except Locked as error:
        raise StoreInUse(f"database {path} is in use by process {error}") from None


def _lock_itself(path: Path, *, create: bool = False) -> int:
    """Hold the lock on the database itself; create it with mode 0600 if need be."""
    there = path.exists()
    # Asked before it is opened, for closing it drops the locks of a store in this very process.
    if path.is_file() and (links := path.stat().st_nlink) > 1:
        raise StoreError(
            f"database {path} has {links} names (hard links), and may have only one: under each it"
            " would get another log"
        )
    try:
        descriptor = acquire_itself(path, create)
    except Locked:
        raise StoreInUse(
            f"database {path} is in use by a process that opened it under another name, or whose"
            " lock file was removed"
        ) from None
    if not there:
        sync_directory(path.parent)  # lest its name get lost
    return descriptor


@contextmanager
def _keeping_others_from(path: Path) -> Iterator[None]:
    """Hold the lock on the database itself, if there is one, while its files are replaced."""
    with ExitStack() as lock:
        if path.exists():
            lock.callback(os.close, _lock_itself(path))
        yield


def _prepare(connection: sqlite3.Connection, path: Path) -> bool:
    """Bring the schema up to date; return whether the database was empty."""
    db = Database(connection, execute_plugins=False)
    created = not is_ours(db, path)
    version = schema_of(connection, path)
    # The log takes commits in order, with one fsync each, and lets others read beside the writer.
    (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise StoreError(f"cannot use database {path}: {NO_SHARED_MEMORY}")
    # NORMAL would not sync the log at a commit: a power cut would take acknowledged updates back.
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    # A checkpoint costs two fsyncs and copies each page once, however often it was written.
    connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # A reader that took long has let the log grow; what is beyond this is given back after it.
    connection.execute(f"pragma journal_size_limit = {CHECKPOINT_PAGES * 4096}")
    migrate(db, path, version)
    return created


def connect(to: str | Path, timeout: float = 1.0) -> sqlite3.Connection:
    """Connect to a database, given as a path or an SQLite URI.

    :param timeout: seconds that the connection waits for a lock of SQLite's
    """
    connection = sqlite3.connect(
        to,
        uri=isinstance(to, str),
        isolation_level=None,
        timeout=timeout,
        check_same_thread=False,
    )
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect to a database that is there, to read it."""
    connection = connect(f"{path.absolute().as_uri()}?mode=rw")
    try:
        connection.execute("pragma query_only = on")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def view(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a consistent view of the latest committed state, on a connection that cannot write and
    may be handed from one thread to another."""
    connection = connect_to_read(path)
    try:
        connection.execute("begin")  # the view is fixed by the first statement that reads
        yield connection
    finally:
        connection.close()
