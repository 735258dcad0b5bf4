"""Which proxies are believed when they say where a client is."""

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
    """The proxies in some networks and, with *unix*, whoever connects to a Unix socket. *header*
    is the one that they write where a client is into, or empty; it is believed from nobody else.
    """

    def __init__(
        self, networks: NetworkSet | None = None, *, unix: bool = False, header: str = ""
    ) -> None:
        self.believe(networks or NetworkSet(), unix=unix, header=header)

    def believe(self, networks: NetworkSet, *, unix: bool, header: str) -> None:
        """From now on these."""
        self._networks = networks
        self._unix = unix
        self._name = header
        self._hops = HEADERS[header.lower()] if header else None
        # Every connection asks, mostly the same few proxies, or clients that come again.
        self._is_trusted = functools.lru_cache(maxsize=4096)(self._networks.__contains__)

    def trusts(self, peer: IAddress | None) -> bool:
        """Whether a connection comes from a trusted proxy."""
        if isinstance(peer, IPv4Address | IPv6Address):
            return self._is_trusted(peer.host)
        return self._unix and isinstance(peer, UNIXAddress)

    def trusts_source(self, source: bytes) -> bool:
        """The same of a packed address."""
        return self._is_trusted(records.address_to_text(source))

    def network_of(self, peer: IAddress | None) -> bytes:
        """What a connection is counted by; nothing for those of proxies, which bring many clients,
        and of Unix sockets."""
        return b"" if self.trusts(peer) else peers.network_of(peer)

    def client(self, peer: IAddress, headers: Headers) -> IAddress:
        """Where a request that came from *peer* was sent: what a trusted proxy says, as long as
        those that say it are trusted. Where that is nothing, the last proxy of which we know."""
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
"""No proxy is trusted."""
