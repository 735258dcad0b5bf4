"""How one process leaves a connection or the database to another, over the control socket.

The other end is :mod:`ddns.net.http.control_fds`. The inetd client imports this once for every
connection that a super-server accepts, so it imports nothing that takes long to import: no socket,
no http.client.
"""

from __future__ import annotations

import _socket
import errno
import fcntl
import os
import sys
import time

from ddns.system.lock import Locked, acquire

MIN_PAUSE, MAX_PAUSE = 0.01, 0.1
"""Seconds between two attempts; each pause is half as long again as the one before."""

_NOBODY = (errno.ENOENT, errno.ECONNREFUSED)
_LATER = (*_NOBODY, errno.EAGAIN, errno.ECONNRESET, errno.EPIPE)


class NoAnswer(Exception):
    """Nobody has taken it. Somebody may, if it is tried again."""


class Refused(Exception):
    """It was refused, or nobody can tell whether it was taken; ``str()`` says why."""


def hand_over_or_lock(database: str, service: str, connection: int, patience: float) -> int | None:
    """Have whoever serves the database serve a connection, too: None when it is. Where nobody
    does, the descriptor of the database's lock, which is ours then.

    :raises Refused: when there is no database, the connection is not taken, or the lock cannot be
        had; also after *patience* seconds in which somebody had the lock and served nothing.
    """
    deadline = time.monotonic() + patience
    pause = MIN_PAUSE
    while True:
        try:
            hand_over(database, service, connection, patience)
            return None
        except NoAnswer:
            pass
        if not any(os.path.exists(f"{database}{suffix}") for suffix in ("", ".restored")):
            raise Refused(f"there is no database {database}")
        try:
            return acquire(f"{database}.lock")
        except Locked as error:
            if time.monotonic() > deadline:
                raise Refused(f"process {error} has {database} and serves nothing") from None
        except OSError as error:
            raise Refused(f"cannot open database {database}: {error.strerror}") from None
        time.sleep(pause)
        pause = min(pause * 1.5, MAX_PAUSE)


def hand_over(database: str, service: str, connection: int, timeout: float) -> None:
    """Have whoever serves the database serve a connection. A client that has gone is served.

    :raises NoAnswer: when nobody has taken it.
    :raises Refused: when the server does not want it, or does not answer in *timeout* seconds.
    """
    status, answer, _ = _ask(database, f"/connections/{service}", connection, timeout)
    if status not in (200, 410):
        raise Refused(answer)


def take_lock(database: str, timeout: float) -> int:
    """End whoever serves the database on behalf of a super-server only; the descriptor of the
    lock, which goes from them to us without ever being free.

    :raises NoAnswer: when nobody answers yet or any more.
    :raises Refused: when it is a server, which does not end for us.
    """
    status, answer, lock = _ask(database, "/lock", None, timeout)
    if status != 200 or lock is None:
        raise Refused(answer)
    return lock


def take_client() -> int:
    """Take the client's socket away from the standard descriptors, so that nothing that anybody
    prints can get to the client; the descriptor that it has now."""
    client = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in (2, 1, 0):
        if is_client(descriptor):
            os.dup2(nothing, descriptor)
    os.close(nothing)
    return client


def is_client(descriptor: int) -> bool:
    """Whether a descriptor is the same as what is on 0, or none at all. Where that is a terminal,
    somebody runs this by hand, and there is no client."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.fstat(0)) and not os.isatty(0)
    except OSError:
        return True


def report(line: str) -> None:
    """Say something where somebody may read it: on standard error, unless that is the client or
    leads nowhere, or else in the system's log."""
    if is_client(2):
        import syslog

        syslog.openlog("ddns-inetd", syslog.LOG_PID)
        syslog.syslog(syslog.LOG_ERR, line.encode(errors="backslashreplace").decode())
    else:
        os.write(2, f"ddns-inetd: {line}\n".encode(errors="surrogateescape"))


def _ask(
    database: str, target: str, descriptor: int | None, timeout: float
) -> tuple[int, str, int | None]:
    """Send a request, perhaps with a descriptor; status, what is said beside it, and the descriptor
    that came back.

    Until there is an answer, nothing was done with ours: see :mod:`ddns.net.http.control_fds`.
    """
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        _connect(sock, f"{database}.sock")
        rights = [] if descriptor is None else [_rights(descriptor)]
        sock.sendmsg([f"POST {target} HTTP/1.0\r\n\r\n".encode()], rights)
        octets, came = _read(sock)
    except TimeoutError:
        raise Refused(f"the server of {database} does not answer") from None
    except OSError as error:
        if error.errno in _LATER:
            raise NoAnswer from None
        raise Refused(f"cannot ask the server of {database}: {error.strerror or error}") from None
    finally:
        sock.close()
    head, _, body = octets.partition(b"\r\n\r\n")
    status = head[9:12]  # HTTP/1.0 200 OK
    if not status.isdigit() or status == b"503":
        raise NoAnswer
    message = body.partition(b'"message": "')[2].partition(b'"')[0]
    return int(status), message.decode("utf-8", "replace"), came


def _connect(sock: _socket.socket, path: str) -> None:
    """Connect to a socket whose path may be longer than its address can hold, which is 107 octets.
    :func:`ddns.system.files.short_path` is the same, and takes long to import."""
    if len(os.fsencode(path)) < 100:
        return sock.connect(path)
    folder, name = os.path.split(path)
    directory = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.connect(f"/proc/self/fd/{directory}/{name}")
    finally:
        os.close(directory)


def _rights(descriptor: int) -> tuple[int, int, bytes]:
    return _socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptor.to_bytes(4, sys.byteorder)


def _read(sock: _socket.socket) -> tuple[bytes, int | None]:
    """All that is answered, and the descriptor that comes with it, if one does."""
    octets, came = b"", None
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(
                65536, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionResetError:  # it may have said enough before
            return octets, came
        for level, kind, rights in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                came = int.from_bytes(rights, sys.byteorder)
        if not data:
            return octets, came
        octets += data
