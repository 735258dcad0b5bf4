"""The interface of dialects, their requests and replies, and helpers that they share. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, overload
from urllib.parse import quote

from ddns.dialects.addresses import host_address, own_address, set_address
from ddns.model import names
from ddns.model.records import CNAME
from ddns.model.update import (
    Change,
    Credentials,
    Edit,
    Outcome,
    Remove,
    Replace,
    Result,
    Status,
    Update,
    change_of,
)


class Headers:
    """The header fields of a request, by name in any case.

    :param fields: names and values in their order, read when a field is first asked for.
    """

    __slots__ = ("_by_name", "_fields")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = fields
        self._by_name: dict[str, list[str]] | None = None

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field."""
        return next(iter(self.getlist(name)), default)

    def getlist(self, name: str) -> Sequence[str]:
        """Return all values of a field, in their order."""
        if self._by_name is None:  # most requests are answered without a look at them
            self._by_name = {}
            for key, value in self._fields:
                self._by_name.setdefault(key.lower(), []).append(value)
        return self._by_name.get(name.lower(), ())


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, as far as dialects care; undecodable octets are surrogates.

    :param path: the path without a final slash.
    :param args: the first value of each parameter of the query or form.
    :param credentials: those of a Basic header; None without one, empty where it makes no sense.
    :param peer: the client's address in text.
    :param agent: the User-Agent header.
    :param now: seconds since 1970.
    :param method: ``GET`` or ``POST``; HEAD and, without a body, PUT are ``GET``.
    :param headers: all header fields.
    :param body: the body of a POST.
    :param parameters: what stands in the path for the ``{names}`` of the dialect's path.
    :param repeated: all values of the ``args`` that were given more than once.
    """

    path: str
    args: Mapping[str, str]
    credentials: Credentials | None
    peer: str
    agent: str
    now: float
    method: str = "GET"
    headers: Headers = field(default_factory=Headers, compare=False)
    body: bytes = field(default=b"", repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def getlist(self, name: str) -> Sequence[str]:
        """Return all values of a parameter of the query or form, in their order."""
        if (values := self.repeated.get(name)) is not None:
            return values
        return (self.args[name],) if name in self.args else ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    body: str
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """Translation between one family of clients and the pipeline.

    A dialect may also have ``loggable``, the names of parameters whose values the log of requests
    may show. Without it the log shows of a request no more than how many parameters it has.
    """

    @property
    def name(self) -> str:
        """The name of the dialect in logs and in the journal."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The request paths, without a final slash; clients may add one.

        A segment ``{name}`` stands for any text but a slash, which becomes a parameter of the
        request. A path without such segments is preferred to one with them.
        """

    def parse(self, request: Request) -> Update | Outcome:
        """Return the update that a client asks for, or an Outcome where the pipeline has nothing
        to do."""

    def render(self, request: Request, outcome: Outcome) -> Reply:
        """Return the answer in the client's words, whatever the Status."""


def match_path(pattern: str, path: str) -> dict[str, str] | None:
    """Return the parameters of a path that a pattern matches; None if it does not. A name that
    stands twice in the pattern stands for the same text."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    parameters: dict[str, str] = {}
    for segment, text in zip(wanted, given, strict=True):
        if segment.startswith("{") and segment.endswith("}") and text:
            if parameters.setdefault(segment[1:-1], text) != text:
                return None
        elif segment != text:
            return None
    return parameters


def shown(request: Request, dialect: Dialect) -> str:
    """Return path and query as the owner of a host may see them: without the values of parameters
    that the dialect has not declared ``loggable``, for they may be secrets. What stands behind a
    colon in a parameter's name is a host."""
    loggable: frozenset[str] = getattr(dialect, "loggable", frozenset())
    hidden = {value for name, value in request.parameters.items() if name not in loggable}
    path = "/".join("…" if segment in hidden else segment for segment in request.path.split("/"))
    query = "&".join(
        f"{quote(name, safe=':', errors='replace')}={quote(value, safe=',:/@', errors='replace')}"
        if name.partition(":")[0] in loggable
        else "…"
        for name in request.args
        for value in request.getlist(name)
    )
    return f"{path}?{query}" if query else path


def challenge(realm: str) -> dict[str, str]:
    """Return the header that makes wget and browsers send credentials (RFC 7617 2)."""
    return {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}


