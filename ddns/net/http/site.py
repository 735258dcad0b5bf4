"""A twisted.web site that bounds what its clients may cost, and one way to answer them."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.python.failure import Failure
from twisted.web import http, server
from twisted.web.http import NO_CONTENT, RESPONSES
from twisted.web.http_headers import Headers
from twisted.web.resource import IResource

from ddns.config.settings import HttpSettings
from ddns.net.connections import ConnectionOwner, ConnectionTable
from ddns.net.http.channel import Channel
from ddns.net.http.limits import LINGER_TIME, HttpLimits
from ddns.net.proxy.trust import NOBODY, Proxies

_ABSOLUTE = re.compile(rb"^https?://[^/?]*", re.IGNORECASE)


class LimitedRequest(server.Request):
    """A request whose body is bounded even if its length was not announced."""

    _args: dict[bytes, list[bytes]] | None = None

    def handleContentChunk(self, data: bytes) -> None:
        channel: Any = self.channel
        most = channel.site.max_body(channel._command, channel._path, self.requestHeaders)
        if self.content is not None and self.content.tell() + len(data) <= most:
            super().handleContentChunk(data)
        elif not channel.refused:
            channel.refuse(b"413 Content Too Large")

    def getClientAddress(self) -> IAddress:
        """Return the connection's other end, or the client that a trusted proxy there names."""
        site: Any = self.site
        client: IAddress = site.proxies.client(self.client, self.requestHeaders)
        return client

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Accept the absolute form of a request target, too (RFC 9112 3.2.2)."""
        if path[:1] != b"/":
            path = b"/" + _ABSOLUTE.sub(b"", path).removeprefix(b"/")
        if command == b"POST":  # may have a form
            super().requestReceived(command, path, version)
            return
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        assert self.content is not None  # gotLength() has opened it
        self.content.seek(0)
        self.process()

    @property
    def args(self) -> dict[bytes, list[bytes]]:
        """The parameters as Twisted reads them, which is done for resources that ask."""
        if self._args is None:
            self._args = http.parse_qs(self.uri.partition(b"?")[2], True)
        return self._args

    @args.setter
    def args(self, args: dict[bytes, list[bytes]]) -> None:
        self._args = args

    def process(self) -> None:
        """Have the site's resource answer, without headers where it sends its own
        (:meth:`reply`)."""
        site: Any = self.channel.site  # type: ignore[attr-defined]
        if not getattr(site.resource, "sends_all_headers", False):
            super().process()
            return
        self.site = site
        self.prepath = []
        self.postpath = list(map(unquote_to_bytes, self.path[1:].split(b"/")))
        try:
            self.render(site.resource)
        except Exception:
            self.processingFailed(Failure())

    def write(self, data: bytes) -> None:
        """Send a piece of an answer, the first one after its headers."""
        if not self.startedWriting:
            for name, value in ((b"Server", b"ddns"), (b"Date", _date())):
                if not self.responseHeaders.hasHeader(name):
                    self.responseHeaders.setRawHeaders(name, [value])
        super().write(data)

    def reply(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        """Send a whole answer in one piece, with a date and its length added. One of status 204 has
        no length (RFC 9110 8.6).

        :raises ValueError: when a header has a line break in it.
        """
        channel: Any = self.channel
        lengths = () if status == NO_CONTENT else (len(body),)
        head = _head(self.clientproto, status, headers, channel.persistent) % (
            _date(),
            *lengths,
        )
        self.startedWriting = 1
        self.code = status
        channel.send(head if self.method == b"HEAD" else head + body)
        self.finish()


def _date() -> bytes:
    """Return the date for an answer's headers."""
    return _date_of(int(time.time()))


@functools.lru_cache(maxsize=1)
def _date_of(seconds: int) -> bytes:
    return bytes(http.datetimeToString(seconds))


