"""The JSON API over HTTP: one resource for the control socket and for everybody else."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import Resource

from ddns import __version__
from ddns.api import arguments, openapi, routes
from ddns.api.caller import Caller
from ddns.api.errors import (
    ApiError,
    Forbidden,
    Invalid,
    NotAllowed,
    NotFound,
    TooMany,
    Unauthenticated,
    error_json,
)
from ddns.api.operations import Json, Operations
from ddns.model.rows import Row, pack_rows
from ddns.net import peers
from ddns.net.http.origin import is_foreign, origin_of
from ddns.net.http.pace import Pace
from ddns.net.http.site import send_answer
from ddns.store.interfaces import StoreError
from ddns.store.scanning import IScan


class ApiResource(Resource):
    """The API's routes as a resource, and its description beside them.

    :param operations: performs them.
    :param caller_of: authenticates a request, or raises ApiError.
    :param via: what the journal calls this way in.
    :param ready: awaited before each call.
    :param url: the server's public URL, where the settings have one.
    """

    isLeaf = True
    _log = Logger()

    def __init__(
        self,
        operations: Operations,
        caller_of: Callable[[server.Request], Caller],
        via: str,
        ready: Callable[[], Awaitable[None]] | None = None,
        url: Callable[[], str] = str,
    ) -> None:
        super().__init__()
        self._operations = operations
        self._caller_of = caller_of
        self._via = via
        self._ready = ready
        self._url = url

    def render(self, request: server.Request) -> int:
        """Find the operation, call it, and answer with JSON or rows."""
        ensureDeferred(self._answer(request))
        return server.NOT_DONE_YET

    async def _answer(self, request: server.Request) -> None:
        try:
            await self._call(request)
        except ApiError as error:
            headers = _headers(error)
            _send(request, error.status, error.as_json(), headers)
        except Exception as error:
            if not isinstance(error, StoreError):
                self._log.failure("an API call failed")
            elif not error.logged:
                self._log.warn("an API call failed: {error}", error=error)
            if request.startedWriting and request.channel is not None:
                request.loseConnection()  # the answer is not whole
            _send(
                request, 500, error_json("failed", "the server could not do it; its log says why")
            )

    async def _call(self, request: server.Request) -> None:
        above = len(request.prepath or ())
        parts = request.path.split(b"/")[1 + above :]  # not decoded: %2F is no slash
        path = "/" + b"/".join(parts).decode("utf-8", "replace")
        query = request.uri.partition(b"?")[2].decode("utf-8", "replace")
        asked = request.method.decode("ascii", "replace")
        method = "GET" if asked == "HEAD" else asked
        if path == openapi.PATH:
            if method != "GET":
                raise NotAllowed(("HEAD", "GET"))
            self._caller_of(request)  # the description is refused and counted like a call
            base = "/" + b"/".join(request.prepath or ()).decode("utf-8", "replace")
            _send_octets(request, 200, _description(base))
            return
        found = routes.find(method, path)
        if found is None:
            if allowed := routes.methods(path):
                raise NotAllowed(allowed)
            raise NotFound("there is no such operation")
        route, texts = found
        if method != "GET" and is_foreign(request):
            raise Forbidden("another site may not ask for this")
        if self._ready is not None:
            await self._ready()
        caller = dataclasses.replace(
            self._caller_of(request),
            peer=peers.text_of(request.getClientAddress()),
            agent=(request.getHeader(b"user-agent") or b"").decode("utf-8", "replace"),
            origin=origin_of(request, self._url()),
        )
        caller.check(route.permission)
        body = request.content.read() if request.content else b""
        arguments.add_query(texts, parse_qsl(query, keep_blank_values=True))
        given: Json = {}
        if route.octets and route.method == "POST":
            given = {"rows": body}
        elif body:
            try:
                given = json.loads(body, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                raise Invalid("the body is not JSON") from error
            if not isinstance(given, dict):
                raise Invalid("the body is not a JSON object")
        operations = self._operations.acting_for(caller, self._via)
        operation: Callable[..., object] = getattr(operations, route.operation)
        checked = arguments.arguments(route.operation, given, texts)
        if route.octets and route.method == "GET":
            soa, scan = await operations.zone_scan(**checked)
            await _send_rows(request, soa, scan, whole=asked != "HEAD")
        else:
            _send(request, 200, await operation(**checked))  # type: ignore[misc]


def _object(pairs: list[tuple[str, object]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Invalid("a name stands twice in the body")
    return found


@functools.lru_cache(maxsize=4)
def _description(base: str) -> bytes:
    return json.dumps(openapi.document(__version__, base)).encode()


def _headers(error: ApiError) -> tuple[tuple[str, str], ...]:
    """Return the headers that some errors need (RFC 6750 3, RFC 9110 10.2.1 and 10.2.3)."""
    if isinstance(error, NotAllowed):
        return (("Allow", ", ".join(error.allowed)),)
    if isinstance(error, Unauthenticated):
        return (("WWW-Authenticate", "Bearer"),)
    if isinstance(error, TooMany):
        return (("Retry-After", str(math.ceil(error.retry_after))),)
    return ()


def _send(
    request: server.Request,
    status: int,
    answer: object,
    headers: tuple[tuple[str, str], ...] = (),
) -> None:
    _send_octets(request, status, json.dumps(answer).encode(), headers)


def _send_octets(
    request: server.Request,
    status: int,
    body: bytes,
    headers: tuple[tuple[str, str], ...] = (),
) -> None:
    send_answer(request, status, body, "application/json", headers)


async def _send_rows(request: server.Request, soa: Row, scan: IScan, *, whole: bool) -> None:
    """Send a zone's rows, its SOA first, as fast as they are read, or with *whole* false the
    headers alone; stop when the client goes."""
    pace = Pace()
    request.registerProducer(pace, True)
    try:
        request.setHeader(b"content-type", b"application/octet-stream")
        request.write(pack_rows([soa]))
        while whole and (scanned := await scan.next()):
            await pace.wait()
            if pace.gone or request.channel is None:
                return
            for part in scanned:
                request.write(pack_rows(row for row in part.rows if row[:2] != soa[:2]))
        if request.channel is not None:
            request.unregisterProducer()
            request.finish()
    finally:
        await scan.close()
