"""DNS over TLS (RFC 7858), and with it zone transfers over TLS (RFC 9103)."""

from __future__ import annotations

from twisted.internet.interfaces import IProtocolNegotiationFactory
from zope.interface import implementer

from ddns.net.dns.tcp_factory import DnsTcpFactory


@implementer(IProtocolNegotiationFactory)
class DotFactory(DnsTcpFactory):
    """The connections over TLS, which are counted and closed apart from those over TCP."""

    def acceptableProtocols(self) -> list[bytes]:
        """Return what ALPN offers: secondaries insist on it (RFC 9103 7.1)."""
        return [b"dot"]
