"""A twisted.web site that bounds what a client may cost, and never logs a request.

What the limits are and why: docs/architecture.md, "HTTP".
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from twisted.web import http, server
from twisted.web.resource import IResource
from zope.interface import implementer

from ddns.model import records

_ABSOLUTE = re.compile(rb"^https?://[^/?]*", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


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
    network = b""
    refused = False
    _host: IAddress | None = None
    _waiting = True
    _answered = False
    _at_once = False

    def connectionMade(self) -> None:
        super().connectionMade()
        if not self.site.admit(self):
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

    def getHost(self) -> IAddress:
        """Our end's address, which every request asks for and which does not change."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

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

    def dataReceived(self, data: bytes) -> None:
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
            super().allContentReceived()

    def requestDone(self, request: http.Request) -> None:
        self._waiting = self._answered = True
        self.deadline = self.site.seconds() + self.site.limits.idle_time
        super().requestDone(request)

    def refuse(self, status: bytes) -> None:
        """Answer without listening any further.

        Closing at once would reset the connection under the client's last words and it might never
        read the answer; so what it still sends is thrown away until it closes or the time is up.
        """
        self.refused = True
        self.transport.write(
            b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status
        )
        self.__dict__.update(
            dict.fromkeys(("lineReceived", "rawDataReceived", "dataReceived"), _discard)
        )
        self.length = None
        self.deadline = self.site.seconds() + self.site.limits.linger_time

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

    def _send100Continue(self) -> None:
        self.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # by the answer's way, or that overtakes it

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(b"431 Request Header Fields Too Large")

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(b"400 Bad Request")


def _discard(data: bytes) -> None:
    pass


class LimitedRequest(server.Request):
    """A request whose body is bounded also where no length was announced."""

    def handleContentChunk(self, data: bytes) -> None:
        channel: Any = self.channel
        if self.content is not None and self.content.tell() + len(data) <= channel.site.limits.body:
            super().handleContentChunk(data)
        elif not channel.refused:
            channel.refuse(b"413 Content Too Large")

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Take the absolute form of a request target, too (RFC 9112 3.2.2)."""
        if path[:1] != b"/":
            path = b"/" + _ABSOLUTE.sub(b"", path).removeprefix(b"/")
        super().requestReceived(command, path, version)

    def reply(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        """Answer with these headers, a date and the length, in one piece.

        :raises ValueError: when a header has a line break in it.
        """
        channel: Any = self.channel
        head = _head(self.clientproto, status, headers, channel.persistent) % (
            http.datetimeToString(),
            len(body),
        )
        self.startedWriting = 1
        channel.send(head if self.method == b"HEAD" else head + body)
        self.finish()


@functools.lru_cache(maxsize=256)
def _head(
    version: bytes, status: int, headers: tuple[tuple[str, str], ...], persistent: bool
) -> bytes:
    """Status line and headers, with places for a date and a length."""
    lines = [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has a line break in it")
    if not persistent:
        lines.append("Connection: close")
    given = "\r\n".join(lines).encode("latin-1", "replace").replace(b"%", b"%%")
    return b"%s %d %s\r\n%s\r\nDate: %%s\r\nContent-Length: %%d\r\n\r\n" % (
        version,
        status,
        http.RESPONSES.get(status, b""),
        given,
    )


class LimitedSite(server.Site):
    """A Site that enforces :class:`HttpLimits` and never writes a request to a log, since requests
    may carry secrets in their query."""

    displayTracebacks = False
    protocol = Channel  # type: ignore[assignment]  # declared as a proxy class of Twisted's own

    def __init__(
        self, resource: IResource, reactor: IReactorTime, limits: HttpLimits = HttpLimits()
    ) -> None:
        super().__init__(resource, LimitedRequest, timeout=None, reactor=reactor)
        self.limits = limits
        self.seconds = reactor.seconds
        self._channels: set[Channel] = set()
        self._by_network: Counter[bytes] = Counter()
        self._sweep = LoopingCall(self._cut_the_late)
        self._sweep.clock = reactor

    def startFactory(self) -> None:
        self._sweep.start(min(1.0, self.limits.request_time / 4, self.limits.idle_time / 4))

    def stopFactory(self) -> None:
        self._sweep.stop()

    def log(self, request: http.Request) -> None:
        """Nothing."""

    def admit(self, channel: Channel) -> bool:
        """Count a new connection; False when there are too many."""
        address = channel.transport.getPeer()
        known = isinstance(address, IPv4Address | IPv6Address)
        network = records.network_of(address.host) if known else b""
        limits = self.limits
        if network and self._by_network[network] >= limits.connections_per_address:
            return False
        if len(self._channels) >= limits.connections and not self._make_room():
            return False
        channel.network = network
        self._by_network[network] += 1
        self._channels.add(channel)
        return True

    def _make_room(self) -> bool:
        """Cut the connection that has been idle for longest; False if none is."""
        idle = [(channel.idle_until, channel) for channel in self._channels if channel.idle_until]
        if not idle:
            return False
        _, oldest = min(idle, key=lambda pair: pair[0])
        oldest.transport.abortConnection()
        self.dismiss(oldest)
        return True

    def dismiss(self, channel: Channel) -> None:
        """A connection has ended, counted or not."""
        if channel in self._channels:
            self._channels.discard(channel)
            network = channel.network
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    def close_connections(self) -> None:
        """End all connections that are not in the middle of a request."""
        for channel in list(self._channels):
            if channel.deadline is not None:
                channel.transport.loseConnection()

    def abort_connections(self) -> None:
        """End all connections, whatever they are at."""
        for channel in list(self._channels):
            channel.transport.abortConnection()

    def connections(self) -> int:
        """How many connections there are."""
        return len(self._channels)

    def _cut_the_late(self) -> None:
        now = self.seconds()
        for channel in list(self._channels):
            if channel.deadline is not None and channel.deadline < now:
                channel.transport.abortConnection()
