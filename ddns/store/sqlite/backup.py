"""Copy a database: one consistent state of it, and either whole and durable or not there at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ddns.store.interfaces import StoreError
from ddns.store.results import Copied
from ddns.system.files import sync_directory, unfinished_path

STEP_PAGES = 64
"""Pages that one step copies: 256 KiB, less than a millisecond."""

SYNC_STEPS = 64
"""Steps between two flushes to disk: one large flush at the end would keep the writer's small ones
waiting."""

_VERSIONS_AT, _NO_LOG = 18, b"\x01\x01"  # https://www.sqlite.org/fileformat.html 1.3.3


def copy(
    source: sqlite3.Connection,
    to: Path,
    *,
    replace: bool = False,
    pause: Callable[[], None] = lambda: None,
) -> Copied:
    """Copy what *source* sees within its read transaction to the file *to*, mode 0600.

    *pause* is called between two steps; an exception of it ends the copy. The file gets its name
    when it is whole and on disk.

    :raises StoreError: when *to* exists and may not be replaced, or is no regular file.
    :raises OSError: when the file cannot be written.
    :raises sqlite3.Error: when either database fails.
    """
    # Without a transaction SQLite's backup restarts whenever another connection has written, and
    # beside a busy writer it would never end.
    assert source.in_transaction
    unfinished = unfinished_path(to)
    refuse_to_overwrite(to, replace)
    unfinished.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(unfinished, flags, 0o600)
    try:
        try:
            copied = _fill(source, unfinished, descriptor, pause)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        refuse_to_overwrite(to, replace)
        os.rename(unfinished, to)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_directory(to.parent)
    return copied


def refuse_to_overwrite(path: Path, replace: bool) -> None:
    """Raise StoreError if something is at *path* that may not be replaced."""
    if os.path.lexists(path) and not path.is_file():
        raise StoreError(f"{path} is no file")
    if os.path.lexists(path) and not replace:
        raise StoreError(f"{path} exists already")


def _fill(
    source: sqlite3.Connection, path: Path, descriptor: int, pause: Callable[[], None]
) -> Copied:
    (position,) = source.execute("select coalesce(max(position), 0) from journal").fetchone()
    (zones,) = source.execute("select count(*) from zone").fetchone()
    steps = 0

    def between_steps(status: int, remaining: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % SYNC_STEPS == 0:
            os.fdatasync(descriptor)
        pause()

    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        # No durability on the way: nobody opens the file before it is whole and has been synced.
        target.execute("pragma synchronous = off")
        target.execute("pragma journal_mode = off")
        source.backup(target, pages=STEP_PAGES, progress=between_steps)
    # The copied header says WAL. Without, the copy is one file, and is read where none can be made.
    os.pwrite(descriptor, _NO_LOG, _VERSIONS_AT)
    return Copied(os.fstat(descriptor).st_size, position, zones)
