"""Listening where an operator said, and saying why that did not work."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure


def listen(
    reactor: Any, description: str, factory: IProtocolFactory, setting: str
) -> IListeningPort:
    """Listen on an endpoint that Twisted describes like this, at once. Errors name the *setting*.

    :raises twisted.internet.error.CannotListenError: when the address cannot be had.
    :raises ValueError: when the description is none, or of something that needs time to listen.
    """
    from twisted.internet.endpoints import serverFromString  # consumes LISTEN_FDS

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


def address(port: IListeningPort) -> tuple[str, int] | None:
    """Host and port of a TCP listener; None for another kind."""
    bound: Any = port.getHost()
    host = getattr(bound, "host", None)
    return None if host is None else (host, bound.port)


def shown(port: IListeningPort) -> str:
    """What a listener listens on, for the log."""
    bound = address(port)
    return str(port.getHost()) if bound is None else f"{bound[0]}:{bound[1]}"


def reason(error: BaseException) -> str:
    """One line about why it cannot be listened."""
    if isinstance(error, CannotListenError):
        why = getattr(error.socketError, "strerror", None) or error.socketError
        return f"cannot listen on {error.interface or '*'}:{error.port}: {why}"
    return str(error) or type(error).__name__
