"""The addresses at the other ends of connections."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from zope.interface import implementer

from ddns.model import records


@implementer(IAddress)
@dataclass(frozen=True, slots=True)
class BehindProxy:
    """The address of a client whose proxy does not say where it is; ``host`` is the proxy's.

    It is a type of its own because such a client must not be trusted as its proxy is.
    """

    host: str


def address(host: str) -> IPv4Address | IPv6Address:
    """Return the address of a numeric host whose port is unknown."""
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 0)


def text_of(address: IAddress | None) -> str:
    """Return a peer's address as text; a v4-mapped one as IPv4."""
    if not isinstance(address, IPv4Address | IPv6Address | BehindProxy):
        return "127.0.0.1"  # a Unix socket: somebody on this machine
    return _without_scope_or_mapping(address.host)


@functools.lru_cache(maxsize=1024)
def _without_scope_or_mapping(host: str) -> str:
    packed = records.address_from_text(host.partition("%")[0])
    return host if packed is None else records.address_to_text(packed)


def network_of(address: IAddress | None) -> bytes:
    """Return the network that a connection is counted by; empty for a Unix socket, which is not."""
    if not isinstance(address, IPv4Address | IPv6Address | BehindProxy):
        return b""
    return records.network_of(address.host)
