"""The APIs of tools as twisted.web resources."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from urllib.parse import parse_qsl, unquote

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import IResource, Resource

from ddns.model.update import RETRY_AFTER
from ddns.net import peers
from ddns.net.http.credentials import basic_credentials
from ddns.net.http.origin import is_foreign
from ddns.net.http.pace import Pace
from ddns.net.http.site import answer_headers, send_answer
from ddns.store.interfaces import StoreError
from ddns.tools.base import Tool, ToolAnswer, ToolError, ToolRequest

MAX_FIELDS = 100


class ToolResource(Resource):
    """One API.

    :param tool: answers requests.
    :param ready: awaited before each.
    :param now: seconds since 1970.
    """

    isLeaf = True
    _log = Logger()

    def __init__(
        self, tool: Tool, ready: Callable[[], Awaitable[None]], now: Callable[[], float]
    ) -> None:
        super().__init__()
        self._tool = tool
        self._ready = ready
        self._now = now

    def render(self, request: server.Request) -> int:
        """Have the API answer, whatever the method."""
        ensureDeferred(self._answer(request))
        return server.NOT_DONE_YET

    async def _answer(self, request: server.Request) -> None:
        tool = self._tool
        try:
            if request.method not in (b"GET", b"HEAD") and is_foreign(request):
                raise ToolError(403, "another site may not ask for this")
            await self._ready()
            answer = await tool.answer(_tool_request(request, self._now()))
        except ToolError as error:
            answer = tool.refusal(error)
        except StoreError as error:
            if not error.logged:
                words = "a request by {tool} failed: {error}"
                self._log.warn(words, tool=tool.name, error=error)
            words = "the database cannot be read or written"
            answer = tool.refusal(ToolError(503, words, RETRY_AFTER))
        except Exception:
            self._log.failure("a request by {tool} failed", tool=tool.name)
            words = "the server could not do it; its log says why"
            answer = tool.refusal(ToolError(500, words))
        if isinstance(answer.body, bytes):
            send_answer(request, answer.status, answer.body, answer.content_type, answer.headers)
            return
        try:
            await _send_pieces(request, answer, answer.body)
        except Exception:
            self._log.failure("an answer to {tool} failed", tool=tool.name)
            if request.channel is not None:
                request.loseConnection()  # the answer is not whole


class EitherResource(Resource):
    """Two resources at one place: one for the paths that it asks for, another one, or nothing, for
    the rest.

    :param is_first: told the segments of a path, says whether the *first* one answers.
    """

    isLeaf = True

    def __init__(
        self,
        is_first: Callable[[tuple[str, ...]], bool],
        first: IResource,
        other: IResource | None,
    ) -> None:
        super().__init__()
        self._is_first = is_first
        self._first = first
        self._other = other

    def render(self, request: server.Request) -> int:
        """Have one of the two answer."""
        resource = self._first if self._is_first(_path(request)) else self._other
        if resource is None:
            send_answer(request, 404, b"There is nothing here.\n", "text/plain; charset=utf-8")
            return server.NOT_DONE_YET
        answered: int = resource.render(request)
        return answered


def _tool_request(request: server.Request, now: float) -> ToolRequest:
    """Return a request as the APIs see it. One for the head of an answer asks as GET does."""
    query = request.uri.partition(b"?")[2].decode("utf-8", "replace")
    try:
        args = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ToolError(400, "too many parameters") from None
    if request.content is not None:
        request.content.seek(0)  # Twisted has read a form
    return ToolRequest(
        method="GET" if request.method == b"HEAD" else request.method.decode("ascii", "replace"),
        path=_path(request),
        args=dict(reversed(args)),
        headers={
            name.decode("latin-1").lower(): values[0].decode("latin-1")
            for name, values in request.requestHeaders.getAllRawHeaders()
        },
        credentials=basic_credentials(request),
        body=request.content.read() if request.content is not None else b"",
        peer=peers.text_of(request.getClientAddress()),
        at=now,
    )


def _path(request: server.Request) -> tuple[str, ...]:
    """Return the segments of the path below the resource that has this one beside others: the last
    one that was taken off is the API's own. Segments that are empty do not count: clients put a
    slash behind a URL that ends in one."""
    taken = len(list(filter(None, request.prepath or ()))) - 1
    segments = list(filter(None, request.path.split(b"/")))[taken:]
    return tuple(unquote(segment.decode("utf-8", "replace")) for segment in segments)


async def _send_pieces(
    request: server.Request, answer: ToolAnswer, body: AsyncGenerator[bytes, None]
) -> None:
    """Send an answer as fast as the client reads it; stop when that goes."""
    pace = Pace()
    request.registerProducer(pace, True)
    request.setResponseCode(answer.status)
    for name, value in (*answer_headers(answer.content_type), *answer.headers):
        request.setHeader(name, value)
    async with aclosing(body):  # what it reads from is given up when the client has gone
        async for piece in body:
            await pace.wait()
            if pace.gone or request.channel is None:
                return
            request.write(piece)
    if request.channel is not None:
        request.unregisterProducer()
        request.finish()
