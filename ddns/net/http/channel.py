"""A connection of a twisted.web site, which bounds what its client may cost.

What the limits are and why: docs/architecture.md, "HTTP".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twisted.internet import tcp
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from ddns.net.shutdown import DRAIN_TIME, close_our_side, has_unread

if TYPE_CHECKING:
    from ddns.net.http.site import LimitedSite

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_UNESCAPED = re.compile(rb"[ \x80-\xff]")


TLS_GOODBYE = 0.3
"""Seconds that a TLS client has to take leave when the server stops."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Sizes in octets, durations in seconds.

    ``request_time`` is for a request to arrive in whole, however many pieces it comes in;
    ``idle_time`` for a kept-alive connection without one. Connections are counted in all and by
    client address. ``linger_time`` is how long a refused client may go on sending unheard.
    """

    request_line: int = 8192
    headers: int = 16384
    body: int = 8192
    request_time: float = 10.0
    idle_time: float = 60.0
    linger_time: float = 2.0
    connections: int = 500
    connections_per_address: int = 100


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """A connection with a deadline for whatever it has to do next."""

    timeOut = None  # the site's sweep does it, at no cost a request
    transport: Any
    deadline: float | None = None
    site: LimitedSite
    peer: IAddress | None = None
    network = b""
    refused = False
    _host: IAddress | None = None
    _waiting = True
    _answered = False
    _answered_at = 0.0
    _at_once = False
    _ending_since: float | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        if not self.site.admit(self):
            self._stop_listening()
            self.transport.abortConnection()
            return
        self._at_once = type(self.transport) is tcp.Server
        limits = self.site.limits
        self.MAX_LENGTH = limits.request_line
        self.totalHeadersSize = limits.request_line + limits.headers
        self.deadline = self.site.seconds() + limits.request_time

    @property
    def idle_until(self) -> float:
        """When a connection that waits for a next request is cut; 0 for one that does not."""
        return (self.deadline or 0.0) if self._waiting and self._answered else 0.0

    @property
    def slow_until(self) -> float:
        """When a connection is cut that has not brought its first request yet; 0 for others."""
        return 0.0 if self._answered else self.deadline or 0.0

    def getHost(self) -> IAddress:
        """Our end's address, which every request asks for and which does not change."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def getPeer(self) -> IAddress | None:
        """The client's end, or that of a proxy which only HTTP's headers can look behind."""
        return self.peer

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.site.dismiss(self)
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """The client has said all it wants to say, and may still want the answer."""
        if self.deadline is None:  # a request is being answered
            self.persistent = False
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Only we close that side, together with the other."""

    def lineReceived(self, line: bytes) -> None:
        """A request line may have spaces and octets in its target that should have been escaped;
        some clients write what people typed into them as it is."""
        if not self.requests and (not line.isascii() or line.count(b" ") > 2):
            method, _, rest = line.partition(b" ")
            target, _, version = rest.rpartition(b" ")
            if target.startswith(b"/"):
                target = _UNESCAPED.sub(lambda found: b"%%%02X" % ord(found[0]), target)
                line = b" ".join((method, target, version))
        super().lineReceived(line)

    def dataReceived(self, data: bytes) -> None:
        self.site.between()
        if self._waiting:
            self._waiting = False
            self.deadline = self.site.seconds() + self.site.limits.request_time
        super().dataReceived(data)

    def headerReceived(self, line: bytes) -> bool:
        try:
            if not _CONTROL.search(line):
                return bool(super().headerReceived(line))
        except ValueError:  # a length of more digits than int() reads
            pass
        self._respondToBadRequestAndDisconnect()
        return False

    def allHeadersReceived(self) -> None:
        headers = self.requests[-1].requestHeaders
        once = (b"host", b"transfer-encoding")
        if any(len(headers.getRawHeaders(name) or ()) > 1 for name in once):
            self.refuse(b"400 Bad Request")
        elif (self.length or 0) > self.site.limits.body:
            self.refuse(b"413 Content Too Large")
        else:
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self.refused:
            self.deadline = None
            if self.site.closing:
                self.persistent = False
            super().allContentReceived()

    def requestDone(self, request: http.Request) -> None:
        limits = self.site.limits
        self.site.answers[request.code // 100] += 1
        self._waiting = self._answered = True
        self._answered_at = self.site.seconds()
        self.deadline = self._answered_at + (
            limits.idle_time if self.persistent else limits.linger_time
        )
        if self._waitingForTransport:
            # Twisted goes on reading; a client that asks and never reads would fill our memory.
            self._networkProducer.pauseProducing()
        super().requestDone(request)

    def end(self, force: bool) -> None:
        """Close the connection after the request that is being answered, or if none is coming; in
        a *hurry* also if one is. TLS would wait for as long as the client keeps silent; it gets a
        moment."""
        now = self.site.seconds()
        if self.deadline is None:
            self.persistent = False
        elif self._ending_since is None:
            if not force and self._is_expected():
                return
            self._ending_since = now
            self.transport.loseConnection()
        elif now - self._ending_since > TLS_GOODBYE and not isinstance(
            self.transport, tcp.Connection
        ):
            self.transport.abortConnection()

    def _is_expected(self) -> bool:
        """Whether the client may be about to ask: it came or was answered a moment ago, or is in
        the middle of a request."""
        if self.refused:
            return False
        quiet = self.site.seconds() - self._answered_at
        return quiet < DRAIN_TIME or not self.idle_until or has_unread(self.transport)

    def refuse(self, status: bytes) -> None:
        """Answer without listening any further: what the client still sends is thrown away until
        it closes or the time is up."""
        self.refused = True
        self.site.answers[int(status[:1])] += 1
        self.transport.write(
            b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status
        )
        close_our_side(self.transport)
        self._stop_listening()
        self.length = None
        self.deadline = self.site.seconds() + self.site.limits.linger_time

    def _stop_listening(self) -> None:
        self.__dict__.update(
            dict.fromkeys(("lineReceived", "rawDataReceived", "dataReceived"), _discard)
        )

    def send(self, data: bytes) -> None:
        """Write, at once where the socket takes it, as it nearly always does.

        Through the transport's buffer it would cost two more system calls and a turn of the
        reactor. That way is for what is left over, and for transports that encrypt.
        """
        if self._at_once:
            sent = self.transport.writeSomeData(data)
            if sent == len(data):
                return
            self._at_once = False
            if isinstance(sent, int):  # otherwise the connection is lost, as a write will find out
                data = data[sent:]
        self.transport.write(data)

    def writeHeaders(self, *about: Any) -> None:
        """An answer in several pieces goes through the transport's buffer, which nothing that is
        sent after it may overtake."""
        self._at_once = False
        super().writeHeaders(*about)

    def _send100Continue(self) -> None:
        self.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # by the answer's way, or that overtakes it

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(b"431 Request Header Fields Too Large")

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(b"400 Bad Request")


def _discard(data: bytes) -> None:
    pass
