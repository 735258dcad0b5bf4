"""What the DNS listeners share: the responder's shape, clients' addresses, and its failures."""

from __future__ import annotations

import socket
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

Responder = Callable[[bytes, bytes, bool], bytes | None]
"""``respond(wire, source, tcp)``: the reply to one message, or None to say nothing.

*wire* is the message as it came, of any length and content; *source* the client's address, 4 octets
for IPv4 and 16 for IPv6; *tcp* whether it came over a connection, where a reply may have 65535.
"""

MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv4 address begins inside IPv6 (RFC 4291 2.5.5.2)."""

_log = Logger(namespace="ddns.net.dns.listener")


def pack_source(host: str) -> bytes:
    """The octets of a numeric address: 4 for IPv4, v4-mapped too, 16 for IPv6, the scope left out.

    :raises OSError: when *host* is not a numeric address.
    """
    if ":" not in host:
        return socket.inet_aton(host)
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return packed[12:] if packed.startswith(MAPPED) else packed


class ErrorLog:
    """Logs what a responder raised, at most one traceback in *every* seconds.

    A packet that makes the responder fail can be sent a hundred thousand times a second; the log
    says how many failures it left out.
    """

    def __init__(self, clock: IReactorTime, every: float = 10.0) -> None:
        self._clock = clock
        self._every = every
        self._quiet_until = float("-inf")
        self._left_out = 0

    def failed(self, source: bytes) -> None:
        """Log the exception that is being handled, if it is time to."""
        now = self._clock.seconds()
        if now < self._quiet_until:
            self._left_out += 1
            return
        self._quiet_until = now + self._every
        _log.failure(
            "No answer to a DNS message from {client}: the responder failed"
            " ({left_out} such failures before it were not logged)",
            client=socket.inet_ntop(
                socket.AF_INET if len(source) == 4 else socket.AF_INET6, source
            ),
            left_out=self._left_out,
        )
        self._left_out = 0
