"""The lock that says which process has a database open: ``flock`` on a file of its own.

A file of its own, because closing any descriptor of the database would drop the locks that SQLite
has on it (POSIX advisory locks belong to the process). This one belongs to what was opened: whoever
gets a duplicate of the descriptor, through ``exec`` or over a Unix socket, has the lock as well,
and it is free when the last of them is closed. So it can be handed on without ever being free.

Nothing here takes long to import.
"""

from __future__ import annotations

import fcntl
import os

Path = str | os.PathLike[str]


class Locked(Exception):
    """Another process has the lock; ``str()`` is its number, as far as that is known."""


def acquire(path: Path) -> int:
    """Take the lock that this file is; the descriptor that holds it.

    :raises Locked: when another process has it.
    :raises OSError: when the file cannot be opened or made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return _hold(os.open(path, flags, 0o600))


def take_over(path: Path, descriptor: int) -> int:
    """Make a lock ours that another process has handed on; the same descriptor, which is closed if
    this fails.

    :raises Locked: when a third process has it.
    :raises OSError: when the descriptor is none of this file.
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
    """Lock what is open, and leave our number in it for whoever asks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise Locked(holder) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return descriptor
