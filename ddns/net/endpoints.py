"""Listen on Twisted endpoint descriptions and inherited sockets; name the setting in errors."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet import unix
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure


def check(reactor: Any, description: str, setting: str) -> None:
    """Check an endpoint description, opening nothing but files that it names.

    :raises ValueError: naming the *setting*, when it is malformed.
    """
    from twisted.internet.endpoints import serverFromString

    try:
        serverFromString(reactor, description)
    except Exception as error:  # whatever a parser of a plugin raises
        raise ValueError(f"{setting}: {description!r} is no endpoint: {error}") from None


def listen(
    reactor: Any, description: str, factory: IProtocolFactory, setting: str
) -> IListeningPort:
    """Listen on an endpoint description at once. Errors name the *setting*.

    :raises twisted.internet.error.CannotListenError: when the address cannot be bound.
    :raises ValueError: when it is malformed, or of something that needs time to listen.
    """
    # Not at the top: importing it takes LISTEN_FDS out of the environment.
    from twisted.internet.endpoints import serverFromString

    try:
        listening = serverFromString(reactor, description).listen(factory)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ValueError(f"{setting}: {description!r} is no endpoint: {error}") from error
    results: list[Any] = []
    listening.addBoth(results.append)
    if not results:
        raise ValueError(f"{setting}: {description!r} does not listen at once")
    if isinstance(results[0], Failure):
        results[0].raiseException()
    port: IListeningPort = results[0]
    return port


class _BorrowedUnixPort(unix.Port):
    """A port on a Unix socket that another process owns as well.

    Twisted's own would change the mode of its file, and in the end shut the socket down for all and
    remove the file. It leaves abstract names alone, which begin with a zero: so this has one.
    """

    _shouldShutdown = False

    def __init__(self, sock: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        super().__init__(b"\0" + os.fsencode(sock.getsockname()), factory, reactor=reactor)
        self._preexistingSocket = sock


def adopt(reactor: Any, sock: socket.socket, factory: IProtocolFactory) -> IListeningPort:
    """Accept connections on a non-blocking socket that listens already, and becomes ours."""
    if sock.family == socket.AF_UNIX:
        borrowed = _BorrowedUnixPort(sock, factory, reactor)
        borrowed.startListening()
        return borrowed
    port: IListeningPort = reactor.adoptStreamPort(sock.fileno(), sock.family, factory)
    sock.close()  # the reactor has a duplicate
    return port


def address(port: IListeningPort) -> tuple[str, int] | None:
    """Return host and port of a TCP listener; None for another kind."""
    bound: Any = port.getHost()
    host = getattr(bound, "host", None)
    return None if host is None else (host, bound.port)


def shown(port: IListeningPort) -> str:
    """Return where a port listens, for the log."""
    bound = address(port)
    return str(port.getHost()) if bound is None else f"{bound[0]}:{bound[1]}"


def reason(error: BaseException) -> str:
    """Return one line that says why a listener cannot be had."""
    if isinstance(error, CannotListenError):
        why = getattr(error.socketError, "strerror", None) or error.socketError
        return f"cannot listen on {error.interface or '*'}:{error.port}: {why}"
    return str(error) or type(error).__name__
