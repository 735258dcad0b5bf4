"""What clients of DNS over TCP may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """What TCP clients may hold on to. Durations are seconds, fractions allowed.

    ``total`` connections at once, ``per_source`` of them from one address; ``idle`` without a
    question that was answered; ``message`` from the first octet of a message to its last; ``write``
    for a client to read enough of its replies that the next question can be answered; ``closing``
    for what is left to send when a connection closes. ``unsent`` octets of replies may wait before
    further questions do; as much is read at a time.
    """

    total: int = 150
    per_source: int = 60
    idle: float = 10.0
    message: float = 10.0
    write: float = 10.0
    closing: float = 1.0
    unsent: int = 8192

    @property
    def shortest(self) -> float:
        return min(self.idle, self.message, self.write, self.closing)
