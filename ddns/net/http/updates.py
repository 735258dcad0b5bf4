"""HTTP: the dialects as a twisted.web resource.

Answers always have a Content-Length, because ddclient 3.10 speaks HTTP/1.1 and cannot read chunks.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from itertools import dropwhile
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import http, server
from twisted.web.resource import IResource, Resource

from ddns.dialects.base import Dialect, Headers, Reply, Request, in_status_too, shown
from ddns.dialects.routing import Routes
from ddns.model.account import Key
from ddns.model.counters import DialectCounts
from ddns.model.request_log import PLAIN, TLS, Arrival
from ddns.model.update import Credentials, Outcome, Status, Update
from ddns.net import peers
from ddns.net.http.credentials import basic_credentials
from ddns.net.http.origin import is_foreign
from ddns.net.http.site import send_answer
from ddns.policy.short_names import in_full
from ddns.updates.pipeline import Pipeline

FOREIGN = Reply("Another site may not ask for this.\n", 403)
"""For a browser, without a challenge that would make it ask its user for credentials; no word in it
is one that a client takes for success."""


class UpdateResource(Resource):
    """All dialects below one resource, by the path that is left at this point.

    :param pipeline: performs their updates.
    :param dialects: where several have a path, the last one that claims a request answers it.
    :param beside: other resources, by the first segment of paths that are no dialect's.
    :param key_of: finds the key that a secret is, for clients that name their hosts in short.
    """

    isLeaf = True
    sends_all_headers = True  # see LimitedRequest.process
    _log = Logger()

    def __init__(
        self,
        pipeline: Pipeline,
        dialects: Iterable[Dialect],
        beside: Mapping[bytes, IResource] | None = None,
        key_of: Callable[[str], Key | None] = lambda secret: None,
    ) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._beside = beside or {}
        self._key_of = key_of
        dialects = tuple(dialects)
        self._routes = Routes(dialects)
        for dialect in dialects:
            # Counted from the beginning, so that a metric is there before the first request.
            pipeline.counts.dialects.setdefault(dialect.name, DialectCounts())

    def render(self, request: server.Request) -> int:
        """Have a dialect answer; Twisted calls this for every method. HEAD and, without a body, PUT
        are as GET is. Segments of a path that are empty do not count."""
        segments = b"/".join(request.postpath or ()).decode("utf-8", "replace").split("/")
        path = "/" + "/".join(filter(None, segments))
        route = self._routes.find(path)
        if route is None:
            return self._elsewhere(request)
        peer = peers.text_of(request.getClientAddress())
        arrival = _arrival(request, peer)  # an answered request has no connection that tells it
        secure = arrival.transport != PLAIN
        asked = _request(request, path, route.parameters, self._pipeline.now(), peer, secure)
        dialect = route.dialect(asked)
        if dialect is None:
            return self._elsewhere(request)
        if request.method not in _METHODS or (request.method == b"PUT" and _body(request)):
            allow = {"Allow": "GET, HEAD, POST"}
            _send(request, Reply("GET or POST only.\n", 405, headers=allow))
        else:
            ensureDeferred(self._answer(request, dialect, asked, arrival))
        return server.NOT_DONE_YET

    def _elsewhere(self, request: server.Request) -> int:
        left = list(dropwhile(operator.not_, request.postpath or ())) or [b""]
        resource = self._beside.get(left[0])
        if resource is None:
            _send(request, Reply("There is nothing here.\n", 404))
            return server.NOT_DONE_YET
        request.prepath = [*(request.prepath or []), left[0]]
        request.postpath = left[1:]
        answered: int = resource.render(request)
        return answered

    async def _answer(
        self, request: http.Request, dialect: Dialect, asked: Request, arrival: Arrival
    ) -> None:
        update = None
        try:
            twice = asked.parameters.keys() & asked.args.keys()
            parsed = Outcome(Status.BADREQUEST) if twice else dialect.parse(asked)
            if not isinstance(parsed, Update):
                outcome = parsed
            elif is_foreign(request):
                self._pipeline.counts.answered(dialect.name, Outcome(Status.BADREQUEST))
                _send(request, FOREIGN)
                return
            else:
                update = parsed if parsed.within is None else await self._in_full(parsed)
                outcome = await self._pipeline.perform(update)
        except Exception:
            self._log.failure("answering {dialect} failed", dialect=dialect.name)
            outcome = Outcome(Status.FAILED)
        if update is None:  # the pipeline has not seen it
            self._pipeline.counts.answered(dialect.name, outcome)
        try:
            reply = in_status_too(asked, outcome, dialect.render(asked, outcome))
        except Exception:
            self._log.failure("rendering {dialect} failed", dialect=dialect.name)
            reply = Reply("911\n", 500)
        _send(request, reply)
        log = self._pipeline.requests
        if update is not None and log is not None and log.wants(update, outcome):
            told = f"{reply.status} {reply.body}"
            log.add(update, outcome, shown(asked, dialect), told, arrival)

    async def _in_full(self, update: Update) -> Update:
        """Give the hosts of an update their whole names, once all keys have been loaded."""
        given = update.credentials
        if not isinstance(given, Credentials):
            return update
        await self._pipeline.loaded()
        return in_full(update, self._key_of(given.secret))


_METHODS = (b"GET", b"POST", b"HEAD", b"PUT")


def _body(request: http.Request) -> bytes:
    if request.content is None:
        return b""
    request.content.seek(0)  # Twisted has read a form
    return bytes(request.content.read())


def _send(request: http.Request, reply: Reply) -> None:
    body = reply.body.encode("utf-8", "replace")
    send_answer(request, reply.status, body, reply.content_type, tuple(reply.headers.items()))


def _request(
    request: http.Request,
    path: str,
    parameters: Mapping[str, str],
    now: float,
    peer: str,
    secure: bool,
) -> Request:
    """Return a request as dialects see it."""
    is_post = request.method == b"POST"
    body = _body(request) if is_post else b""
    fields = request.requestHeaders
    args = _parameters(request, body)
    return Request(
        path=path,
        args={name: values[0] for name, values in args.items()},
        credentials=basic_credentials(request),
        peer=peer,
        agent=_text(fields.getRawHeaders(b"user-agent", (b"",))[0]),
        now=now,
        method="POST" if is_post else "GET",
        headers=Headers(lambda name: list(map(_text, fields.getRawHeaders(name.encode(), ())))),
        body=body,
        parameters=parameters,
        repeated={name: tuple(values) for name, values in args.items() if len(values) > 1},
        secure=secure,
    )


def _arrival(request: http.Request, client: str) -> Arrival:
    """Return how a request came. Before a proxy only that knows whether there was TLS."""
    version = _text(request.clientproto)
    if request.isSecure():
        return Arrival(TLS, version)
    channel: Any = request.channel
    return Arrival(PLAIN if peers.text_of(channel.getPeer()) == client else "", version)


def _parameters(request: http.Request, body: bytes) -> dict[str, list[str]]:
    """Return the parameters of query and form.

    Twisted also splits them at semicolons, which stand unescaped in passwords.
    """
    kind = request.requestHeaders.getRawHeaders(b"content-type", (b"",))[0].lower()
    if kind.startswith(b"multipart/"):
        return {_text(name): list(map(_text, values)) for name, values in request.args.items()}
    found = _form(request.uri.partition(b"?")[2])
    # Some routers send a form and do not say so.
    if body and (not kind or kind.startswith(b"application/x-www-form-urlencoded")):
        found |= _form(body)
    return found


def _form(text: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    is_quoted = b"%" in text or b"+" in text
    for part in text.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            if is_quoted:
                name, value = _unquoted(name), _unquoted(value)
            found.setdefault(_text(name), []).append(_text(value))
    return found


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
