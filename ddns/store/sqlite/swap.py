"""Another database in the place of the one that is there: all of it or nothing.

A database is several files, and no two of them change their names at once: a new database beside
the former one's write-ahead log would be ruined by it. So the new one lies ready under a name of
its own, whole and on disk, and from the moment it has that name it counts: whoever opens the
database next, after whatever end of the process that put it there, first does what is left to do.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ddns.system.files import replaced_path, restored_path, sync_directory

COMPANIONS = ("-journal", "-shm", "-wal")
"""What SQLite keeps beside a database, by what it appends to the name."""


def announce(path: Path, ready: Path) -> Path:
    """Let the database *ready*, which is whole and on disk, be the one that counts; the name that
    the one at *path* will be kept under."""
    while replaced(path, ready).exists():  # names are a second apart
        os.utime(ready, (ready.stat().st_mtime + 1,) * 2)
    kept = replaced(path, ready)
    os.rename(ready, restored_path(path))
    sync_directory(path.parent)
    return kept


def finish(path: Path) -> None:
    """Put what was announced in its place, if something was; the former database keeps its files
    under another name. May end anywhere and be begun again."""
    ready = restored_path(path)
    if not ready.exists():
        return
    kept = replaced(path, ready)
    for suffix in (*COMPANIONS, ""):
        former = path.with_name(path.name + suffix)
        if former.exists():
            os.rename(former, kept.with_name(kept.name + suffix))
    sync_directory(path.parent)
    os.rename(ready, path)
    sync_directory(path.parent)


def replaced(path: Path, ready: Path) -> Path:
    """Where the former database goes: says when the new one was made ready."""
    made = datetime.fromtimestamp(ready.stat().st_mtime, UTC)
    return replaced_path(path, f"{made:%Y%m%dT%H%M%SZ}")
