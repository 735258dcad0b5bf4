"""The lock of the process that has a database open: ``flock`` on a separate file.

A separate file, because closing any descriptor of the database would drop SQLite's locks on it
(POSIX advisory locks belong to the process). An ``flock`` belongs to the open file description:
whoever has a duplicate of the descriptor, through ``exec`` or over a Unix socket, holds the lock,
and closing the last one releases it. So it can be handed over without ever being free.

This module must stay quick to import (see :mod:`ddns.system.handover`).
"""

from __future__ import annotations

import fcntl
import os

Path = str | os.PathLike[str]


class Locked(Exception):
    """Another process holds the lock; ``str()`` is its process ID, if known."""


def acquire(path: Path) -> int:
    """Take the lock *path*; return the descriptor that holds it.

    :raises Locked: if another process holds it.
    :raises OSError: if the file cannot be opened or created.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return _hold(os.open(path, flags, 0o600))


def take_over(path: Path, descriptor: int) -> int:
    """Take over a lock that another process has handed over; return the same descriptor.

    The descriptor is closed if this fails.

    :raises Locked: if a third process holds the lock.
    :raises OSError: if the descriptor is not one of this file.
    """
    try:
        if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
            raise OSError(f"descriptor {descriptor} is not {os.fspath(path)}")
        os.set_inheritable(descriptor, False)
    except OSError:
        os.close(descriptor)
        raise
    return _hold(descriptor)


def _hold(descriptor: int) -> int:
    """Lock the open file, and write our process ID to it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise Locked(holder) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor
