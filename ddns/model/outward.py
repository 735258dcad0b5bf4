"""Requests that this server sends to others, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class OutwardError(Exception):
    """There is no answer, or the target may not be reached; ``str()`` is one line for people.

    It names the host, and never the rest of a URL, which may hold secrets.
    """


@dataclass(frozen=True, slots=True)
class OutwardRequest:
    """An HTTP request. Only the host of its URL may be shown to anybody."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class OutwardAnswer(NamedTuple):
    """The answer to it. Names of headers are in lower case; of several alike the last counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    """Sends a request and returns the answer to it; raises :class:`OutwardError`."""

    def __call__(self, request: OutwardRequest, /) -> Awaitable[OutwardAnswer]: ...
