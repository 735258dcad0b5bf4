"""What the APIs of tools have in common: requests, answers, and what went wrong in their words."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ddns.model.update import Credentials, Outcome, Status

JSON = "application/json"

SHOWN = 200
"""Characters of a long message that are shown of its beginning, and as many of its end."""


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """An HTTP request as far as tools' APIs care.

    ``path`` has the decoded segments, ``args`` the first value of each parameter of the query,
    ``headers`` the first of each field by its name in lower case. ``credentials`` are those of
    Basic authentication, if any. ``peer`` is the client's address, ``at`` seconds since 1970;
    ``shown`` is method and path as the owner of a host may see them.
    """

    method: str
    path: tuple[str, ...]
    args: Mapping[str, str]
    headers: Mapping[str, str]
    credentials: Credentials | None
    body: bytes
    peer: str
    at: float

    @property
    def shown(self) -> str:
        """Method and path, which hold no secrets in these APIs."""
        return f"{self.method} /{'/'.join(self.path)}"

    def json_object(self) -> dict[str, Any]:
        """Return the object that the body is, an empty one for no body.

        :raises ToolError: when it is anything else, or a name stands twice in it.
        """
        if not self.body.strip():
            return {}
        try:
            given = json.loads(self.body, object_pairs_hook=_object)
        except (ValueError, RecursionError):
            raise ToolError(400, "the body is not JSON") from None
        if not isinstance(given, dict):
            raise ToolError(400, "the body is not a JSON object")
        return given


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ToolError(400, "a name stands twice in the body")
    return found


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What to answer; a body of unknown length comes in pieces, and is closed in any case."""

    status: int
    body: bytes | AsyncGenerator[bytes, None] = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class ToolError(Exception):
    """A request cannot be answered; ``str()`` says why in one line, without its middle if it quotes
    too much.

    ``status`` is that of HTTP, ``retry_after`` after how many seconds it may go well.
    """

    def __init__(self, status: int, why: str, retry_after: float | None = None) -> None:
        if len(why) > 2 * SHOWN:
            why = f"{why[:SHOWN]} ... {why[-SHOWN:]}"
        super().__init__(why)
        self.status = status
        self.retry_after = retry_after

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Header fields that belong to the answer (RFC 9110 10.2.3)."""
        if self.retry_after is None:
            return ()
        return (("Retry-After", str(math.ceil(self.retry_after))),)


class Tool(Protocol):
    """An API. ``name`` is what journal, request log and metrics call it."""

    @property
    def name(self) -> str: ...

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """Answer a request.

        :raises ToolError: in its place; the API words it.
        :raises StoreError: when the database cannot be read or written.
        """

    def refusal(self, error: ToolError) -> ToolAnswer:
        """Return an error in the API's own form."""


_STATUSES = {
    Status.NOHOST: 404,
    Status.NOTYOURS: 403,
    Status.BLOCKED: 403,
    Status.ABUSE: 429,
    Status.FAILED: 503,
}


def check(outcome: Outcome) -> None:
    """Check that records were changed as asked, on disk and in our DNS.

    :raises ToolError: when they were not; then nothing has changed.
    """
    refusal = outcome.refusal
    if refusal is None:
        return
    words = outcome.reason or refusal.value
    raise ToolError(_STATUSES.get(refusal, 422), words, outcome.retry_after)
