"""A twisted.web site that bounds what its clients may cost together, and never logs a request."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.web import http, server
from twisted.web.resource import IResource

from ddns.model.counters import Admissions
from ddns.net.http.channel import Channel, HttpLimits
from ddns.net.peers import ConnectionCounter
from ddns.net.proxy.trust import NOBODY, Proxies

_ABSOLUTE = re.compile(rb"^https?://[^/?]*", re.IGNORECASE)


class LimitedRequest(server.Request):
    """A request whose body is bounded also where no length was announced."""

    def handleContentChunk(self, data: bytes) -> None:
        channel: Any = self.channel
        if self.content is not None and self.content.tell() + len(data) <= channel.site.limits.body:
            super().handleContentChunk(data)
        elif not channel.refused:
            channel.refuse(b"413 Content Too Large")

    def getClientAddress(self) -> IAddress:
        """Where the client is: the connection's other end, or what a trusted proxy there says."""
        site: Any = self.site
        client: IAddress = site.proxies.client(self.client, self.requestHeaders)
        return client

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
        self.code = status
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


_USUAL = HttpLimits()


class LimitedSite(server.Site):
    """A Site that enforces :class:`HttpLimits`, believes *proxies* when they say where clients are,
    and never writes a request to a log, since requests may carry secrets in their query. *between*
    is called before each piece that a client sends. ``answers`` counts answers by the first digit
    of their status, ``admissions`` connections."""

    displayTracebacks = False
    protocol = Channel  # type: ignore[assignment]  # declared as a proxy class of Twisted's own

    def __init__(
        self,
        resource: IResource,
        reactor: IReactorTime,
        limits: HttpLimits = _USUAL,
        proxies: Proxies = NOBODY,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(resource, LimitedRequest, timeout=None, reactor=reactor)
        self.limits = limits
        self.proxies = proxies
        self.between = between
        self.seconds = reactor.seconds
        self.admissions = Admissions()
        self.answers = [0] * 10
        self.closing = False
        self._channels: set[Channel] = set()
        self._by_network = ConnectionCounter()
        self._sweep = LoopingCall(self._cut_the_late)
        self._sweep.clock = reactor

    def startFactory(self) -> None:
        self._sweep.start(self._pause())

    def _pause(self) -> float:
        return min(1.0, self.limits.request_time / 4, self.limits.idle_time / 4)

    def limit(self, limits: HttpLimits) -> None:
        """From now on these limits hold; deadlines that are set already stay."""
        self.limits = limits
        self._sweep.interval = self._pause()

    def stopFactory(self) -> None:
        self._sweep.stop()

    def log(self, request: http.Request) -> None:
        """Nothing."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A connection from there, whatever its transport says, which may know a proxy only."""
        channel: Any = super().buildProtocol(addr)
        channel.peer = addr
        return channel

    def admit(self, channel: Channel) -> bool:
        """Count a new connection; False when there are too many."""
        network = self.proxies.network_of(channel.peer)
        limits = self.limits
        if (network and self._by_network[network] >= limits.connections_per_address) or (
            len(self._channels) >= limits.connections and not self._make_room()
        ):
            self.admissions.refused += 1
            return False
        self.admissions.accepted += 1
        channel.network = network
        self._by_network.enter(network)
        self._channels.add(channel)
        return True

    def _make_room(self) -> bool:
        """Cut the connection that has been idle for longest, or else the one that has been busy
        with its first request or its TLS handshake for longest; False if there is none.

        An honest client's first request is there at once, so after a quarter of its time whoever
        holds a place and says nothing has to give it to somebody else.
        """
        late = self.seconds() + self.limits.request_time * 3 / 4
        idle = {channel: channel.idle_until for channel in self._channels if channel.idle_until}
        slow = {c: c.slow_until for c in self._channels if 0 < c.slow_until < late}
        if not (candidates := idle or slow):
            return False
        oldest = min(candidates, key=candidates.__getitem__)
        oldest.transport.abortConnection()
        self.dismiss(oldest)
        self.admissions.displaced += 1
        return True

    def dismiss(self, channel: Channel) -> None:
        """A connection has ended, counted or not."""
        if channel in self._channels:
            self._channels.discard(channel)
            self._by_network.leave(channel.network)

    def close_connections(self, force: bool) -> None:
        """End all connections that are not in the middle of a request, if in no *hurry* only those
        whose client is not about to send one. What is answered from now on says so."""
        self.closing = True
        for channel in list(self._channels):
            channel.end(force)

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
