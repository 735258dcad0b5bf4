"""HTTP: the dialects as a twisted.web resource.

Answers always have a Content-Length, because ddclient 3.10 speaks HTTP/1.1 and cannot read chunks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable, Mapping

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import http, server
from twisted.web.resource import IResource, Resource

from ddns.dialects.base import Dialect, Reply, Request, shown
from ddns.model.update import Credentials, Outcome, Status, Update
from ddns.net import peers
from ddns.net.http.site import LimitedRequest

Perform = Callable[[Update], Awaitable[Outcome]]
"""The pipeline, as the resource sees it."""

Note = Callable[[Update, Outcome, Callable[[], tuple[str, str]]], None]
"""Is told of a request what came of it, and how to get at what the client asked and was told."""


Answered = Callable[[str, Outcome], object]
"""Is told what a request to a dialect came to that the pipeline has not seen."""


def note_nothing(update: Update, outcome: Outcome, exchange: Callable[[], tuple[str, str]]) -> None:
    """For who keeps no log of requests."""


class UpdateResource(Resource):
    """All dialects below one resource, by the path that is left at this point. *beside* are other
    resources, by the first part of paths that are no dialect's."""

    isLeaf = True
    _log = Logger()

    def __init__(
        self,
        perform: Perform,
        dialects: Iterable[Dialect],
        now: Callable[[], float],
        note: Note = note_nothing,
        beside: Mapping[bytes, IResource] | None = None,
        answered: Answered = lambda dialect, outcome: None,
    ) -> None:
        super().__init__()
        self._answered = answered
        self._beside = beside or {}
        self._perform = perform
        self._now = now
        self._note = note
        self._by_path = {path: dialect for dialect in dialects for path in dialect.paths}

    def render(self, request: server.Request) -> int:
        """Every method comes here; what is neither GET nor POST is refused."""
        path = "/" + b"/".join(request.postpath or []).decode("utf-8", "replace").rstrip("/")
        dialect = self._by_path.get(path)
        if dialect is None:
            return self._elsewhere(request)
        if request.method not in (b"GET", b"POST"):
            _send(request, Reply("GET or POST only.\n", 405, headers={"Allow": "GET, POST"}))
        else:
            ensureDeferred(self._answer(request, dialect, path))
        return server.NOT_DONE_YET

    def _elsewhere(self, request: server.Request) -> int:
        left = request.postpath or [b""]
        resource = self._beside.get(left[0])
        if resource is None:
            _send(request, Reply("There is nothing here.\n", 404))
            return server.NOT_DONE_YET
        request.prepath = [*(request.prepath or []), left[0]]
        request.postpath = left[1:]
        answered: int = resource.render(request)
        return answered

    async def _answer(self, request: http.Request, dialect: Dialect, path: str) -> None:
        asked = Request(
            path=path,
            args=_args(request),
            credentials=_credentials(request),
            peer=peers.text_of(request.getClientAddress()),
            agent=_header(request, b"user-agent"),
            now=self._now(),
        )
        parsed = None
        try:
            parsed = dialect.parse(asked)
            outcome = await self._perform(parsed) if isinstance(parsed, Update) else parsed
        except Exception:
            self._log.failure("answering {dialect} failed", dialect=dialect.name)
            outcome = Outcome(Status.FAILED)
        if not isinstance(parsed, Update):
            self._answered(dialect.name, outcome)
        try:
            reply = dialect.render(asked, outcome)
        except Exception:
            self._log.failure("rendering {dialect} failed", dialect=dialect.name)
            reply = Reply("911\n", 500)
        _send(request, reply)
        if isinstance(parsed, Update):
            self._note(parsed, outcome, lambda: (shown(asked), f"{reply.status} {reply.body}"))


def _send(request: http.Request, reply: Reply) -> None:
    if request.channel is None:  # the client has gone
        return
    body = reply.body.encode("utf-8", "replace")
    headers = (
        ("Server", "ddns"),
        ("Content-Type", reply.content_type),
        ("Cache-Control", "no-store"),
        *reply.headers.items(),
    )
    if isinstance(request, LimitedRequest):
        request.reply(reply.status, headers, body)
    else:  # below somebody else's Site
        request.setResponseCode(reply.status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            request.responseHeaders.setRawHeaders(name, [value])
        request.write(body)
        request.finish()


def _args(request: http.Request) -> Mapping[str, str]:
    args = request.args
    if request.method == b"POST" and not request.requestHeaders.hasHeader(b"content-type"):
        args = {**args, **http.parse_qs(_body(request), True)}
    return {_text(name): _text(values[0]) for name, values in args.items()}


def _body(request: http.Request) -> bytes:
    return bytes(request.content.read()) if request.content else b""


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _header(request: http.Request, name: bytes) -> str:
    return _text((request.requestHeaders.getRawHeaders(name) or [b""])[0])


def _credentials(request: http.Request) -> Credentials | None:
    """The Basic credentials (RFC 7617); wrong ones where the header cannot be understood."""
    header = request.requestHeaders.getRawHeaders(b"authorization")
    if header is None:
        return None
    scheme, _, encoded = header[0].partition(b" ")
    if scheme.lower() != b"basic":
        return Credentials("", "")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return Credentials("", "")
    user, _, secret = decoded.partition(b":")
    return Credentials(_text(user), _text(secret))
