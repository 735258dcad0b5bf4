"""A moment that several callers wait for."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed


class Latch:
    """Opens once and stays open. Each caller waits for a Deferred of its own, which it may cancel
    without disturbing the others."""

    def __init__(self) -> None:
        self.is_open = False
        self._waiting: list[Deferred[None]] = []

    def wait(self) -> Deferred[None]:
        """Return a Deferred that fires when the latch opens."""
        if self.is_open:
            return succeed(None)
        opened: Deferred[None] = Deferred()
        self._waiting.append(opened)
        return opened

    def open(self) -> None:
        """Let all pass, now and from now on."""
        self.is_open = True
        waiting, self._waiting = self._waiting, []
        for opened in waiting:
            opened.callback(None)
