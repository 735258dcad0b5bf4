"""Answers of many pieces that are written no faster than their clients read them."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


@implementer(IPushProducer)
class Pace:
    """What a request has as its streaming producer; whoever writes waits for it before each piece,
    so that a client that reads slowly does not fill our memory.

    ``gone`` is set when the client has gone, a moment before its request knows.
    """

    def __init__(self) -> None:
        self.gone = False
        self._resumed: Deferred[None] | None = None

    async def wait(self) -> None:
        """Wait until the client has caught up, or has gone."""
        if self._resumed is not None:
            await self._resumed

    def pauseProducing(self) -> None:
        """Wait: the client reads slowly."""
        if self._resumed is None:
            self._resumed = Deferred()

    def resumeProducing(self) -> None:
        """Go on: the client has caught up."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None and not resumed.called:  # unless whoever waited was cancelled
            resumed.callback(None)

    def stopProducing(self) -> None:
        """Go on, and find that the client has gone."""
        self.gone = True
        self.resumeProducing()
