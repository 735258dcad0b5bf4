"""Ending connections whose clients may still be sending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

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
