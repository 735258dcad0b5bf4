"""What a failed connection means, in words that follow the host's name."""

from __future__ import annotations

from OpenSSL import SSL
from twisted.internet.error import (
    ConnectError,
    ConnectionClosed,
    ConnectionRefusedError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.python.failure import Failure


def in_words(error: BaseException) -> str:
    """Return what is wrong with a host.

    >>> in_words(ConnectionRefusedError())
    'refuses connections'
    """
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections"
    if isinstance(error, TimeoutError | TCPTimedOutError):
        return "does not answer"
    if isinstance(error, ConnectError):
        return "cannot be reached"
    kinds = tuple(_kinds(error))
    if any(issubclass(kind, SSL.Error) for kind in kinds):
        return "fails at TLS"
    if any(issubclass(kind, ConnectionClosed) for kind in kinds):
        return "closed the connection without an answer"
    return "answered with something else than HTTP"


def _kinds(error: BaseException) -> list[type[BaseException]]:
    """Return the kinds of an error and of those that Twisted's web client says are behind it."""
    reasons: list[Failure] = getattr(error, "reasons", [])
    found = [type(error)]
    for reason in reasons:
        if isinstance(reason.value, BaseException):
            found += _kinds(reason.value)
    return found
