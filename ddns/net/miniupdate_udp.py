"""The answer over UDP that tells a miniupdate client its address."""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.protocol import DatagramProtocol

from ddns.model import records
from ddns.zone.rrl import SEND, Clock, Random, RateLimiter


class AddressAnswerer(DatagramProtocol):
    """Tells who sends an empty line over IPv4 its address, in at most 15 octets.

    The source may be forged: only so many answers a second go to a network (:class:`RateLimiter`),
    so a flood gets far less than it sends.
    """

    noisy = False
    transport: Any

    def __init__(self, clock: Clock, random: Random, *, per_second: int = 5) -> None:
        self._limiter = RateLimiter(clock, random, per_second=per_second, slip=0, slots=1 << 12)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        host, port = addr[:2]
        source = records.address_from_text(host)
        if datagram not in (b"\n", b"\r\n") or source is None or len(source) != 4 or port == 0:
            return
        if self._limiter.account(source, b"") == SEND:
            with contextlib.suppress(OSError):  # no route, firewall, full buffer
                self.transport.write(records.address_to_text(source).encode(), addr)
