"""Who is at the other end of a connection."""

from __future__ import annotations

import functools

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
