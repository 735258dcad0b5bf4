"""DNS over TCP (RFC 7766, RFC 9210): framing, and what a connection may cost.

Whatever a client does or fails to do, a connection holds at most one message being received, one
read's worth of questions and about two replies, and ends at a deadline. What it is waiting for
decides which (:meth:`DnsConnection.deadline`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.model.counters import Admissions
from ddns.net.dns.limits import TcpLimits
from ddns.net.dns.responder import ErrorLog, Responder, pack_source
from ddns.net.dns.stats import DnsStats
from ddns.net.peers import ConnectionCounter
from ddns.net.shutdown import DRAIN_TIME, has_unread

Exempt = Callable[[bytes], bool]

_FINEST = 0.01
"""Seconds between two sweeps at least: deadlines closer to each other are dealt with together."""


NETWORK = 8
"""Octets of an address that its connections are counted by: an IPv4 address, an IPv6 /64, whose
addresses one client can have all of."""


@implementer(IPushProducer, IHalfCloseableProtocol)
class DnsConnection(Protocol):
    """One client: messages behind two octets of length (RFC 1035 4.2.2), answered in order.

    It is its transport's producer: while replies wait to be sent, nothing is read or answered.
    """

    transport: Any  # ITCPTransport and IConsumer; no type says both

    def __init__(self, server: DnsTcpFactory, source: bytes) -> None:
        self._server = server
        self.source = source
        self._buffer = bytearray()
        # Moments on the clock; None while what they are about is not the case.
        self.answered_at = server.now()
        self._message_since: float | None = None
        self._blocked_since: float | None = None
        self._closing_since: float | None = None

    def connectionMade(self) -> None:
        # What is read at a time is also what is answered in one turn of the reactor: small, so that
        # a client that sends questions without end leaves turns for UDP.
        self.transport.bufferSize = self._server.limits.unsent
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._server.opened(self)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._buffer.clear()
        self._server.lost(self)

    def dataReceived(self, data: bytes) -> None:
        if self._closing_since is None:
            self._buffer += data
            self._answer()

    def _answer(self) -> None:
        """Answer the messages that are complete, as long as replies can leave."""
        buffer = self._buffer
        at = 0
        read_at = self._server.now()
        while self._blocked_since is None and len(buffer) - at >= 2:
            end = at + 2 + int.from_bytes(buffer[at : at + 2], "big")
            if end > len(buffer):
                break
            self._answer_one(bytes(buffer[at + 2 : end]), read_at)
            at = end
        del buffer[:at]
        if self._blocked_since is not None:
            self._message_since = None  # it is us who do not read; that has a deadline of its own
        elif not buffer:
            self._message_since = None
        elif at or self._message_since is None:
            self._message_since = self._server.now()

    def _answer_one(self, wire: bytes, read_at: float) -> None:
        traffic = self._server.traffic
        traffic.received_octets += len(wire)
        try:
            reply = self._server.respond(wire, self.source, True)
            framed = len(reply).to_bytes(2, "big") + reply if reply else b""
        except Exception:
            self._server.faults.failed(self.source)
            reply = None
        if not reply:
            traffic.unanswered += 1
        else:
            # Only answers count as activity: nobody keeps a connection by sending empty messages.
            self.answered_at = self._server.now()
            self.transport.write(framed)
            traffic.went(reply, self.answered_at - read_at)

    # IPushProducer: the transport holds more unsent replies than it should, or none any more.

    def pauseProducing(self) -> None:
        self._blocked_since = self._server.now()
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self._blocked_since = None
        self._answer()
        if self._blocked_since is None and self._closing_since is None:
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The connection is gone; connectionLost says so too."""

    # IHalfCloseableProtocol: a client may say that it has no more questions and wait for answers.

    def readConnectionLost(self) -> None:
        # Nothing is read, this neither, while questions wait: all of them have been answered.
        self.close()

    def writeConnectionLost(self) -> None:
        """Only we close that side, and never alone."""

    def is_idle(self) -> bool:
        """Whether the connection waits for a question of which nothing has come."""
        return self._message_since is self._blocked_since is self._closing_since is None

    def is_expected(self) -> bool:
        """Whether the client may be about to ask: it came or was answered a moment ago, or is in
        the middle of a question."""
        if self._closing_since is not None or self._blocked_since is not None:
            return False
        quiet = self._server.now() - self.answered_at
        return quiet < DRAIN_TIME or not self.is_idle() or has_unread(self.transport)

    def deadline(self) -> float:
        """The moment at which the connection is to be cut unless something happens before."""
        limits = self._server.limits
        if self._closing_since is not None:
            return self._closing_since + limits.closing
        if self._blocked_since is not None:
            return self._blocked_since + limits.write
        if self._message_since is not None:
            return self._message_since + limits.message
        return self.answered_at + limits.idle

    def expire(self) -> None:
        """The deadline has come."""
        if self.is_idle():
            self.close()
        else:
            self.cut()

    def close(self) -> None:
        """Close when the replies are sent, or after a while if the client does not read them."""
        if self._closing_since is None:
            self._closing_since = self._server.now()
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def cut(self) -> None:
        """Close now, whatever is left to send."""
        self._closing_since = self._server.now()
        self.transport.abortConnection()


