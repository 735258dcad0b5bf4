"""The requests of acme-dns's clients: ``POST /register``, ``POST /update``, ``GET /health``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from ddns.tools.acme_dns import errors
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest


class Answering(Protocol):
    """What answers one kind of request."""

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """Answer a request.

        :raises ToolError: in its place.
        """


class AcmeDns:
    """The API, below its first segment.

    :param register: makes registrations.
    :param update: sets the TXT records of one.
    """

    name = "acme-dns"

    def __init__(self, register: Answering, update: Answering) -> None:
        self._paths: dict[tuple[str, ...], tuple[str, Callable[..., Awaitable[ToolAnswer]]]] = {
            ("register",): ("POST", register.answer),
            ("update",): ("POST", update.answer),
            ("health",): ("GET", _health),
        }

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """See :class:`ddns.tools.base.Tool`."""
        method, answer = self._paths.get(request.path[1:], ("", _health))
        if not method:
            raise ToolError(404, "there is nothing here but /register, /update and /health")
        if request.method != method:
            raise ToolError(405, f"{method} only")
        return await answer(request)

    def refusal(self, error: ToolError) -> ToolAnswer:
        """See :class:`ddns.tools.base.Tool`."""
        return errors.refusal(error)


async def _health(request: ToolRequest) -> ToolAnswer:
    """Say that the server has loaded everything, which is waited for before any answer."""
    return ToolAnswer(200)
