"""Who is at the other end of a connection."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from zope.interface import implementer

from ddns.model import records


@implementer(IAddress)
@dataclass(frozen=True, slots=True)
class BehindProxy:
    """Somebody who came through a proxy that does not say from where; ``host`` is the proxy's.

    Not the proxy's own address, for what this client writes must not be taken for the proxy's word.
    """

    host: str


def address(host: str) -> IPv4Address | IPv6Address:
    """The end of a connection at a numeric address, of which the port is not known."""
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 0)


def text_of(address: IAddress | None) -> str:
    """The address of a peer; a v4-mapped one is the IPv4 address."""
    if not isinstance(address, IPv4Address | IPv6Address | BehindProxy):
        return "127.0.0.1"  # a Unix socket: somebody on this machine
    return _without_scope_or_mapping(address.host)


@functools.lru_cache(maxsize=1024)
def _without_scope_or_mapping(host: str) -> str:
    packed = records.address_from_text(host.partition("%")[0])
    return host if packed is None else records.address_to_text(packed)


def network_of(address: IAddress | None) -> bytes:
    """What a connection is counted by; nothing for a Unix socket's clients, who are not."""
    if not isinstance(address, IPv4Address | IPv6Address | BehindProxy):
        return b""
    return records.network_of(address.host)


class ConnectionCounter(Counter[bytes]):
    """How many connections there are of each network."""

    def enter(self, network: bytes) -> None:
        """One more."""
        self[network] += 1

    def leave(self, network: bytes) -> None:
        """One fewer; of a network that has none, nothing is kept."""
        self[network] -= 1
        if not self[network]:
            del self[network]
