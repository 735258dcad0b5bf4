"""What a dialect is, and what several of them share. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ddns.model import names
from ddns.model.update import Change, Credentials, Edit, Outcome, Update


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, as far as dialects care.

    ``args`` holds the first value of each parameter of the query or form, undecodable octets as
    surrogates. ``credentials`` come from a Basic header: None without one, and empty when it is
    there but makes no sense. ``peer`` is the client's address in text, ``now`` seconds since 1970.
    """

    path: str
    args: Mapping[str, str]
    credentials: Credentials | None
    peer: str
    agent: str
    now: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    body: str
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """Translation between one family of clients and the pipeline.

    ``paths`` are what it answers to, without a final slash; with one they work as well.
    """

    @property
    def name(self) -> str:
        """How the dialect is called in logs and in the journal."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The request paths."""

    def parse(self, request: Request) -> Update | Outcome:
        """What the client wants; an Outcome where there is nothing to ask the pipeline."""

    def render(self, request: Request, outcome: Outcome) -> Reply:
        """The answer in the client's words, whatever the Status."""


def challenge(realm: str) -> dict[str, str]:
    """The header that makes wget and browsers send credentials (RFC 7617 2)."""
    return {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}


def split_list(text: str) -> list[str]:
    """The parts of a comma-separated value, empty ones left out."""
    return [part for part in map(str.strip, text.split(",")) if part]


def change_of(host: str, edits: tuple[Edit, ...]) -> Change:
    """A change of the host that a client wrote like this, be it well-formed or not."""
    try:
        return Change(host, names.host_from_text(host), edits)
    except names.BadName:
        return Change(host, None, edits)