def lines_or_word(
    outcome: Outcome, words: Mapping[Status, str], line: Callable[[Result], str]
) -> Reply:
    """Return an answer of dyndns2 and its relatives: a line for each host, or one word for all.

    Wrong credentials are a 401.
    """
    match outcome.refusal:
        case None:
            return answer(outcome, "".join(line(result) + "\n" for result in outcome.results))
        case Status.UNAUTHENTICATED | Status.BADAUTH | Status.DISABLED as refusal:
            return Reply(words[refusal] + "\n", 401, headers=challenge("Dynamic DNS"))
        case refusal:
            return answer(outcome, words[refusal] + "\n")


def answer(outcome: Outcome, body: str, content_type: str = "text/plain; charset=utf-8") -> Reply:
    """Return the answer to an outcome: a 503 if a refusal is over by itself, whatever the dialect.

    It is the one status that daemons take for "later"; of a 200 with the word for too many changes
    they make that they are done or that they must never come back, and a 429 ends inadyn.
    """
    wait = outcome.retry_after
    if wait is None:
        return Reply(body, content_type=content_type)
    return Reply(body, 503, content_type, {"Retry-After": str(wait)})


def shown_addresses(result: Result, peer: str) -> str:
    """Return the addresses that a success reports. Clients insist on one, so a host without any,
    being offline, is reported with the client's own."""
    return ",".join(result.addresses) or peer


def account_of(text: str) -> str:
    """Return the account that a query or form names. No name has a space in it: it was a ``+`` that
    the client did not escape."""
    return text.replace(" ", "+")


def query_credentials(args: Mapping[str, str]) -> Credentials | None:
    """Return the credentials of a query or form, by the names that most clients have for them."""
    user, secret = args.get("username", ""), args.get("password", "")
    if not (user or secret):
        user, secret = args.get("user", ""), args.get("pass", "")
    return Credentials(account_of(user), secret) if user or secret else None


def basic_or_query_credentials(request: Request) -> Credentials | None:
    """Return the credentials of a Basic header, or of the query where it is absent or empty."""
    basic = request.credentials
    if basic is not None and (basic.user or basic.secret):
        return basic
    return query_credentials(request.args) or basic


def key_of(host: str) -> str:
    """Return what is the same for all ways to write a host, with its wildcard or without."""
    return host.removeprefix("*.").rstrip(".").lower()


@dataclass(frozen=True)
class ListedChanges(Sequence[Change]):
    """The changes of a list of hosts, where ``*.host`` stands for a host with its wildcard.

    :param wildcard: ``ON`` makes ``*.host`` an alias of each host, ``OFF`` removes that.
    :param own: the edits of hosts, by their :func:`key_of`, that have others than the rest.

    Each is made when it is asked for: a request holds thousands of names, and nobody has to be
    authenticated to send it.
    """

    hosts: Sequence[str]
    edits: tuple[Edit, ...]
    wildcard: str = ""
    own: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.hosts)

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Change]: ...
    def __getitem__(self, index: int | slice) -> Change | Sequence[Change]:
        if isinstance(index, slice):
            return tuple(self._change(host) for host in self.hosts[index])
        return self._change(self.hosts[index])

    def _change(self, host: str) -> Change:
        bare, edits = host.removeprefix("*."), self.own.get(key_of(host), self.edits)
        try:
            name = names.host_from_text(bare)
        except names.BadName:
            return Change(host, None, edits)
        if bare != host or self.wildcard == "ON":
            edits = (*edits, Replace(CNAME, (name,), names.WILDCARD))
        elif self.wildcard == "OFF":
            edits = (*edits, Remove(CNAME, names.WILDCARD))
        return Change(host, name, edits)


def update_of_one(
    request: Request,
    dialect: str,
    credentials: Credentials | None,
    *,
    refusal: Status | None = None,
    activated: bool = False,
) -> Update:
    """Return the update of a request with one ``host`` and one ``ip``, the client's own by default.

    :param refusal: what else is wrong with the request; it comes first.
    :param activated: see :class:`ddns.model.update.Change`.
    """
    host, text = request.args.get("host", "").strip(), request.args.get("ip", "")
    address = host_address(text) if text.strip() else own_address(request.peer)
    if refusal is None and not host:
        refusal = Status.MISSING
    elif refusal is None and address is None:
        refusal = Status.BADADDRESS
    edits = () if address is None else (set_address(address),)
    return Update(
        dialect=dialect,
        credentials=credentials,
        changes=(change_of(host, edits, activated=activated),) if host else (),
        peer=request.peer,
        at=request.now,
        agent=request.agent,
        refusal=refusal,
        addresses=text.strip(),
    )
