"""Metrics and health over HTTP: /metrics, /healthz and /readyz, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import Resource

from ddns.net.http.site import send_answer

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

PLAIN = "text/plain; charset=utf-8"


class MonitoringResource(Resource):
    """The three pages.

    :param metrics: makes the text for Prometheus.
    :param alive: says in a word or two what is wrong, or nothing.
    :param ready: likewise.
    """

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
        """Answer any path and method."""
        if request.path != b"/metrics" and request.path not in self._health:
            send_answer(request, 404, b"There is nothing here.\n", PLAIN)
        elif request.method not in (b"GET", b"HEAD"):
            allow = [("Allow", "GET, HEAD")]
            send_answer(request, 405, b"GET or HEAD only.\n", PLAIN, allow)
        elif request.path == b"/metrics":
            ensureDeferred(self._show(request))
        else:
            wrong = self._health[request.path]()
            body = f"{wrong or 'ok'}\n".encode()
            send_answer(request, 503 if wrong else 200, body, PLAIN)
        return server.NOT_DONE_YET

    async def _show(self, request: server.Request) -> None:
        try:
            text = await self._metrics()
        except Exception:
            self._log.failure("the metrics cannot be shown")
            body = b"The server could not do it; its log says why.\n"
            send_answer(request, 500, body, PLAIN)
        else:
            send_answer(request, 200, text, METRICS_TYPE)
