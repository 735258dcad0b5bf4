"""What comes and goes over one transport of DNS, in plain numbers: a hundred thousand packets a
second are counted here."""

from __future__ import annotations

from ddns.model.counting import Histogram

MOMENTS = (2.5e-05, 5e-05, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""Seconds: bounds for what takes as long as DNS."""

RCODES = 16
"""How many there are in a header; extended ones (RFC 6891 6.1.3) count by their last four bits."""


class Traffic:
    """``received`` messages and octets; the replies that were made, by RCODE, and their octets;
    ``unsent`` ones of them, which nobody took; ``latency``, how many seconds after a message had
    been read its reply was handed over."""

    __slots__ = ("latency", "rcodes", "received", "received_octets", "sent_octets", "unsent")

    def __init__(self) -> None:
        self.received = 0
        self.received_octets = 0
        self.rcodes = [0] * RCODES
        self.sent_octets = 0
        self.unsent = 0
        self.latency = Histogram(MOMENTS)

    def came(self, octets: int) -> None:
        """A message was read."""
        self.received += 1
        self.received_octets += octets

    def went(self, reply: bytes, seconds: float) -> None:
        """It was answered, after that time."""
        self.rcodes[rcode_of(reply)] += 1
        self.sent_octets += len(reply)
        self.latency.observe(seconds)

    def unanswered(self) -> int:
        """Messages to which there was no reply."""
        return self.received - sum(self.rcodes)


def rcode_of(reply: bytes) -> int:
    """The RCODE in a message's header, 0 where there is no header."""
    return reply[3] & 15 if len(reply) > 3 else 0
