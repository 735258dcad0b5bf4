"""A connection of a twisted.web site, which bounds what its client may cost. What the limits are
and why: docs/architecture.md, "HTTP"."""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from ddns.net.connections import Connection
from ddns.net.http.heads import WHOLE
from ddns.net.http.limits import ChannelSite
from ddns.net.http.refusal import refusal
from ddns.net.http.request_syntax import BEGIN, CONTROL, are_unambiguous, escaped
from ddns.net.shutdown import DRAIN_TIME
from ddns.net.transports import close_our_side, has_unread, pause_until_sent, socket_of

READ_SIZE = 16_384
"""Octets that are read at a time, and so held of requests that wait for their turn."""

TLS_GOODBYE = 0.3
"""Seconds that a TLS client has to answer close_notify when the server stops."""


@implementer(IHalfCloseableProtocol)
class Channel(Connection, http.HTTPChannel):
    """A connection with a deadline for whatever it has to do next."""

    delimiter = b"\n"  # a CR before it is optional (RFC 9112 2.2)
    timeOut = None  # Twisted's would move a delayed call with every request; the table sweeps
    transport: Any
    site: ChannelSite
    peer: IAddress | None = None
    read_size = READ_SIZE
    refused = False
    _host: IAddress | None = None
    _is_secure: bool | None = None
    _waiting = True
    _answered = False  # a request, so that it is kept alive for more
    _answered_at = 0.0
    _waits_since: float | None = None
    _at_once = False
    _closing_since: float | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        network = self.site.proxies.network_of(self.peer)
        if not self.site.table.admit(network):
            self._stop_listening()
            self.transport.abortConnection()
            return
        self.site.table.add(self, network)
        # Only where nothing stands between us and the socket, such as TLS.
        self._at_once = type(self.transport) is tcp.Server
        if (sock := socket_of(self.transport)) is not None:
            sock.bufferSize = self.read_size
        self._waits_since = self.site.seconds()
        limits = self.site.limits
        self.MAX_LENGTH = limits.request_line + 1  # with a CR
        self.totalHeadersSize = limits.request_line + limits.headers
        self.deadline = self._waits_since + limits.request_time

    @property
    def _idle(self) -> bool:
        return self._waiting and self._answered and not self._buffer

    def waits_since(self) -> float | None:
        return self._waits_since

    def getHost(self) -> IAddress:
        """Return our end's address, cached: every request asks for it."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def isSecure(self) -> bool:
        """Return whether there is TLS, cached: every request asks for it."""
        if self._is_secure is None:
            self._is_secure = super().isSecure()
        return self._is_secure

    def getPeer(self) -> IAddress | None:
        """Return the client's end, or a proxy's, behind which only a header can look."""
        return self.peer

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.site.table.remove(self)
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """Go on: a client that has said all it wants may still want the answer."""
        if self.deadline is None:  # a request is being answered
            self.persistent = False
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Ignore it: only we close that side."""

    def lineReceived(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        super().lineReceived(line if self.requests else escaped(line))

    def dataReceived(self, data: bytes) -> None:
        self.site.between()
        if self._waiting and not self.paused:
            if not self._buffer and data[0] not in BEGIN:
                self.refuse(b"400 Bad Request")
                return
            if self.site.table.may_go_on(self):
                self._waiting = False
                if not self._buffer and self._take_whole(data):
                    return
                self.deadline = self.site.seconds() + self.site.limits.request_time
            else:
                self.paused = True
                self._networkProducer.pauseProducing()
        super().dataReceived(data)  # which only keeps it while this is paused

    def _take_whole(self, data: bytes) -> bool:
        """Take a request that has come whole and has no body, at a third of the cost that it has
        line by line. Return whether it is one."""
        found = WHOLE.fullmatch(data) if len(data) < self.MAX_LENGTH else None
        if found is None:
            return False
        method, target, version, block = found.groups()
        fields = block.split(b"\r\n")[:-1]
        if len(fields) > self.maxHeaders:
            return False
        request = self.requestFactory(self, 0)
        headers = request.requestHeaders
        for field in fields:
            name, _, value = field.partition(b":")
            headers.addRawHeader(name, value.strip(b" \t"))
        self.requests.append(request)
        self._command, self._path, self._version = method, target, version
        self.allHeadersReceived()
        self.allContentReceived()
        return True

    def go_on(self) -> None:
        """Take a request that has come already, if the answers before it have been sent."""
        if self.paused and not self._waitingForTransport:
            self.paused = False
            self._networkProducer.resumeProducing()
            self.dataReceived(b"")

    def pauseProducing(self) -> None:
        if self._waits_since is None:
            self._waits_since = self.site.seconds()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """Go on: all answers have been sent."""
        self.site.table.hold(self, 0)
        if self.deadline is None:
            self._waits_since = None
        super().resumeProducing()
        if self.paused:
            self._networkProducer.pauseProducing()
            self.site.table.go_on_soon(self)

    def headerReceived(self, line: bytes) -> bool:
        try:
            if not CONTROL.search(line):
                return bool(super().headerReceived(line))
        except ValueError:  # a length of more digits than int() reads
            pass
        self._respondToBadRequestAndDisconnect()
        return False

    def allHeadersReceived(self) -> None:
        headers = self.requests[-1].requestHeaders
        if not are_unambiguous(headers):
            self.refuse(b"400 Bad Request")
        elif self.length and self.length > self.site.max_body(self._command, self._path, headers):
            self.refuse(b"413 Content Too Large")
        else:
            super().allHeadersReceived()

    def allContentReceived(self) -> None:
        if not self.refused:
            self.deadline = self._waits_since = None
            if self.site.table.closing:
                self.persistent = False
            super().allContentReceived()

    def requestDone(self, request: http.Request) -> None:
        self.site.answers[request.code // 100] += 1
        self._waiting = self._answered = True
        self._answered_at = self._waits_since = self.site.seconds()
        time = self.site.limits.idle_time if self.persistent else self.site.linger_time
        self.deadline = self._answered_at + time
        self.site.table.hold(self, pause_until_sent(self.transport))
        # The next request waits for this answer to be sent, so that a client that never reads does
        # not fill our memory, and then for others to have their turn. Twisted would go on at once.
        self.paused = True
        super().requestDone(request)
        if not self.persistent:
            self._stop_listening()
            return
        self.paused = bool(self._buffer)
        if self.paused or self._waitingForTransport:
            self._networkProducer.pauseProducing()
        if self.paused and not self._waitingForTransport:
            self.site.table.go_on_soon(self)

    def close(self, force: bool) -> None:
        now = self.site.seconds()
        if self.deadline is None:
            self.persistent = False
        elif self._closing_since is None:
            if force or not self._may_ask():
                self._closing_since = now
                self.transport.loseConnection()
        # TLS waits for the client's close_notify, for as long as it keeps silent.
        elif now - self._closing_since > TLS_GOODBYE and not isinstance(
            self.transport, tcp.Connection
        ):
            self.transport.abortConnection()

    def _may_ask(self) -> bool:
        """Return whether a request may be coming: the client connected or was answered a moment
        ago, or is in the middle of one."""
        if self.refused:
            return False
        quiet = self.site.seconds() - self._answered_at
        return quiet < DRAIN_TIME or not self._idle or has_unread(self.transport)

    def refuse(self, status: bytes) -> None:
        """Answer and listen no further: what the client still sends is thrown away until it closes
        or the time is up."""
        self.refused = True
        self.site.answers[int(status[:1])] += 1
        self.transport.write(refusal(status))
        close_our_side(self.transport)
        self._stop_listening()
        self.length = None
        self.deadline = self.site.seconds() + self.site.linger_time

    def _stop_listening(self) -> None:
        # On the instance, where they hide the methods that Twisted would go on calling.
        self.__dict__.update(
            dict.fromkeys(("lineReceived", "rawDataReceived", "dataReceived"), _discard)
        )

    def send(self, data: bytes) -> None:
        """Write, past the transport's buffer if the socket takes it, as it nearly always does.

        The buffer costs two more system calls and a turn of the reactor. It is for what is left
        over, and for transports that encrypt.
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
        """Send an answer of several pieces through the transport's buffer, which nothing that is
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
