"""What is served to whoever watches the server, on listeners of their own: /metrics, /healthz and
/readyz, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import Resource

from ddns.net.http.site import LimitedRequest

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

PLAIN = "text/plain; charset=utf-8"


class MonitoringResource(Resource):
    """*metrics* makes the text for Prometheus; *alive* and *ready* tell what is wrong, in a word or
    two, or nothing."""

    isLeaf = True
    _log = Logger()

    def __init__(
        self,
        metrics: Callable[[], Awaitable[bytes]],
        alive: Callable[[], str],
        ready: Callable[[], str],
    ) -> None:
        super().__init__()
        self._metrics = metrics
        self._health = {b"/healthz": alive, b"/readyz": ready}

    def render(self, request: server.Request) -> int:
        """Every path and method comes here."""
        assert isinstance(request, LimitedRequest)
        if request.path != b"/metrics" and request.path not in self._health:
            _send(request, 404, b"There is nothing here.\n")
        elif request.method not in (b"GET", b"HEAD"):
            _send(request, 405, b"GET or HEAD only.\n", ("Allow", "GET, HEAD"))
        elif request.path == b"/metrics":
            ensureDeferred(self._show(request))
        else:
            wrong = self._health[request.path]()
            _send(request, 503 if wrong else 200, f"{wrong or 'ok'}\n".encode())
        return server.NOT_DONE_YET

    async def _show(self, request: LimitedRequest) -> None:
        try:
            text = await self._metrics()
        except Exception:
            self._log.failure("the metrics cannot be shown")
            _send(request, 500, b"The server could not do it; its log says why.\n")
        else:
            _send(request, 200, text, kind=METRICS_TYPE)


def _send(
    request: LimitedRequest, status: int, body: bytes, *more: tuple[str, str], kind: str = PLAIN
) -> None:
    if request.channel is not None:  # otherwise the client has gone
        head = (("Server", "ddns"), ("Content-Type", kind), ("Cache-Control", "no-store"))
        request.reply(status, (*head, *more), body)
