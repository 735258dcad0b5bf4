"""A look at something, again and again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall


class Looks:
    """Has something looked at, never twice at once.

    :param look: the look; it raises nothing.
    :param reactor: its clock says when.

    ``looking`` fires when the last look that was begun has ended; None before the first.
    """

    def __init__(
        self, look: Callable[[], Coroutine[Any, Any, None]], reactor: IReactorTime
    ) -> None:
        self._look = look
        self._loop = LoopingCall(self.once)
        self._loop.clock = reactor
        self.looking: Deferred[None] | None = None

    def once(self) -> Deferred[None]:
        """Look now."""
        self.looking = ensureDeferred(self._look())
        return self.looking

    def start(self, every: float, *, now: bool) -> None:
        """Look each so many seconds, the first time *now* or after them."""
        self._loop.start(every, now=now)

    async def stop(self) -> None:
        """Look no more, and finish the look that was begun."""
        if self._loop.running:
            self._loop.stop()
        if self.looking is not None:
            await self.looking