class DnsTcpFactory(ServerFactory):
    """The connections of all addresses together: how many there may be, and one timer for all.

    *exempt* tells of a source whether ``per_source`` is not for it, such as a proxy's. What comes
    and goes is counted in ``traffic`` and ``admissions``.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        respond: Responder,
        faults: ErrorLog,
        limits: TcpLimits,
        exempt: Exempt,
    ) -> None:
        self._clock = clock
        self.now = clock.seconds
        self.respond = respond
        self.faults = faults
        self.limits = limits
        self.traffic = DnsStats()
        self.admissions = Admissions()
        self._exempt = exempt
        self._connections: dict[DnsConnection, None] = {}  # in order of arrival
        self._counted = ConnectionCounter()
        self._timer: IDelayedCall | None = None
        self._closing = False

    def buildProtocol(self, addr: IAddress | None) -> DnsConnection | None:
        """A connection, or None, which closes it at once, if there are too many."""
        source = pack_source(addr.host)  # type: ignore[union-attr]
        if self._closing:
            return None
        counted = self._counted[source[:NETWORK]]
        if counted >= self.limits.per_source and not self._exempt(source):
            self.admissions.refused += 1
            return None
        if len(self._connections) >= self.limits.total and not self._make_room():
            self.admissions.refused += 1
            return None
        return DnsConnection(self, source)

    def _make_room(self) -> bool:
        """Cut the connection that has been idle for longest (RFC 7766 6.2.3); False if none is."""
        idle = [connection for connection in self._connections if connection.is_idle()]
        if not idle:
            return False
        oldest = min(idle, key=lambda connection: connection.answered_at)
        oldest.cut()
        self.admissions.displaced += 1
        return True

    def connections(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def opened(self, connection: DnsConnection) -> None:
        self._connections[connection] = None
        self.admissions.accepted += 1
        self._counted.enter(connection.source[:NETWORK])
        if self._timer is None:
            self._timer = self._clock.callLater(self.limits.shortest, self._sweep)

    def lost(self, connection: DnsConnection) -> None:
        del self._connections[connection]
        self._counted.leave(connection.source[:NETWORK])
        if not self._connections and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        """Cut the connections that are due, and come back for the next.

        Deadlines set from now on are at least ``shortest`` away: until then none can be missed.
        """
        now = self.now()
        for connection in list(self._connections):
            if connection.deadline() <= now:
                connection.expire()
        wait = min(
            [connection.deadline() - now for connection in self._connections],
            default=self.limits.shortest,
        )
        wait = min(max(wait, _FINEST), self.limits.shortest)
        self._timer = self._clock.callLater(wait, self._sweep)

    def close_connections(self, force: bool) -> None:
        """Accept no more and close all, if in no *hurry* only those whose clients are not about to
        ask."""
        self._closing = True
        for connection in list(self._connections):
            if force or not connection.is_expected():
                connection.close()

    def abort_connections(self) -> None:
        """Cut all, whatever is left to send."""
        for connection in list(self._connections):
            connection.cut()
