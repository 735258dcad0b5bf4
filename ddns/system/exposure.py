"""Files that everybody on the machine can write, or read although they hold secrets."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ddns.system.files import (
    acme_path,
    key_path,
    real_path,
    restored_path,
    sample_path,
    shm_path,
    wal_path,
)

_READ_OR_WRITE = stat.S_IROTH | stat.S_IWOTH


def secret_files(database: str | Path) -> list[Path]:
    """Return the files of a database that hold secrets, whether they exist or not, the former
    databases that are kept beside it, and what belongs to the server's own certificate."""
    path = real_path(database)
    kept = (
        file
        for suffix in (".before-*", ".replaced-*")
        for file in path.parent.glob(glob.escape(path.name) + suffix)
    )
    beside = (wal_path, shm_path, key_path, restored_path, sample_path)
    return [path, *(of(path) for of in beside), *sorted(kept), *sorted(acme_path(path).glob("*"))]


def exposed(files: Iterable[Path]) -> list[str]:
    """Return a line for each of these files with secrets that is open to everybody."""
    return _open_to_others(files, _READ_OR_WRITE, "holds secrets and is open to everybody")


def writable(files: Iterable[Path]) -> list[str]:
    """Return a line for each of these files that everybody can write: it says what a server does,
    or whom it trusts."""
    return _open_to_others(files, stat.S_IWOTH, "can be changed by everybody")


def _open_to_others(files: Iterable[Path], bits: int, what: str) -> list[str]:
    lines = []
    for file in files:
        try:
            mode = stat.S_IMODE(os.stat(file).st_mode)
        except OSError:
            continue
        if mode & bits:
            lines.append(f"{file} {what}: its mode is {mode:04o}")
    return lines


def close_to_others(database: str | Path) -> list[str]:
    """Close our own files of a database to everybody else; return a line for each that was open.

    Files beside the database may be a group's. Those of the server's own certificate are in a
    folder that is closed to groups, and such a mode is no purpose but a mistake.
    """
    lines, private = [], acme_path(database)
    for file in secret_files(database):
        try:
            # O_PATH: no link is followed for root in somebody's directory, and closing this does
            # not drop locks on the file.
            descriptor = os.open(file, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            found = os.fstat(descriptor)
            mode = stat.S_IMODE(found.st_mode)
            ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
            if ours and mode & _READ_OR_WRITE:
                taken = stat.S_IRWXO | (stat.S_IRWXG if file.parent == private else 0)
                os.chmod(f"/proc/self/fd/{descriptor}", mode & ~taken)
                lines.append(f"{file} was open to everybody, with mode {mode:04o}; now it is not")
        finally:
            os.close(descriptor)
    return lines
