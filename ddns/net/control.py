"""The control socket: the API with the operator's rights, on a Unix socket beside the database.

Whoever may open the socket may do everything, so it is made with mode 0600.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IPushProducer
from twisted.logger import Logger
from twisted.web import http, server
from twisted.web.resource import Resource
from zope.interface import implementer

from ddns.api import calls, routes
from ddns.api.errors import ApiError, Invalid, NotFound
from ddns.api.operations import Json, Operations
from ddns.model.rows import Row, pack_rows
from ddns.net.channel import HttpLimits
from ddns.net.site import LimitedSite
from ddns.paths import short_path
from ddns.store.interfaces import IScan

LIMITS = HttpLimits(body=16 * 2**20, request_time=3600.0, idle_time=3600.0)
"""Whoever imports a large file may connect long before the first rows are ready."""


class ControlListener:
    """The listening socket. Its caller holds the database's lock, so a socket file that is there
    already is a dead one."""

    def __init__(self, reactor: Any, operations: Operations, path: Path) -> None:
        self._reactor = reactor
        self._path = path
        self.site = LimitedSite(ApiResource(operations), reactor, LIMITS)
        self._port: IListeningPort | None = None
        self._exit = ExitStack()

    def start(self) -> None:
        """Listen.

        :raises OSError: when the socket cannot be made.
        """
        self._path.unlink(missing_ok=True)
        path = self._exit.enter_context(short_path(self._path))
        mask = os.umask(0o177)  # nobody else may connect, not even before the mode is set
        try:
            self._port = self._reactor.listenUNIX(path, self.site, mode=0o600)
        except CannotListenError as error:
            raise OSError(f"cannot listen on {self._path}: {error.socketError}") from error
        finally:
            os.umask(mask)

    async def stop(self) -> None:
        """Listen no longer; connections end with the request they are at."""
        if self._port is not None:
            port, self._port = self._port, None
            # Twisted is to remove it, and would end in the middle of that if somebody else has.
            with suppress(OSError):
                self._path.touch(0o600)
            await (port.stopListening() or succeed(None))
            self.site.close_connections()
        self._exit.close()


class ApiResource(Resource):
    """The API's table as a resource."""

    isLeaf = True
    _log = Logger()

    def __init__(self, operations: Operations) -> None:
        super().__init__()
        self._operations = operations

    def render(self, request: http.Request) -> int:
        """Find the operation, call it, answer JSON or rows."""
        ensureDeferred(self._answer(request))
        return server.NOT_DONE_YET

    async def _answer(self, request: http.Request) -> None:
        try:
            await self._call(request)
        except ApiError as error:
            _send(request, error.status, _error(error.code, str(error)))
        except Exception:
            self._log.failure("an API call failed")
            if request.startedWriting and request.channel is not None:
                request.loseConnection()  # the answer is not whole
            _send(request, 500, _error("failed", "the server could not do it; its log says why"))

    async def _call(self, request: http.Request) -> None:
        path, _, query = request.uri.decode("utf-8", "replace").partition("?")
        found = routes.find(request.method.decode("ascii", "replace"), path)
        if found is None:
            raise NotFound("there is no such operation")
        route, texts = found
        body = request.content.read() if request.content else b""
        texts |= dict(parse_qsl(query, keep_blank_values=True))
        given: Json = {}
        if route.octets and route.method == "POST":
            given = {"rows": body}
        elif body:
            try:
                given = json.loads(body)
            except (ValueError, RecursionError) as error:
                raise Invalid("the body is not JSON") from error
            if not isinstance(given, dict):
                raise Invalid("the body is not a JSON object")
        operation: Callable[..., object] = getattr(self._operations, route.operation)
        arguments = calls.arguments(route.operation, given, texts)
        if route.octets and route.method == "GET":
            soa, scan = await self._operations.zone_scan(**arguments)
            await _RowStream(request, scan).send(soa)
        else:
            _send(request, 200, await operation(**arguments))  # type: ignore[misc]


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}


def _send(request: http.Request, status: int, answer: object) -> None:
    if request.channel is None or request.startedWriting:
        return
    body = json.dumps(answer).encode()
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"content-length", b"%d" % len(body))
    request.write(body)
    request.finish()


@implementer(IPushProducer)
class _RowStream:
    """A zone's rows as the body of an answer, its SOA first, no faster than they are read."""

    def __init__(self, request: http.Request, scan: IScan) -> None:
        self._request = request
        self._scan = scan
        self._resumed: Deferred[None] | None = None

    async def send(self, soa: Row) -> None:
        """Write it all; a client that goes away ends it."""
        request = self._request
        request.registerProducer(self, True)
        try:
            request.setHeader(b"content-type", b"application/octet-stream")
            request.write(pack_rows([soa]))
            while rows := await self._scan.next():
                if self._resumed is not None:
                    await self._resumed
                if request.channel is None:
                    return
                request.write(pack_rows(row for row in rows if row[:2] != soa[:2]))
            if request.channel is not None:
                request.unregisterProducer()
                request.finish()
        finally:
            await self._scan.close()

    def pauseProducing(self) -> None:
        """The client reads slowly."""
        if self._resumed is None:
            self._resumed = Deferred()

    def resumeProducing(self) -> None:
        """It has caught up."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.callback(None)

    def stopProducing(self) -> None:
        """It has gone."""
        self.resumeProducing()
