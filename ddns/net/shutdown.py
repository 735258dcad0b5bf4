"""Ending connections whose clients may still be sending, one or all of them."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

DRAIN_TIME = 0.5
"""Seconds that clients have to say what they came for, when a server stops. Who was let in a moment
before would otherwise be told nothing, and no other server would hear of it."""

STEP = 0.02
"""Seconds between two looks at what connections of a server that stops are at."""


class Closable(Protocol):
    """Connections of one kind that can be ended in order."""

    def connections(self) -> int:
        """How many there are."""

    def close_connections(self, force: bool) -> None:
        """End all that are not in the middle of something. It is asked again until none is left,
        in a *hurry* once clients have had :data:`DRAIN_TIME` to say what they came for."""

    def abort_connections(self) -> None:
        """End all, whatever they are at."""


async def close_all(kinds: Iterable[Closable], clock: IReactorTime, patience: float) -> None:
    """Give what was begun so many seconds to finish; then none of these is left."""
    kinds = list(kinds)
    began = clock.seconds()
    while True:
        passed = clock.seconds() - began
        for one in kinds:
            one.close_connections(passed >= DRAIN_TIME)
        if not (left := [one for one in kinds if one.connections()]):
            return
        if passed >= patience:
            break
        await deferLater(clock, STEP)
    for one in left:
        one.abort_connections()
    await deferLater(clock, 0)  # which is when they are lost


def close_our_side(transport: Any) -> None:
    """Say that nothing more will come, and go on reading.

    Closing both sides would reset the connection under the client's last words, and it might never
    read the answer.
    """
    if isinstance(transport, tcp.Connection):  # Unix sockets are one as well
        transport.loseWriteConnection()
    else:  # TLS, which tells the client and then waits for it of itself
        transport.loseConnection()


def has_unread(transport: Any) -> bool:
    """Whether something that the client has sent waits to be read; False where nobody can tell."""
    while not isinstance(transport, tcp.Connection):  # below TLS there is one
        if (transport := getattr(transport, "transport", None)) is None:
            return False
    try:
        return bool(transport.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
