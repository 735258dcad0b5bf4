"""The database file: who may open it, what makes it durable, and whether it is ours at all."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database
from twisted.logger import Logger

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.backup import copy
from ddns.store.sqlite.migrations import MIGRATIONS
from ddns.store.sqlite.swap import finish
from ddns.system.files import lock_path, migration_backup_path, sync_directory
from ddns.system.lock import Locked, acquire, take_over

LONG_STATEMENT = 20_000
"""Steps of SQLite's machine between two rests of a long statement, about a millisecond."""

CHECKPOINT_PAGES = 4000
"""How long the log grows before it is moved into the database: 16 MiB."""

APPLICATION_ID = 0x64646E73  # "ddns"; says in the file's header whose it is


_log = Logger()


class StoreInUse(StoreError):
    """Another process holds the lock of this database."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open database: the writer's connection, the lock that keeps others out."""

    connection: sqlite3.Connection
    lock: int
    created: bool

    def close(self) -> None:
        """Move the log into the database and let others have it."""
        try:
            self.connection.execute("pragma wal_checkpoint(truncate)")
            self.connection.close()
        finally:
            os.close(self.lock)


def open_database(path: Path, busy_step: float, lock: int | None = None) -> Opened:
    """Take the lock, or use the one that was handed on to us, whose descriptor is *lock*; create or
    migrate the file, and set what durability needs.

    The connection may be handed to another thread. It waits *busy_step* seconds for a lock of
    SQLite's.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, for whatever else stands in the way.
    """
    lock = _lock(path, lock)
    try:
        finish(path)
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
    """Keep everybody else from the database for a while, without opening it.

    :raises StoreInUse: another process has the lock.
    :raises StoreError: in one line, when the lock cannot be had otherwise.
    """
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _give_way() -> int:
    """Sleep for a moment in a long statement. On a single core the thread that answers queries may
    else have to wait for the end of the scheduler's slice, some milliseconds."""
    time.sleep(0.0002)
    return 0


def _lock(path: Path, given: int | None = None) -> int:
    """Hold ``<path>.lock``, which may have been handed on to us."""
    try:
        if given is None:
            return acquire(lock_path(path))
        return take_over(lock_path(path), given)
    except Locked as error:
        raise StoreInUse(f"database {path} is in use by process {error}") from None
    except OSError as error:
        raise StoreError(f"cannot open database {path}: {error.strerror or error}") from error


def _create_file(path: Path) -> None:
    """Make the file, readable by its owner only, and make its name survive a power cut."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    sync_directory(path.parent)


def _prepare(connection: sqlite3.Connection, path: Path) -> bool:
    """Bring the schema up to date; says whether the database was empty."""
    (application,) = connection.execute("pragma application_id").fetchone()
    (tables,) = connection.execute("select count(*) from sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program")
    db = Database(connection, execute_plugins=False)
    version = schema_of(db, path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    # A checkpoint costs two fsyncs and copies each page once, however often it was written.
    connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # A reader that took long has let the log grow; what is beyond this is given back after it.
    connection.execute(f"pragma journal_size_limit = {CHECKPOINT_PAGES * 4096}")
    if MIGRATIONS.pending(db):
        _migrate(db, path, version)
    return not tables


def schema_of(db: Database, path: Path) -> str:
    """The last step of the schema that a database of ours has had, "" for an empty one.

    :raises StoreError: when this program does not know it.
    """
    known = [migration.name for migration in MIGRATIONS._migrations]
    applied = [migration.name for migration in MIGRATIONS.applied(db)]
    if newer := set(applied) - set(known):
        raise StoreError(
            f"{path} was written by a newer version of this program: its schema is {max(newer)},"
            f" and this version knows those up to {known[-1]}"
        )
    return max(applied, default="")


def _migrate(db: Database, path: Path, version: str) -> None:
    """Bring the schema up to date, in one transaction; what was there before is kept beside it."""
    connection = db.conn
    latest = MIGRATIONS._migrations[-1].name
    if version:
        before = migration_backup_path(path, latest.partition("_")[0])
        connection.execute("begin")
        copy(connection, before, replace=True)
        connection.execute("commit")
        _log.info(
            "the schema of {path} goes from {version} to {latest};"
            " the database as it was is kept as {before}",
            path=str(path),
            version=version,
            latest=latest,
            before=str(before),
        )
    connection.execute("begin immediate")
    if not version:
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
    MIGRATIONS.apply(db)
    connection.execute("commit")


@contextmanager
def view(path: Path) -> Iterator[sqlite3.Connection]:
    """A consistent view of the latest committed state, on a connection that cannot write. It may be
    handed from one thread to another."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=1.0,
        check_same_thread=False,
    )
    try:
        connection.execute("pragma query_only = on")
        connection.execute("begin")
        yield connection
    finally:
        connection.close()
