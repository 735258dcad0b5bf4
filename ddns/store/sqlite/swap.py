"""Replace a database by another one: wholly, or not at all.

A database is several files, and no two files change their names at once; a new database beside the
former one's write-ahead log would be ruined by it. So the new one is made ready under a name of its
own, whole and on disk. Giving it that name is the commit: whoever opens the database next, however
the process that did it came to its end, first rolls the swap forward.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ddns.system.files import replaced_path, restored_path, sync_directory

COMPANIONS = ("-journal", "-shm", "-wal")
"""The suffixes of the files that SQLite keeps beside a database."""


def commit(path: Path, ready: Path) -> Path:
    """Decide that the database *ready*, which is whole and on disk, replaces the one at *path*;
    return the name that the former one will be kept under."""
    while _kept_as(path, ready).exists():  # such names are a second apart
        os.utime(ready, (ready.stat().st_mtime + 1,) * 2)
    kept = _kept_as(path, ready)
    os.rename(ready, restored_path(path))
    sync_directory(path.parent)
    return kept


def roll_forward(path: Path) -> None:
    """Carry out a committed swap, if there is one; the former database keeps its files under
    another name. May be interrupted anywhere, and be begun again."""
    ready = restored_path(path)
    if not ready.exists():
        return
    kept = _kept_as(path, ready)
    # The database itself goes last: without it, its log would be taken for nobody's.
    for suffix in (*COMPANIONS, ""):
        former = path.with_name(path.name + suffix)
        if former.exists():
            os.rename(former, kept.with_name(kept.name + suffix))
    sync_directory(path.parent)
    os.rename(ready, path)
    sync_directory(path.parent)


def _kept_as(path: Path, ready: Path) -> Path:
    """Return where the former database goes: named after when the new one was made ready."""
    made = datetime.fromtimestamp(ready.stat().st_mtime, UTC)
    return replaced_path(path, f"{made:%Y%m%dT%H%M%SZ}")
