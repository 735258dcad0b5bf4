"""What comes and goes over one transport of DNS, in plain numbers: a hundred thousand packets a
second are counted here."""

from __future__ import annotations

from ddns.model.counters import Histogram

MOMENTS = (2.5e-05, 5e-05, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""Seconds: bounds for what takes as long as DNS."""

RCODES = 16
"""How many there are in a header; extended ones (RFC 6891 6.1.3) count by their last four bits."""


FEW = 8
"""Replies that are counted one by one; of more it is quicker to count equal ones at once."""


class DnsStats:
    """Replies by RCODE, and ``unanswered`` messages; the octets of both directions; ``unsent``
    replies, which the system did not take; ``latency``, how many seconds after a message had been
    read its reply was handed over."""

    __slots__ = ("latency", "rcodes", "received_octets", "sent_octets", "unanswered", "unsent")

    def __init__(self) -> None:
        self.rcodes = [0] * RCODES
        self.unanswered = 0
        self.received_octets = 0
        self.sent_octets = 0
        self.unsent = 0
        self.latency = Histogram(MOMENTS)

    def received(self) -> int:
        """How many messages were read."""
        return sum(self.rcodes) + self.unanswered

    def went_together(self, octets: memoryview, replies: int, seconds: float) -> None:
        """So many messages were answered, all after that time; their RCODEs are the last bits of
        the first *octets*. Lengths are counted elsewhere."""
        self.latency.observe(seconds, replies)
        rcodes = self.rcodes
        if replies < FEW:
            for slot in range(replies):
                rcodes[octets[slot] & 15] += 1
        else:
            found = octets[:replies].tobytes()
            for octet in set(found):
                rcodes[octet & 15] += found.count(octet)

    def went(self, reply: bytes, seconds: float) -> None:
        """A message was answered, after that time."""
        self.rcodes[rcode_of(reply)] += 1
        self.sent_octets += len(reply)
        self.latency.observe(seconds)


def rcode_of(reply: bytes) -> int:
    """The RCODE in a message's header, 0 where there is no header."""
    return reply[3] & 15 if len(reply) > 3 else 0
