"""What line protocols have in common: a session, which takes lines and answers with lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ddns.model.update import Outcome, Update


@dataclass(frozen=True, slots=True)
class Line:
    """A line to send, with its end; *close* ends the session."""

    line: bytes
    close: bool = False


NO_WORD = Line(b"", close=True)
"""The answer where trying again is of use: clients that run as daemons end after a refusal."""


class LineSession(Protocol):
    """The state of one connection. No I/O."""

    @property
    def crowded(self) -> Line:
        """The last word to a client for whom there is no place."""

    @property
    def idle(self) -> Line:
        """The last word to a client that has said nothing for too long."""

    @property
    def overtime(self) -> Line:
        """The last word to a client whose session has lasted too long."""

    def banner(self) -> Line:
        """Return the greeting."""

    def receive(self, line: bytes, now: float, at: float) -> Line | Update:
        """Process a line without its end, which came at *now* by a monotonic clock, *at* since
        1970. After an Update, :meth:`conclude` must come first."""

    def conclude(self, outcome: Outcome) -> Line:
        """Return the reply to the line whose Update has been performed."""
