"""Hand over a connection or the database lock to another process, over the control socket.

The server side is :mod:`ddns.net.http.control_fds`. The inetd client imports this module once for
each connection that a super-server accepts, so it must not import slow modules such as socket or
http.client.
"""

from __future__ import annotations

import _socket
import errno
import fcntl
import os
import sys
import time

from ddns.system.lock import Locked, acquire, real_file

MIN_PAUSE, MAX_PAUSE = 0.01, 0.1
"""First and longest pause between attempts in seconds; each is 1.5 times the one before."""

_RETRY = (errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN, errno.ECONNRESET, errno.EPIPE)


class NoAnswer(Exception):
    """No server has accepted; a retry may succeed."""


class Refused(Exception):
    """The server refused, or did not say whether it accepted; ``str()`` explains why."""


def hand_over_or_lock(database: str, service: str, connection: int, timeout: float) -> int | None:
    """Hand a connection to the server of the database; return None if it accepted.

    If there is no server, take the database's lock and return its descriptor.

    :raises Refused: if there is no database, the connection is refused, the lock cannot be taken,
        or another process holds the lock for *timeout* seconds without serving.
    """
    real = real_file(database)
    deadline = time.monotonic() + timeout
    pause = MIN_PAUSE
    while True:
        try:
            hand_over(database, service, connection, timeout)
            return None
        except NoAnswer:
            pass
        if not any(os.path.exists(f"{real}{suffix}") for suffix in ("", ".restored")):
            raise Refused(f"there is no database {database}")
        try:
            return acquire(f"{real}.lock")
        except Locked as error:
            if time.monotonic() > deadline:
                raise Refused(f"process {error} has {database} and serves nothing") from None
        except OSError as error:
            raise Refused(f"cannot open database {database}: {error.strerror}") from None
        time.sleep(pause)
        pause = min(pause * 1.5, MAX_PAUSE)


def hand_over(database: str, service: str, connection: int, timeout: float) -> None:
    """Hand a connection to the server of the database. A client that has gone counts as served.

    :raises NoAnswer: if no server has accepted.
    :raises Refused: if the server refuses, or does not answer within *timeout* seconds.
    """
    status, answer, _ = _ask(database, f"/connections/{service}", connection, timeout)
    if status not in (200, 410):
        raise Refused(answer)


def take_lock(database: str, timeout: float) -> int:
    """Stop a server that a super-server started, and return the descriptor of its lock.

    The lock is never free in between.

    :raises NoAnswer: if no server answers.
    :raises Refused: if it is a regular server, which does not stop on request.
    """
    status, answer, lock = _ask(database, "/lock", None, timeout)
    if status != 200 or lock is None:
        raise Refused(answer)
    return lock


def take_client() -> int:
    """Move the client's socket away from the standard descriptors; return its new descriptor.

    Otherwise anything printed would be sent to the client.
    """
    client = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in (2, 1, 0):
        if is_client(descriptor):
            os.dup2(nothing, descriptor)
    os.close(nothing)
    return client


def is_client(descriptor: int) -> bool:
    """Return whether a descriptor is the client, the same file as descriptor 0, or closed.

    A terminal on descriptor 0 is not a client: the program was started by hand.
    """
    try:
        return os.path.samestat(os.fstat(descriptor), os.fstat(0)) and not os.isatty(0)
    except OSError:
        return True


def report(line: str) -> None:
    """Write an error to standard error, or to syslog if that is the client or closed."""
    if is_client(2):
        import syslog

        syslog.openlog("ddns-inetd", syslog.LOG_PID)
        syslog.syslog(syslog.LOG_ERR, line.encode(errors="backslashreplace").decode())
    else:
        os.write(2, f"ddns-inetd: {line}\n".encode(errors="surrogateescape"))


def _ask(
    database: str, target: str, descriptor: int | None, timeout: float
) -> tuple[int, str, int | None]:
    """Send a request, optionally with a descriptor; return status, message and a passed descriptor.

    Without an answer the server has not used our descriptor: see :mod:`ddns.net.http.control_fds`.
    """
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        _connect(sock, f"{real_file(database)}.sock")
        rights = [] if descriptor is None else [_rights(descriptor)]
        sock.sendmsg([f"POST {target} HTTP/1.0\r\n\r\n".encode()], rights)
        octets, came = _read(sock)
    except TimeoutError:
        raise Refused(f"the server of {database} does not answer") from None
    except OSError as error:
        if error.errno in _RETRY:
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
    """Connect to a Unix socket, even if its path is over the 107 octets of a socket address.

    :func:`ddns.system.files.short_path` does the same but is slow to import.
    """
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
    """Read the whole answer, and the descriptor that comes with it, if any."""
    octets, came = b"", None
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(
                65536, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionResetError:  # the answer may be complete
            return octets, came
        for level, kind, rights in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                came = int.from_bytes(rights, sys.byteorder)
        if not data:
            return octets, came
        octets += data
