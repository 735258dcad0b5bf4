"""Counters for one transport of DNS: plain numbers, for a hundred thousand packets a second."""

from __future__ import annotations

from ddns.model.counters import Histogram

MOMENTS = (2.5e-05, 5e-05, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""Seconds: the bounds of the latency histogram."""

RCODES = 16
"""RCODEs that a header can hold; extended ones (RFC 6891 6.1.3) count by their last four bits."""


FEW = 8
"""Replies of a batch that are counted one by one; of more it is quicker to count equal ones."""


class DnsStats:
    """Counters of one transport.

    ``rcodes`` counts replies by RCODE, ``unanswered`` messages without one, ``unsent`` replies that
    the system did not take; ``latency`` is from reading a message to handing its reply over.
    """

    __slots__ = ("latency", "rcodes", "received_octets", "sent_octets", "unanswered", "unsent")

    def __init__(self) -> None:
        self.rcodes = [0] * RCODES
        self.unanswered = 0
        self.received_octets = 0
        self.sent_octets = 0
        self.unsent = 0
        self.latency = Histogram(MOMENTS)

    def received(self) -> int:
        """Return how many messages were read and have been dealt with."""
        return sum(self.rcodes) + self.unanswered

    def record_batch(self, octets: memoryview, replies: int, seconds: float) -> None:
        """Count *replies* that were all sent after that time; their RCODEs are the last bits of the
        first *octets*. Their lengths are counted elsewhere."""
        self.latency.observe(seconds, replies)
        rcodes = self.rcodes
        if replies < FEW:
            for slot in range(replies):
                rcodes[octets[slot] & 15] += 1
        else:
            found = octets[:replies].tobytes()
            for octet in set(found):
                rcodes[octet & 15] += found.count(octet)

    def record_reply(self, reply: bytes, seconds: float) -> None:
        """Count a reply that was sent after that time."""
        self.rcodes[rcode_of(reply)] += 1
        self.sent_octets += len(reply)
        self.latency.observe(seconds)


def rcode_of(reply: bytes) -> int:
    """Return the RCODE in a message's header, 0 where there is no header."""
    return reply[3] & 15 if len(reply) > 3 else 0
