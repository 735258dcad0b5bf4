"""One connection of DNS over TCP (RFC 7766, RFC 9210): framing, and what a connection may cost.

Whatever a client does or fails to do, a connection holds at most one message being received, one
read's worth of questions and about two replies, and ends at a deadline. What it is waiting for
decides which (:meth:`DnsConnection.due_at`).
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.net.connections import Connection
from ddns.net.dns.responder import messages
from ddns.net.shutdown import DRAIN_TIME
from ddns.net.transports import has_unread, pause_until_sent

if TYPE_CHECKING:
    from ddns.net.dns.tcp import DnsTcpFactory

UNSENT = 8192
"""Octets of replies that may wait before further questions do; as much is read at a time."""


@implementer(IPushProducer, IHalfCloseableProtocol)
class DnsConnection(Connection, Protocol):
    """One client: messages behind two octets of length (RFC 1035 4.2.2), answered in order.

    It is its transport's producer: while replies wait to be sent, or one is being worked on,
    nothing is read or answered.
    """

    def __init__(self, server: DnsTcpFactory, source: bytes) -> None:
        self._server = server
        self._source = source
        self._buffer = bytearray()
        self._replies = bytearray()  # of this turn
        self._answering = False  # inside _answer()
        self._working = self._close_after = False  # on a reply that comes later, and then closes
        self._resumed: Deferred[None] | None = None  # fires when replies can be sent again
        # Moments on the clock; None while what they are about is not the case.
        self._answered_at = server.now()
        self._message_since: float | None = None
        self._blocked_since: float | None = None
        self._closing_since: float | None = None

    def connectionMade(self) -> None:
        # What is read at a time is also what is answered in one turn of the reactor.
        self.transport.bufferSize = UNSENT
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._server.table.add(self, self._server.network_of(self._source))

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._closing_since = self._server.now()  # whatever reply is still to come is dropped
        self._buffer.clear()
        self._server.table.remove(self)
        if self._resumed is not None:
            self._resumed.callback(None)

    def dataReceived(self, data: bytes) -> None:
        if self._closing_since is None:
            self._buffer += data
            self._answer()

    def _answer(self) -> None:
        """Answer the messages that are complete, as long as replies can leave."""
        buffer, at, read_at = self._buffer, 0, self._server.now()
        if not self._server.table.may_go_on(self):
            self._blocked_since = read_at  # until the table calls go_on()
            self.transport.pauseProducing()
        self._answering = True
        while self._blocked_since is None and not self._working and len(buffer) - at >= 2:
            self._server.between()
            end = at + 2 + int.from_bytes(buffer[at : at + 2], "big")
            if end > len(buffer):
                break
            self._answer_one(bytes(buffer[at + 2 : end]), read_at)
            at = end
        self._answering = False
        self._hand_over()
        del buffer[:at]
        if self._working:
            self.transport.pauseProducing()
        if self._blocked_since is not None or self._working or not buffer:
            self._message_since = None  # while we do not read, another deadline holds
        elif at or self._message_since is None:
            self._message_since = self._server.now()

    def _answer_one(self, wire: bytes, read_at: float) -> None:
        stats = self._server.stats
        stats.received_octets += len(wire)
        try:
            reply = self._server.respond(wire, self._source, True)
            if not reply:
                stats.unanswered += 1
            elif type(reply) is bytes:
                self._send(reply)
                stats.record_reply(reply, self._answered_at - read_at)
            else:
                self._working = True
                ensureDeferred(self._answer_later(reply, read_at))
        except Exception:
            self._server.errors.log(self._source)
            stats.unanswered += 1

    def _send(self, message: bytes) -> None:
        framed = len(message).to_bytes(2, "big") + message
        self._answered_at = self._server.now()  # only this is activity, not empty messages
        self._replies += framed
        if not self._answering or len(self._replies) >= UNSENT:
            self._hand_over()

    def _hand_over(self) -> None:
        """Write the replies of this turn at once: a call of the transport costs more than one of
        the fast path."""
        if self._replies:
            replies = bytes(self._replies)
            self._replies.clear()
            self.transport.write(replies)

    async def _answer_later(self, reply: object, read_at: float) -> None:
        """Send what comes of a reply that is not there yet, then answer the questions behind it. A
        closing connection drops it, and closes an iterator that it leaves unfinished."""
        stats = self._server.stats
        sent = False
        try:
            async with aclosing(messages(reply)) as coming:
                async for message in coming:
                    if self._closing_since is not None:
                        break
                    if not message:
                        continue
                    self._send(message)
                    if sent:  # it counts once
                        stats.sent_octets += len(message)
                    else:
                        stats.record_reply(message, self._answered_at - read_at)
                    sent = True
                    if self._blocked_since is not None:
                        self._resumed = Deferred()
                        await self._resumed
                        self._resumed = None
        except Exception:
            self._server.errors.log(self._source)
            if sent and self._closing_since is None:
                self.abort()  # or nothing tells the client that the rest is missing
        if not sent:
            stats.unanswered += 1
        self._working = False
        if self._close_after:
            self._close()
        elif not self._answering:  # otherwise it was there at once, and _answer() goes on
            self._go_on()

    def _go_on(self) -> None:
        """Answer the questions that have waited, then read more."""
        if self._closing_since is None:
            self._answer()
        if self._blocked_since is self._closing_since is None and not self._working:
            self.transport.resumeProducing()

    # IPushProducer: the transport holds more unsent replies than it should, or none any more.
    def pauseProducing(self) -> None:
        self._blocked_since = self._server.now()
        self._server.table.hold(self, pause_until_sent(self.transport))
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self._server.table.hold(self, 0)
        self.go_on()

    def go_on(self) -> None:
        self._blocked_since = None
        if self._resumed is not None:
            self._resumed.callback(None)
        self._go_on()

    def stopProducing(self) -> None:
        """Do nothing: the connection is gone, and connectionLost is called, too."""

    # IHalfCloseableProtocol: a client may say that it has no more questions and wait for answers.
    def readConnectionLost(self) -> None:
        # Nothing is read, this neither, while questions wait: all of them have been answered.
        self._close()

    def writeConnectionLost(self) -> None:
        """Ignore it: only we close that side, and never alone."""

    def _is_idle(self) -> bool:
        """Return whether it waits for a question of which nothing has come."""
        return (
            self._message_since is self._blocked_since is self._closing_since is None
            and not self._working
        )

    def due_at(self) -> float | None:
        """Return when it expires; it does not while the responder works on a reply."""
        limits = self._server.limits
        if self._closing_since is not None:
            return self._closing_since + self._server.closing_time
        if self._blocked_since is not None:
            return self._blocked_since + self._server.write_time
        if self._working:
            return None
        if self._message_since is not None:
            return self._message_since + limits.tcp_message_time
        return self._answered_at + limits.tcp_idle_time

    def waits_since(self) -> float | None:
        return None if self._working and self._blocked_since is None else self._answered_at

    def expire(self) -> None:
        if self._is_idle():
            self._close()
        else:
            self.abort()

    def close(self, force: bool) -> None:
        if force or not self._may_ask():
            self._close()

    def _may_ask(self) -> bool:
        if self._closing_since is not None or self._blocked_since is not None:
            return False
        quiet = self._server.now() - self._answered_at
        return quiet < DRAIN_TIME or not self._is_idle() or has_unread(self.transport)

    def _close(self) -> None:
        """Close when the replies are sent, or at the deadline if the client does not read them."""
        if self._working:
            self._close_after = True
        elif self._closing_since is None:
            self._hand_over()
            self._closing_since = self._server.now()
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def abort(self) -> None:
        self._closing_since = self._server.now()
        super().abort()
