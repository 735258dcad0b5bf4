"""Requests that this server sends to others, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443, "dns": 53}
"""The usual ports of what this server speaks to others."""


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


def place_of(url: str) -> str:
    """Return the host of a URL of http, https or dns, and its port if it is another than usual.

    :raises ValueError: for what is no URL.

    >>> place_of("https://[2001:DB8::1]:8443/x"), place_of("http://hook.example:80")
    ('[2001:db8::1]:8443', 'hook.example')
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if port is None or port == PORTS.get(parts.scheme):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
