"""Who is at the other end of a connection."""

from __future__ import annotations

import functools
from collections import Counter

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from ddns.model import records


def text_of(address: IAddress | None) -> str:
    """The address of a peer; a v4-mapped one is the IPv4 address."""
    if not isinstance(address, IPv4Address | IPv6Address):
        return "127.0.0.1"  # a Unix socket: somebody on this machine
    return _without_scope_or_mapping(address.host)


@functools.lru_cache(maxsize=1024)
def _without_scope_or_mapping(host: str) -> str:
    packed = records.address_from_text(host.partition("%")[0])
    return host if packed is None else records.address_to_text(packed)


def network_of(address: IAddress | None) -> bytes:
    """What a connection is counted by; nothing for a Unix socket's clients, who are not."""
    if not isinstance(address, IPv4Address | IPv6Address):
        return b""
    return records.network_of(address.host)


class Tally(Counter[bytes]):
    """How many connections there are of each network."""

    def enter(self, network: bytes) -> None:
        """One more."""
        self[network] += 1

    def leave(self, network: bytes) -> None:
        """One fewer; of a network that has none, nothing is kept."""
        self[network] -= 1
        if not self[network]:
            del self[network]
