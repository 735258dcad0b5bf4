"""The responder behind the DNS listeners: its type, its replies, and its failures."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

Reply = bytes | None | Awaitable[bytes | None] | Iterator[bytes] | AsyncGenerator[bytes, None]
"""The result of a responder: the reply, or None to say nothing; a Deferred or coroutine of that, to
answer later; or over TCP an iterator of several messages, which are taken from it no faster than
the client reads them. Whoever answers later limits how many wait for it."""

Responder = Callable[[bytes, bytes, bool], Reply]
"""``respond(wire, source, tcp)``: the reply to one message.

*wire* is the message as it came, of any length and content; *source* the client's address, 4 octets
for IPv4 and 16 for IPv6; *tcp* whether it came over a connection, where a reply may have 65535.
"""


class GivenUp(Exception):
    """A reply that has begun will not be finished; ``str()`` says why, in one line for the log."""


MAPPED = bytes(10) + b"\xff\xff"
"""Prefix of an IPv4 address inside IPv6 (RFC 4291 2.5.5.2)."""

_log = Logger(namespace="ddns.net.dns.listener")


async def messages(reply: object) -> AsyncGenerator[bytes, None]:
    """Iterate over the messages of a reply that is not there yet; one that is None is empty.

    :raises TypeError: when it is nothing that a responder may return.
    """
    if isinstance(reply, Awaitable):
        yield await reply or b""
    elif isinstance(reply, Iterator):
        for message in reply:
            yield message
    elif isinstance(reply, AsyncGenerator):
        async with aclosing(reply) as coming:
            async for message in coming:
                yield message
    else:
        raise TypeError(f"a responder returned {type(reply).__name__}")


def pack_source(host: str) -> bytes:
    """Pack a numeric address: 4 octets for IPv4 and v4-mapped ones, 16 for IPv6 without its scope.

    :raises OSError: when *host* is not a numeric address.
    """
    if ":" not in host:
        return socket.inet_aton(host)
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return packed[12:] if packed.startswith(MAPPED) else packed


class ErrorLog:
    """Logs what a responder raised, at most one traceback in *every* seconds.

    A packet that makes the responder fail can be sent a hundred thousand times a second; the log
    says how many failures it left out.
    """

    def __init__(self, clock: IReactorTime, every: float = 10.0) -> None:
        self._clock = clock
        self._every = every
        self._quiet_until = float("-inf")
        self._left_out = 0

    def log(self, source: bytes) -> None:
        """Log the exception that is being handled, if it is time to; without its traceback if it is
        :class:`GivenUp`."""
        now = self._clock.seconds()
        if now < self._quiet_until:
            self._left_out += 1
            return
        self._quiet_until = now + self._every
        error = sys.exception()
        if isinstance(error, GivenUp):
            _log.warn("{error}", error=error)
            return
        _log.failure(
            "No answer to a DNS message from {client}: the responder failed"
            " ({left_out} such failures before it were not logged)",
            client=socket.inet_ntop(
                socket.AF_INET if len(source) == 4 else socket.AF_INET6, source
            ),
            left_out=self._left_out,
        )
        self._left_out = 0
