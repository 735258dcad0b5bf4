"""Paths of the files beside a database, and durable writing of files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ddns.system.lock import real_file


def real_path(database: str | Path) -> Path:
    """Return the file that a database is, as a path: see :func:`ddns.system.lock.real_file`."""
    return Path(real_file(database))


def _beside(database: str | Path, suffix: str) -> Path:
    return Path(f"{real_file(database)}{suffix}")


def socket_path(database: str | Path) -> Path:
    """Return the control socket of the server that has this database open."""
    return _beside(database, ".sock")


def lock_path(database: str | Path) -> Path:
    """Return the lock file of this database (:mod:`ddns.system.lock`)."""
    return _beside(database, ".lock")


def key_path(database: str | Path) -> Path:
    """Return the key file that seals secrets in this database."""
    return _beside(database, ".key")


def wal_path(database: str | Path) -> Path:
    """Return SQLite's write-ahead log."""
    return _beside(database, "-wal")


def shm_path(database: str | Path) -> Path:
    """Return SQLite's index of the write-ahead log, which processes share."""
    return _beside(database, "-shm")


def sample_path(database: str | Path) -> Path:
    """Return the file in which a new server without a terminal leaves its sample commands."""
    return _beside(database, ".sample.txt")


def download_path(database: str | Path) -> Path:
    """Return the file that a copy of a database is written to before it is sent to an operator."""
    return _beside(database, ".download")


def acme_path(database: str | Path) -> Path:
    """Return the folder of the server's own certificate, its key, and the account that got it."""
    return _beside(database, ".acme")


def unfinished_path(file: Path) -> Path:
    """Return the temporary name under which a file is written."""
    return file.with_name(f"{file.name}.new")


def migration_backup_path(database: str | Path, version: str) -> Path:
    """Return the backup of a database that is made before its migration to *version*."""
    return _beside(database, f".before-{version}")


def restored_path(database: str | Path) -> Path:
    """Return the complete database that replaces this one when it is next opened."""
    return _beside(database, ".restored")


def replaced_path(database: str | Path, date: str) -> Path:
    """Return the name for a database that a restored one has replaced."""
    return _beside(database, f".replaced-{date}")


def belongs_to(database: Path, file: Path) -> bool:
    """Return whether a file is the database or one of the files beside it that a server needs."""
    needed = ["", ".lock", ".sock", ".key", "-wal", "-shm", "-journal", ".restored"]
    resolved = file.parent.resolve() / file.name
    of = database.resolve()
    return resolved.resolve() == of or resolved in [
        of.with_name(of.name + suffix) for suffix in needed
    ]


def sync_directory(directory: Path) -> None:
    """Flush a directory, so that its entries survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once and durably by one that only its owner can read. Blocks.

    :raises OSError: when it cannot be written; the former file stays.
    """
    # A name of its own: two processes may write the same file at once.
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        left = memoryview(content)
        while left:  # on a disk that is nearly full, a part may be written
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
        os.rename(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Yield a name for *path* that fits into a Unix socket address, which holds 107 octets.

    It is valid in this process and within this context only.
    """
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
