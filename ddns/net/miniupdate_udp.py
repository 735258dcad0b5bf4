"""Tell miniupdate clients their address over UDP."""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.protocol import DatagramProtocol

from ddns.model import records
from ddns.zone.rrl import SEND, Clock, Random, RateLimiter


class AddressAnswerer(DatagramProtocol):
    """Answers an empty line over IPv4 with the sender's address, in at most 15 octets.

    The source may be forged, so answers to a network are limited to a few a second: a flood is
    answered with far less than it sends.

    :param clock: monotonic.
    :param random: seeds the limiter's table.
    :param per_second: answers a second for each network.
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
