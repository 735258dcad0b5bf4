"""What is said of a database that fails: one line when it begins, one with a count when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.logger import Logger

EPISODES, PERIOD = 5, 60.0
"""Episodes that are told of within so many seconds: on a full disk one commit may still succeed
while the next one does not."""


class FaultLog:
    """Tells of episodes of failures; an episode ends when something is written.

    :param monotonic: a clock in seconds
    """

    _log = Logger()

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said: set[str] = set()
        self._failures = 0
        self._begun: deque[float] = deque(maxlen=EPISODES)

    def failed_writing(self, reason: str, works: int) -> None:
        """Note that so many works failed."""
        self._failed(reason, "updates are refused, DNS is answered from memory", works)

    def failed_reading(self, reason: str) -> None:
        """Note that something could not be read."""
        self._failed(reason, "what was asked for is not read, DNS is answered from memory", 1)

    def _failed(self, reason: str, outcome: str, count: int) -> None:
        self._failures += count
        if reason in self._said:
            return
        if not self._said:
            now = self._monotonic()
            if len(self._begun) == EPISODES and now - self._begun[0] < PERIOD:
                return
            self._begun.append(now)
        self._said.add(reason)
        self._log.critical("{reason}: {outcome}", reason=reason, outcome=outcome)

    def written(self) -> None:
        """Note that something was written."""
        if self._said:
            self._said.clear()
            self._log.warn(
                "the database is written again; until now {count} calls failed",
                count=self._failures,
            )
            self._failures = 0
