"""All connections of DNS over TCP: how many there may be, and how long they may take."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory

from ddns.config.settings import DnsSettings
from ddns.net.connections import ConnectionOwner, ConnectionTable
from ddns.net.dns.responder import ErrorLog, Responder, pack_source
from ddns.net.dns.stats import DnsStats
from ddns.net.dns.tcp import DnsConnection

Exempt = Callable[[bytes], bool]
"""Tells of a packed source whether its connections are not counted by address."""

NETWORK = 8
"""Octets of an address that its connections are counted by: an IPv4 address, an IPv6 /64."""


class DnsTcpFactory(ConnectionOwner, ServerFactory):
    """The connections of all addresses together; their messages are counted in ``stats``.

    :param clock: for deadlines.
    :param respond: answers messages.
    :param errors: logs what it raises.
    :param limits: ``[dns]``; what is for TCP.
    :param exempt: whose connections are not counted by address, such as a proxy's.
    :param between: called before each message, for UDP to have its turn.
    """

    noisy = False
    write_time = 10.0
    """Seconds that a client has to read enough of its replies that the next can be sent."""
    closing_time = 1.0
    """Seconds for what is left to send when a connection closes."""

    def __init__(
        self,
        clock: IReactorTime,
        respond: Responder,
        errors: ErrorLog,
        limits: DnsSettings,
        exempt: Exempt,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self.between = between
        self.now = clock.seconds
        self.respond = respond
        self.errors = errors
        self.stats = DnsStats()
        self._exempt = exempt
        self.table: ConnectionTable[DnsConnection] = ConnectionTable(clock, 0, 0, 1.0)
        self.tables = (self.table,)
        self.limit(limits)

    def limit(self, limits: DnsSettings) -> None:
        """Set the limits, for connections that are open as well."""
        self.limits = limits
        # No deadline is set nearer than the shortest of these times: a sweep misses none.
        ours = min(self.write_time, self.closing_time)
        interval = min(limits.tcp_idle_time, limits.tcp_message_time, ours)
        self.table.limit(limits.tcp_connections, limits.tcp_connections_per_address, interval)

    def network_of(self, source: bytes) -> bytes:
        """Return what a source's connections are counted by; empty where they are not."""
        return b"" if self._exempt(source) else source[:NETWORK]

    def buildProtocol(self, addr: IAddress | None) -> DnsConnection | None:
        """Make a connection; None, which closes it at once, if there are too many."""
        source = pack_source(addr.host)  # type: ignore[union-attr]
        if self.table.closing or not self.table.admit(self.network_of(source)):
            return None
        return DnsConnection(self, source)
