"""Ending connections whose clients may still be sending."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

DRAIN_TIME = 0.5
"""Seconds that clients have to say what they came for when a server stops. One that was accepted a
moment before would otherwise get no answer, and no other server would hear of it."""

STEP = 0.02
"""Seconds between two attempts to close what is left."""


class Closable(Protocol):
    """The connections of one factory, which can be ended in order."""

    def connections(self) -> int:
        """Return how many there are."""

    def close_connections(self, force: bool) -> None:
        """Close all that are not in the middle of something.

        It is called until none is left, with *force* once clients have had :data:`DRAIN_TIME`.
        """

    def abort_connections(self) -> None:
        """Abort all, whatever they are doing."""


async def close_all(kinds: Iterable[Closable], clock: IReactorTime, stop_time: float) -> None:
    """Close everything, giving what was begun *stop_time* seconds to finish; then abort it."""
    kinds = list(kinds)
    began = clock.seconds()
    while True:
        passed = clock.seconds() - began
        for one in kinds:
            one.close_connections(passed >= DRAIN_TIME)
        if not (left := [one for one in kinds if one.connections()]):
            return
        if passed >= stop_time:
            break
        await deferLater(clock, STEP)
    for one in left:
        one.abort_connections()
    await deferLater(clock, 0)  # aborted connections are lost in the reactor's next turn


def close_our_side(transport: Any) -> None:
    """Say that nothing more will come, and go on reading.

    The kernel answers octets for a socket that is closed, or that was closed before they were read,
    with a reset; on that the client's kernel throws away what it has not read yet: our answer.
    """
    if isinstance(transport, tcp.Connection):  # Unix sockets are one as well
        transport.loseWriteConnection()
    else:  # TLS, which sends close_notify and waits for the client's by itself
        transport.loseConnection()


def has_unread(transport: Any) -> bool:
    """Return whether octets of the client wait to be read; False where that is unknown.

    They may be a request: closing over them would reset the connection, and nobody would answer it.
    """
    while not isinstance(transport, tcp.Connection):  # TLS wraps one
        if (transport := getattr(transport, "transport", None)) is None:
            return False
    try:  # nothing at all is the client's end of stream, not a request
        return bool(transport.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
