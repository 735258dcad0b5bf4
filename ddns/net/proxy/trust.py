"""Trusted proxies: whose word about a client's address is taken."""

from __future__ import annotations

import functools

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.web.http_headers import Headers

from ddns.model import records
from ddns.net import peers
from ddns.net.proxy.forwarded import HEADERS
from ddns.policy.addresses import NetworkSet


class Proxies:
    """The set of trusted proxies, which can be replaced at any time.

    :param networks: where they connect from.
    :param unix: trust whoever connects to a Unix socket, too.
    :param header: the header in which they name clients, ``X-Forwarded-For`` or ``Forwarded``, or
        empty; it is ignored from anybody else.
    """

    def __init__(
        self, networks: NetworkSet | None = None, *, unix: bool = False, header: str = ""
    ) -> None:
        self.set_trusted(networks or NetworkSet(), unix=unix, header=header)

    def set_trusted(self, networks: NetworkSet, *, unix: bool, header: str) -> None:
        """Trust these instead; see the class for the parameters."""
        self._networks = networks
        self._unix = unix
        self._name = header
        self._hops = HEADERS[header.lower()] if header else None
        # Asked for every connection, and mostly about the same few proxies or recurring clients.
        self._is_trusted = functools.lru_cache(maxsize=4096)(self._networks.__contains__)

    def trusts(self, peer: IAddress | None) -> bool:
        """Return whether a connection comes from a trusted proxy."""
        if isinstance(peer, IPv4Address | IPv6Address):
            return self._is_trusted(peer.host)
        return self._unix and isinstance(peer, UNIXAddress)

    def trusts_source(self, source: bytes) -> bool:
        """Return whether a packed address is a trusted proxy's."""
        return self._is_trusted(records.address_to_text(source))

    def network_of(self, peer: IAddress | None) -> bytes:
        """Return the network that a connection is counted by; empty, for no limit, for those of
        proxies, which bring many clients, and of Unix sockets."""
        return b"" if self.trusts(peer) else peers.network_of(peer)

    def client(self, peer: IAddress, headers: Headers) -> IAddress:
        """Return the client of a request that came from *peer*.

        That is the rightmost hop in the proxies' header that is no trusted proxy; without such a
        hop, the leftmost trusted proxy.
        """
        if self._hops is None or not self.trusts(peer):
            return peer
        lines = headers.getRawHeaders(self._name.encode()) or []
        client = None
        for hop in self._hops(b",".join(lines).decode("latin-1")):
            if hop is None:
                break
            client = hop
            if not self._is_trusted(hop):
                break
        if client is None:
            return peer
        return peers.address(client)


NOBODY = Proxies()
"""Trusts no proxy."""
