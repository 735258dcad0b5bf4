"""Open the database file: its lock, its durability, its schema."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.migrations import is_ours, migrate, schema_of
from ddns.store.sqlite.swap import roll_forward
from ddns.system.files import lock_path, sync_directory
from ddns.system.lock import Locked, acquire, take_over

LONG_STATEMENT = 20_000
"""Instructions of SQLite's virtual machine between two pauses of a long statement, about 1 ms."""

CHECKPOINT_PAGES = 4000
"""Pages of the write-ahead log after which it is moved into the database: 16 MiB."""


class StoreInUse(StoreError):
    """Another process holds the lock of this database."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open database: the writer's connection, the descriptor of the lock that keeps other
    processes out, and whether the database was made just now."""

    connection: sqlite3.Connection
    lock: int
    created: bool

    def close(self) -> None:
        """Move the log into the database, close it and release the lock."""
        try:
            self.connection.execute("pragma wal_checkpoint(truncate)")
            self.connection.close()
        finally:
            os.close(self.lock)


def open_database(path: Path, busy_step: float, lock: int | None = None) -> Opened:
    """Take the lock, create or migrate the file, and set what durability needs.

    :param busy_step: seconds that the connection waits for a lock of SQLite's
    :param lock: the descriptor of our lock, if another process handed it over; closed on failure

    The connection may be handed to another thread.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, for whatever else stands in the way.
    """
    lock = _lock(path, lock)
    try:
        roll_forward(path)
        _create_file(path)
        connection = sqlite3.connect(
            path, timeout=busy_step, isolation_level=None, check_same_thread=False
        )
        try:
            opened = Opened(connection, lock, _prepare(connection, path))
            connection.set_progress_handler(_give_way, LONG_STATEMENT)
            return opened
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        os.close(lock)
        raise StoreError(f"cannot open database {path}: {error.strerror}") from error
    except sqlite3.Error as error:
        os.close(lock)
        raise StoreError(f"cannot use database {path}: {error}") from error
    except BaseException:
        os.close(lock)
        raise


@contextmanager
def holding_the_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a database without opening it.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, when the lock cannot be had otherwise.
    """
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _give_way() -> int:
    """Sleep for a moment within a long statement. On a single core the thread that answers queries
    might otherwise wait for the end of the scheduler's slice, some milliseconds."""
    time.sleep(0.0002)
    return 0


def _lock(path: Path, given: int | None = None) -> int:
    """Hold ``<path>.lock``, by a descriptor of our own or one that was handed over."""
    try:
        if given is None:
            return acquire(lock_path(path))
        return take_over(lock_path(path), given)
    except Locked as error:
        raise StoreInUse(f"database {path} is in use by process {error}") from None
    except OSError as error:
        raise StoreError(f"cannot open database {path}: {error.strerror or error}") from error


def _create_file(path: Path) -> None:
    """Create the file with mode 0600, and sync the directory lest its name get lost."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    sync_directory(path.parent)


def _prepare(connection: sqlite3.Connection, path: Path) -> bool:
    """Bring the schema up to date; return whether the database was empty."""
    db = Database(connection, execute_plugins=False)
    created = not is_ours(db, path)
    version = schema_of(db, path)
    # The log takes commits in order, with one fsync each, and lets others read beside the writer.
    connection.execute("pragma journal_mode = wal")
    # NORMAL would not sync the log at a commit: a power cut would take acknowledged updates back.
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    # A checkpoint costs two fsyncs and copies each page once, however often it was written.
    connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # A reader that took long has let the log grow; what is beyond this is given back after it.
    connection.execute(f"pragma journal_size_limit = {CHECKPOINT_PAGES * 4096}")
    migrate(db, path, version)
    return created


@contextmanager
def view(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a consistent view of the latest committed state, on a connection that cannot write and
    may be handed from one thread to another."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=1.0,
        check_same_thread=False,
    )
    try:
        connection.execute("pragma query_only = on")
        connection.execute("begin")  # the view is fixed by the first statement that reads
        yield connection
    finally:
        connection.close()
