"""The locks of the process that has a database open: on a file beside it, and on itself.

The file beside it, ``DATABASE.lock``, says who has the database. Its ``flock`` belongs to the open
file description: whoever has a duplicate of the descriptor, through ``exec`` or over a Unix socket,
holds the lock, and closing the last one releases it. So it can be handed over without ever being
free. The database cannot serve for that: closing any descriptor of it drops SQLite's own locks
(POSIX advisory locks belong to the process).

The lock on the database itself holds under whatever name somebody opens it, and whatever became of
the file beside it. It is there as long as the database is open, and is not handed over.

This module must stay quick to import (see :mod:`ddns.system.handover`).
"""

from __future__ import annotations

import errno
import fcntl
import os

Path = str | os.PathLike[str]

_MAX_LINKS = 40
"""How many links Linux follows (path_resolution(7))."""

_FREE_BYTE = 2**62
"""Where the lock on the database itself is; SQLite locks a few hundred bytes from 2**30 on."""


def real_file(path: Path) -> str:
    """Return the file that a database is, whatever symbolic links lead to it. Lock, control socket
    and all the other files beside a database go by that name.

    Directories stay as they were given: the files beside it are in the same one, and those below
    ``/proc/PID/root`` cannot be named otherwise.
    """
    path = os.fspath(path)
    for _ in range(_MAX_LINKS):
        try:
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        except OSError:  # it is no link
            break
    return path


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


def acquire_itself(path: Path, create: bool) -> int:
    """Lock the database *path* itself; return the descriptor that holds the lock.

    If there is none, *create* makes an empty one with mode 0600. The descriptor must be closed only
    while this process does not have the database open: see above.

    :raises Locked: if another process holds the lock.
    :raises OSError: if the file cannot be opened or created.
    """
    import struct  # for whoever opens the database, not whoever hands a connection over

    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    descriptor = os.open(path, flags, 0o600)
    # An open file description lock (fcntl(2)) of a byte that SQLite never locks. An flock of the
    # whole file would be in the way of SQLite's locks on NFS, where both are of one kind.
    lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _FREE_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
    except OSError as error:
        if error.errno == errno.EINVAL:  # a kernel without them, such as gVisor: we do without
            return descriptor
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise Locked from None
        raise
    return descriptor


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
