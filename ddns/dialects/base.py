"""What a dialect is, and what several of them share. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from ddns.model import records
from ddns.model.update import (
    Credentials,
    Outcome,
    Replace,
    Result,
    Status,
    Update,
    change_of,
)


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


_SHOWN = frozenset(
    {"host", "hostname", "ip", "myip", "myipv6", "offline", "wildcard", "mx", "backmx"}
    | {"lang", "opcode", "system", "user", "username"}
)


def shown(request: Request) -> str:
    """A request as its owner is shown it: path and query, without the values of parameters that no
    dialect knows or that hold secrets."""
    query = "&".join(
        f"{name}={quote(value, safe=',:/@', errors='replace')}" if name in _SHOWN else "…"
        for name, value in request.args.items()
    )
    return f"{request.path}?{query}" if query else request.path


def challenge(realm: str) -> dict[str, str]:
    """The header that makes wget and browsers send credentials (RFC 7617 2)."""
    return {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}


def split_list(text: str) -> list[str]:
    """The parts of a comma-separated value, empty ones left out."""
    return [part for part in map(str.strip, text.split(",")) if part]


def lines_or_word(
    outcome: Outcome, words: Mapping[Status, str], line: Callable[[Result], str]
) -> Reply:
    """The answer of dyndns2 and those that took after it: a line a host, or one word for the whole.

    Wrong credentials are a 401, what the server could not do is a 500.
    """
    match outcome.refusal:
        case None:
            failed = any(result.status is Status.FAILED for result in outcome.results)
            return Reply(
                "".join(line(result) + "\n" for result in outcome.results), 500 if failed else 200
            )
        case Status.UNAUTHENTICATED | Status.BADAUTH | Status.DISABLED as refusal:
            return Reply(words[refusal] + "\n", 401, headers=challenge("Dynamic DNS"))
        case refusal:
            return Reply(words[refusal] + "\n", 500 if refusal is Status.FAILED else 200)


def shown_addresses(result: Result, peer: str) -> str:
    """What a success says: a host that has no address, being offline, is shown with the client's,
    since clients insist on one."""
    return ",".join(result.addresses) or peer


def account_of(text: str) -> str:
    """The account that a query or form names. No name has a space in it: it was a ``+`` that the
    client did not escape."""
    return text.replace(" ", "+")


def own_address(peer: str) -> bytes:
    """The client's own address, which is what it means where it says nothing."""
    address = records.address_from_text(peer)
    assert address is not None, peer
    return address


def address_of(text: str, peer: str) -> bytes | None:
    """The address in a parameter, the client's own if that is empty; None if it is malformed."""
    return records.address_from_text(text) if text.strip() else own_address(peer)


def set_address(address: bytes) -> Replace:
    """The edit that makes this the host's only address of its family."""
    return Replace(records.address_type(address), (address,))


def update_of_one(
    request: Request,
    dialect: str,
    credentials: Credentials | None,
    *,
    refusal: Status | None = None,
    activated: bool = False,
) -> Update:
    """The update of a request that names one ``host`` and one ``ip``, whatever else is wrong with
    it, which comes first, in *refusal*."""
    host = request.args.get("host", "").strip()
    address = address_of(request.args.get("ip", ""), request.peer)
    if refusal is None and not host:
        refusal = Status.MISSING
    elif refusal is None and address is None:
        refusal = Status.BADADDRESS
    edits = () if address is None else (set_address(address),)
    return Update(
        dialect=dialect,
        credentials=credentials,
        changes=() if refusal else (change_of(host, edits, activated=activated),),
        peer=request.peer,
        at=request.now,
        agent=request.agent,
        refusal=refusal,
    )
