"""Restore a database from a backup, with serials that do not go back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from ddns.model import names, records
from ddns.model.journal import EventKind
from ddns.model.leases import DAY
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.backup import copy
from ddns.store.sqlite.check import check
from ddns.store.sqlite.column_values import MAX_POSITION
from ddns.store.sqlite.database import connect, holding_the_lock
from ddns.store.sqlite.migrations import APPLICATION_ID, MIGRATIONS, is_ours, schema_of
from ddns.store.sqlite.swap import COMPANIONS, commit, roll_forward
from ddns.system.files import (
    belongs_to,
    lock_path,
    real_path,
    restored_path,
    unfinished_path,
    wal_path,
)

UNKNOWN = 2**20
"""How far serials are raised when the last ones are not known: at most so many commits may have
been made since the backup, and secondaries take a step of up to 2**31 - 1 (RFC 1982 3.2)."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The outcome: where the former database is, whether it could be read, the number of zones, and
    the zones whose serials were raised, each with its serial in the backup and now."""

    replaced: Path | None
    readable: bool
    zones: int
    raised: list[tuple[bytes, int, int]]


@dataclass(frozen=True, slots=True)
class _Former:
    """Serials and last journal position of the database that is replaced; the serials are those of
    removed zones as well."""

    serials: dict[bytes, int]
    position: int


def restore(path: Path, backup: Path, now: float) -> Restored:
    """Replace the database at *path* by *backup*; *now* is seconds since 1970.

    The zones' serials come after those of the replaced database, or far after those of the backup
    where it does not tell them: it is lost, or has been made anew. The journal goes on after its
    last position.

    :raises ddns.store.sqlite.database.StoreInUse: when another process has the database open.
    :raises StoreError: in one line, when the backup or the database cannot be used.
    """
    path = real_path(path)
    locked_before = lock_path(path).exists()
    with holding_the_lock(path):
        try:
            roll_forward(path)
            if belongs_to(path, backup):
                raise StoreError(f"{backup} belongs to the database itself")
            ready = unfinished_path(restored_path(path))
            _remove(ready)
            try:
                _take(backup, ready)
                former = _read_former(path)
                raised, zones = _raise_serials(ready, former, now)
                _copy_owner(path, ready)
                was_there = path.exists()
                kept = commit(path, ready)
            except BaseException:
                _remove(ready)
                if not locked_before and not path.exists():
                    lock_path(path).unlink(missing_ok=True)
                raise
            roll_forward(path)
        except OSError as error:
            raise StoreError(
                f"cannot restore {path}: {error.filename or ''}: {error.strerror}"
            ) from error
        except sqlite3.Error as error:
            raise StoreError(f"cannot restore {path}: {error}") from error
    return Restored(kept if was_there else None, former is not None, zones, raised)


def _take(backup: Path, ready: Path) -> None:
    """Copy the backup, and verify that the copy is whole and a database of ours."""
    if not backup.is_file():
        raise StoreError(f"{backup} is no file" if backup.exists() else f"there is no {backup}")
    try:
        with closing(_open(backup, "ro")) as source:
            (application,) = source.execute("pragma application_id").fetchone()
            if application != APPLICATION_ID:
                raise StoreError(f"{backup} is no backup of this program")
            source.execute("begin")
            schema_of(source, backup)
            copy(source, ready)
        with closing(_open(ready, "rw")) as connection:
            if faults := check(connection, only_malformed=True).faults:
                more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
                raise StoreError(f"{backup} is damaged: {faults[0]}{more}")
    except sqlite3.Error as error:
        raise StoreError(f"cannot use backup {backup}: {error}") from error


def _remove(ready: Path) -> None:
    for suffix in ("", *COMPANIONS):
        ready.with_name(ready.name + suffix).unlink(missing_ok=True)


def _read_former(path: Path) -> _Former | None:
    """Read the database that is to be replaced, and move its log into it.

    None if it does not exist or cannot be read; then it is left as it is, for whoever wants to save
    something of it."""
    if not path.exists():
        return None
    try:
        with closing(_open(path, "ro")) as connection:
            is_ours(Database(connection, execute_plugins=False), path)
            serials = _removed(connection)
            serials |= dict(connection.execute("select origin, serial from zone").fetchall())
            (position,) = connection.execute("select max(position) from journal").fetchone()
        with closing(_open(path, "rw")) as connection:  # now that it is known to be readable
            connection.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.Error:
        return None
    readable = all(isinstance(n, int) and 0 <= n < 2**32 for n in serials.values())
    readable = readable and isinstance(position or 0, int) and (position or 0) <= MAX_POSITION
    return _Former(serials, position or 0) if readable else None


def _raise_serials(
    ready: Path, former: _Former | None, now: float
) -> tuple[list[tuple[bytes, int, int]], int]:
    """Raise every zone's serial above its former one, and journal a RELOAD of each zone. Zones that
    the backup does not have count as removed."""
    raised = []
    with closing(_open(ready, "rw")) as connection:
        connection.execute("pragma synchronous = full")
        connection.execute("begin immediate")
        MIGRATIONS.apply(Database(connection, execute_plugins=False))
        _forget_what_went_on(connection, now)
        zones = connection.execute("select origin, serial from zone order by origin").fetchall()
        (position,) = connection.execute("select max(position) from journal").fetchone()
        position = max(position or 0, former.position if former else 0)
        for origin, serial in zones:
            later = _next_serial(serial, former, origin)
            position += 1
            if later != serial:
                raised.append((origin, serial, later))
                connection.execute("update zone set serial = ? where origin = ?", (later, origin))
            connection.execute(
                "insert into journal (position, at, who, via, kind, subject, zone, serial)"
                " values (?, ?, 'operator', 'restore', ?, ?, ?, ?)",
                (position, now, str(EventKind.RELOAD), names.to_text(origin), origin, later),
            )
        last = dict(former.serials if former else ())
        for origin, serial in _removed(connection).items():
            last[origin] = _next_serial(serial, former, origin)
        connection.executemany(
            "insert or replace into removed_zone (origin, serial) values (?, ?)",
            [(origin, last[origin]) for origin in last.keys() - dict(zones).keys()],
        )
        connection.execute("commit")
    return raised, len(zones)


def _forget_what_went_on(connection: sqlite3.Connection, now: float) -> None:
    """Forget what the backup cannot know: which sessions have ended since, which notices have been
    sent, what services were told of hosts, and whether hosts were silent."""
    connection.execute("delete from session")
    connection.execute("delete from notice")
    connection.execute("update relay set delivered = null, next = ?", (now,))
    connection.execute(
        "update host_word set since = ?1, silent_at = ?1 + days * ?2 where silent_at is not null",
        (now, DAY),
    )


def _removed(connection: sqlite3.Connection) -> dict[bytes, int]:
    """Return the last serials of removed zones, which former schemas do not have."""
    table = "select 1 from sqlite_master where name = 'removed_zone'"
    if connection.execute(table).fetchone() is None:
        return {}
    return dict(connection.execute("select origin, serial from removed_zone").fetchall())


def _next_serial(serial: int, former: _Former | None, origin: bytes) -> int:
    was = former.serials.get(origin) if former else None
    if was is None:
        return records.serial_after((serial + UNKNOWN - 1) % 2**32)
    return serial if records.is_later(serial, was) else records.serial_after(was)


def _copy_owner(path: Path, ready: Path) -> None:
    """Give the new database the former one's owner: root may restore the database of a server that
    runs as another user."""
    if path.exists():
        owner = path.stat()
        with suppress(PermissionError):
            os.chown(ready, owner.st_uid, owner.st_gid)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    # Where there is no log nobody has it open, and SQLite would leave an empty one behind.
    alone = mode == "ro" and not wal_path(path).exists()
    return connect(f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if alone else ''}")
