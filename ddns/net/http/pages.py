"""Web pages as a twisted.web resource."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import parse_qs, parse_qsl, unquote

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web import http, server
from twisted.web.resource import Resource

from ddns.net import peers
from ddns.net.http.origin import is_foreign, origin_of
from ddns.net.http.site import send_answer
from ddns.net.http.streams import Streams
from ddns.pages.request import PageRequest
from ddns.pages.site import HEADERS, Pages
from ddns.policy.addresses import NetworkSet
from ddns.policy.token_bucket import Buckets

PLAIN = "text/plain; charset=utf-8"
MAX_FIELDS = 500


class PagesResource(Resource):
    """All pages below one resource.

    :param pages: answers requests.
    :param ready: awaited before each page.
    :param prepare: awaited once before the first page; what costs time the first time.
    :param url: the server's public URL, where the settings have one.
    :param clock: for limits, and for comments in live pages.

    ``refused`` are networks whose requests are not answered, ``calls`` the buckets of requests by
    network, None for no limit; both may be set at any time.
    """

    isLeaf = True
    _log = Logger()

    def __init__(
        self,
        pages: Pages,
        ready: Callable[[], Awaitable[None]],
        prepare: Callable[[], Awaitable[None]],
        url: Callable[[], str],
        clock: IReactorTime,
    ) -> None:
        super().__init__()
        self._pages = pages
        self._ready = ready
        self._prepare: Callable[[], Awaitable[None]] | None = prepare
        self._url = url
        self._clock = clock
        self._streams = Streams(clock)
        self.refused: NetworkSet | None = None
        self.calls: Buckets | None = None

    def render(self, request: server.Request) -> int:
        """Answer any path and method."""
        if request.method not in (b"GET", b"HEAD", b"POST"):
            self._send(request, 405, b"GET or POST only.\n", ("Allow", "GET, HEAD, POST"))
        elif (refusal := self._refusal(request)) is not None:
            status, words = refusal
            self._send(request, status, words)
        else:
            ensureDeferred(self._answer(request))
        return server.NOT_DONE_YET

    def _refusal(self, request: http.Request) -> tuple[int, bytes] | None:
        """Return what a client is told that gets no page, however it asks."""
        address = request.getClientAddress()
        if self.refused is not None and peers.text_of(address) in self.refused:
            return 403, b"Nothing is taken from your network.\n"
        network = peers.network_of(address)
        if self.calls is None or not network:
            return None
        now = self._clock.seconds()
        if self.calls.wait(network, now) > 0:
            return 429, b"Too many requests; wait a moment.\n"
        self.calls.take(network, now)
        return None

    async def _answer(self, request: server.Request) -> None:
        try:
            if self._prepare is not None:
                prepare, self._prepare = self._prepare, None
                await prepare()
            await self._ready()
            try:
                asked = _page_request(request, self._url())
            except ValueError:
                self._send(request, 400, b"Too many fields.\n")
                return
            answer = await self._pages.answer(asked)
        except Exception:
            self._log.failure("a page failed")
            self._send(request, 500, b"The server could not do it; its log says why.\n")
            return
        if isinstance(answer.body, bytes):
            kept = f"public, max-age={answer.cache}, immutable" if answer.cache else "no-store"
            send_answer(
                request, answer.status, answer.body, answer.content_type, answer.headers, kept
            )
        elif answer.live is None or self._streams.has_room(answer.live):
            await self._streams.send(request, answer, answer.body)
        else:
            await answer.body.aclose()
            self._send(request, 429, b"Too many live pages are open.\n")

    @staticmethod
    def _send(
        request: server.Request, status: int, words: bytes, *headers: tuple[str, str]
    ) -> None:
        """Send a line of text in the place of a page."""
        send_answer(request, status, words, PLAIN, (*HEADERS, *headers))


def _page_request(request: server.Request, url: str) -> PageRequest:
    """Return a request as pages see it."""
    query = request.uri.partition(b"?")[2].decode("utf-8", "replace")
    return PageRequest(
        method="POST" if request.method == b"POST" else "GET",
        path=_path(request),
        query=dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)),
        form=_form(request) if request.method == b"POST" else {},
        cookies=_cookies(request),
        languages=_header(request, "accept-language"),
        peer=peers.text_of(request.getClientAddress()),
        agent=_header(request, "user-agent"),
        origin=origin_of(request, url),
        foreign=is_foreign(request),
    )


def _path(request: server.Request) -> tuple[str, ...]:
    """Return the segments of the path below the resource that has the pages beside others: the last
    one that was taken off is a page's own."""
    taken = len(request.prepath or ()) - 1
    segments = request.path.split(b"/")[1 + taken :]
    return tuple(unquote(segment.decode("utf-8", "replace")) for segment in segments)


def _form(request: http.Request) -> Mapping[str, Sequence[str]]:
    if request.content is None or not _header(request, "content-type").lower().startswith(
        "application/x-www-form-urlencoded"
    ):
        return {}
    request.content.seek(0)  # Twisted has read it, too, and splits it at semicolons as well
    body = request.content.read().decode("utf-8", "replace")
    return parse_qs(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)


def _cookies(request: http.Request) -> Mapping[str, str]:
    """Return the cookies. One that stands there twice counts for nothing: another host may have set
    the one, and it is not told which."""
    found: dict[str, str] = {}
    twice = set()
    for header in request.requestHeaders.getRawHeaders("cookie") or ():
        for part in header.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals and name in found:
                twice.add(name)
            found[name] = value
    return {name: value for name, value in found.items() if name not in twice}


def _header(request: http.Request, name: str) -> str:
    return (request.requestHeaders.getRawHeaders(name) or [""])[0]
