"""The answers to HTTP challenges of ACME (RFC 8555 8.3)."""

from __future__ import annotations

from collections.abc import Callable

from twisted.web import server
from twisted.web.resource import Resource

from ddns.net.http.site import send_answer

_PLAIN = "text/plain; charset=utf-8"


class AcmeResource(Resource):
    """What is below ``/.well-known``: ``acme-challenge/TOKEN``, while an order goes on.

    :param answer: returns the answer for a token, None for one that nobody is to ask for.
    """

    isLeaf = True

    def __init__(self, answer: Callable[[str], str | None]) -> None:
        super().__init__()
        self._answer = answer

    def render(self, request: server.Request) -> int:
        """Answer any path and method."""
        answer = self._find(request.postpath or [])
        if answer is None:
            send_answer(request, 404, b"There is nothing here.\n", _PLAIN)
        elif request.method not in (b"GET", b"HEAD"):
            allow = [("Allow", "GET, HEAD")]
            send_answer(request, 405, b"GET or HEAD only.\n", _PLAIN, allow)
        else:
            send_answer(request, 200, answer.encode(), "application/octet-stream")
        return server.NOT_DONE_YET

    def _find(self, path: list[bytes]) -> str | None:
        if len(path) != 2 or path[0] != b"acme-challenge":
            return None
        return self._answer(path[1].decode("latin-1"))