@functools.lru_cache(maxsize=256)
def _head(
    version: bytes, status: int, headers: tuple[tuple[str, str], ...], persistent: bool
) -> bytes:
    """Return status line and headers, with places for a date and, but for status 204, a length.

    Cached, since answers differ in little else.
    """
    lines = [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has a line break in it")
    if not persistent:
        lines.append("Connection: close")
    given = "\r\n".join(lines).encode("latin-1", "replace").replace(b"%", b"%%")
    length = b"" if status == NO_CONTENT else b"Content-Length: %d\r\n"
    return b"%s %d %s\r\n%s\r\nDate: %%s\r\n%s\r\n" % (
        version,
        status,
        RESPONSES.get(status, b""),
        given,
        length,
    )


def answer_headers(content_type: str, cache: str = "no-store") -> tuple[tuple[str, str], ...]:
    """Return the headers that every answer has.

    Answers are for who asked, once, and what they are called: no cache may keep them unless
    *cache*, a Cache-Control, says so, and no browser take them for something that it runs.
    """
    return (
        ("Server", "ddns"),
        ("Content-Type", content_type),
        ("Cache-Control", cache),
        ("X-Content-Type-Options", "nosniff"),
    )


def send_answer(
    request: http.Request,
    status: int,
    body: bytes,
    content_type: str,
    headers: Sequence[tuple[str, str]] = (),
    cache: str = "no-store",
) -> None:
    """Send a whole answer; nothing once an answer has begun, or to a client that has gone.

    See :func:`answer_headers` for *cache*.

    :raises ValueError: when a header has a line break in it.
    """
    if request.channel is None or request.startedWriting:
        return
    head = (*answer_headers(content_type, cache), *headers)
    if isinstance(request, LimitedRequest):
        request.reply(status, head, body)
        return
    request.setResponseCode(status)  # below somebody else's Site
    if status != NO_CONTENT:
        head = (*head, ("Content-Length", str(len(body))))
    for name, value in head:
        request.responseHeaders.addRawHeader(name, value)
    request.write(body)
    request.finish()


_DEFAULTS = HttpSettings()


class LimitedSite(ConnectionOwner, server.Site):
    """A Site that bounds what its clients may cost, and never logs a request, since requests may
    carry secrets in their query.

    ``answers`` counts answers by the first digit of their status.

    :param resource: what is served.
    :param reactor: for deadlines.
    :param limits: sizes, times and connections.
    :param proxies: who is trusted to say where a client is.
    :param between: called before each piece that a client sends.
    :param granted: how large a body in octets a request of this method, with this target and these
        headers, may have, where that is more than usual.
    """

    displayTracebacks = False
    protocol = Channel  # type: ignore[assignment]  # declared as a proxy class of Twisted's own

    def __init__(
        self,
        resource: IResource,
        reactor: IReactorTime,
        limits: HttpSettings = _DEFAULTS,
        proxies: Proxies = NOBODY,
        between: Callable[[], None] = lambda: None,
        granted: Callable[[bytes, bytes, Headers], int] = lambda method, target, headers: 0,
    ) -> None:
        super().__init__(resource, LimitedRequest, timeout=None, reactor=reactor)
        self.proxies = proxies
        self.between = between
        self._granted = granted
        self.seconds = reactor.seconds
        self.answers = [0] * 10
        self.table: ConnectionTable[Channel] = ConnectionTable(reactor, 0, 0, 1.0)
        self.tables = (self.table,)
        self.limit(limits)

    def limit(self, limits: HttpSettings) -> None:
        """Set the limits; deadlines that are set already stay."""
        self.limits = limits
        self.linger_time = limits.linger_time if isinstance(limits, HttpLimits) else LINGER_TIME
        pause = min(1.0, limits.request_time / 4, limits.idle_time / 4)
        self.table.limit(limits.connections, limits.connections_per_address, pause)

    def max_body(self, method: bytes, target: bytes, headers: Headers) -> int:
        """Return how many octets the body of a request may have."""
        return max(self.limits.body, self._granted(method, target, headers))

    def acceptableProtocols(self) -> list[bytes]:
        """Return what is offered in ALPN: HTTP/1.1 alone, also where Twisted could speak HTTP/2,
        which has another channel than ours, without its limits."""
        return [b"http/1.1"]

    def startFactory(self) -> None:
        """Open no log, which Twisted's own would."""

    def log(self, request: http.Request) -> None:
        """Log nothing."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make a channel that knows *addr*; its transport may know a proxy only."""
        channel: Any = super().buildProtocol(addr)
        channel.peer = addr
        return channel
