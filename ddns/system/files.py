"""The files beside a database, and how to name a socket whose path is long."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def socket_path(database: str | Path) -> Path:
    """The control socket of the server that has this database open."""
    return Path(f"{database}.sock")


def lock_path(database: str | Path) -> Path:
    """The file whose lock says which process has this database open."""
    return Path(f"{database}.lock")


def key_path(database: str | Path) -> Path:
    """The key file: what seals secrets in this database."""
    return Path(f"{database}.key")


def wal_path(database: str | Path) -> Path:
    """SQLite's write-ahead log: what has been committed and not moved into the database yet."""
    return Path(f"{database}-wal")


def sample_path(database: str | Path) -> Path:
    """Where a new server without a terminal leaves the lines that try it out."""
    return Path(f"{database}.sample.txt")


def unfinished_path(file: Path) -> Path:
    """What a file is called as long as it is not whole."""
    return file.with_name(f"{file.name}.new")


def migration_backup_path(database: Path, version: str) -> Path:
    """The copy of a database that is made before its schema becomes that of *version*."""
    return database.with_name(f"{database.name}.before-{version}")


def restored_path(database: Path) -> Path:
    """What is to take the place of the database, whole and on disk: the next to open it does it."""
    return database.with_name(f"{database.name}.restored")


def replaced_path(database: Path, date: str) -> Path:
    """The database that a restored one has taken the place of."""
    return database.with_name(f"{database.name}.replaced-{date}")


def belongs_to(database: Path, file: Path) -> bool:
    """Whether a file is the database, or one of those beside it that a server needs."""
    needed = ["", ".lock", ".sock", ".key", "-wal", "-shm", "-journal", ".restored"]
    resolved = file.parent.resolve() / file.name
    of = database.resolve()
    return resolved.resolve() == of or resolved in [
        of.with_name(of.name + suffix) for suffix in needed
    ]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once and durably by one that only its owner can read. Blocks.

    :raises OSError: when it cannot be written; the former file stays.
    """
    unfinished = unfinished_path(path)
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
        os.rename(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket at *path* that fits into a socket address, which holds 107 octets. It
    holds good within this process and this context."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
