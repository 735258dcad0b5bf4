"""The interface of dialects: requests, replies, and what replies have in common. No I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self
from urllib.parse import quote

from ddns.model.update import SUCCESSES, Credentials, Outcome, Result, Status, Update

LOGIN_FAILURES = frozenset({Status.UNAUTHENTICATED, Status.BADAUTH, Status.DISABLED})
"""What all of a request is refused for that comes with wrong credentials, or none."""


class Headers:
    """The header fields of a request, by name in any case.

    :param find: returns all values of a field in their order, by its name in lower case.
    """

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], Sequence[str]] = lambda name: ()) -> None:
        self._find = find

    @classmethod
    def of(cls, fields: Iterable[tuple[str, str]]) -> Self:
        """Return the header fields that these names and values are."""
        by_name: dict[str, list[str]] = {}
        for name, value in fields:
            by_name.setdefault(name.lower(), []).append(value)
        return cls(lambda name: by_name.get(name, ()))

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field."""
        values = self.getlist(name)
        return values[0] if values else default

    def getlist(self, name: str) -> Sequence[str]:
        """Return all values of a field, in their order."""
        return self._find(name.lower())


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
    :param secure: whether it came by TLS; true as well where a proxy may have taken that away.
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
    secure: bool = False

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

    One that shares a path with others has ``claims``, a function of a request to that path which
    says whether it is for this dialect; without it the dialect takes all.
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


def shown(request: Request, dialect: Dialect) -> str:
    """Return path and query as the owner of a host may see them: without the values of parameters
    that the dialect has not declared ``loggable``, for they may be secrets. What stands behind a
    colon in a parameter's name is a host."""
    loggable: frozenset[str] = getattr(dialect, "loggable", frozenset())
    path = request.path
    if request.parameters:
        hidden = {value for name, value in request.parameters.items() if name not in loggable}
        path = "/".join("…" if segment in hidden else segment for segment in path.split("/"))
    query = "&".join(
        [
            f"{_quoted(name, ':')}={_quoted(value, ',:/@')}"
            if name.partition(":")[0] in loggable
            else "…"
            for name in request.args
            for value in request.getlist(name)
        ]
    )
    return f"{path}?{query}" if query else path


def _quoted(text: str, safe: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe, errors="replace")


_PLAIN = re.compile("[A-Za-z0-9._~-]*")
"""What is never quoted (RFC 3986 2.3)."""


def challenge(realm: str) -> dict[str, str]:
    """Return the header that makes wget and browsers send credentials (RFC 7617 2)."""
    return {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}


def lines_or_word(
    outcome: Outcome, words: Mapping[Status, str], line: Callable[[Result], str]
) -> Reply:
    """Return an answer of dyndns2 and its relatives: a line for each host, or one word for all.

    Wrong credentials are a 401.
    """
    if outcome.refusal is not None:
        return answer_or_challenge(outcome, words[outcome.refusal] + "\n")
    return answer(outcome, "".join(line(result) + "\n" for result in outcome.results))


def answer_or_challenge(outcome: Outcome, body: str) -> Reply:
    """Return the answer to an outcome, for clients with a Basic header: wrong credentials are a
    401."""
    if outcome.refusal in LOGIN_FAILURES:
        return Reply(body, 401, headers=challenge("Dynamic DNS"))
    return answer(outcome, body)


def answer(outcome: Outcome, body: str, content_type: str = "text/plain; charset=utf-8") -> Reply:
    """Return the answer to an outcome: a 503 if a refusal is over by itself, whatever the dialect.

    It is the one status that daemons take for "later"; of a 200 with the word for too many changes
    they make that they are done or that they must never come back, and a 429 ends inadyn.
    """
    wait = outcome.retry_after
    if wait is None:  # a block may have an end
        headers = {"Retry-After": str(math.ceil(outcome.wait))} if outcome.wait else {}
        return Reply(body, content_type=content_type, headers=headers)
    return Reply(body, 503, content_type, {"Retry-After": str(wait)})


_HTTP_STATUSES = {
    **dict.fromkeys((Status.GOOD, Status.NOCHG), 200),
    **dict.fromkeys(LOGIN_FAILURES, 403),
    **dict.fromkeys((Status.NOTYOURS, Status.BLOCKED), 403),
    **dict.fromkeys((Status.MISSING, Status.NOTFQDN, Status.NOHOST), 404),
}


def answer_by_status(
    outcome: Outcome, body: str, content_type: str = "text/plain; charset=utf-8"
) -> Reply:
    """Return the answer to an outcome with a status of HTTP that says as much as its words: for
    clients that take any answer of status 200 for a success."""
    reply = answer(outcome, body, content_type)
    status = _HTTP_STATUSES.get(in_all(outcome), 400)
    return reply if reply.status == 503 else replace(reply, status=status)


BELIEVE_2XX = ("OPNsense-dyndns", "DDNS/", "DDNS-Updater ")
"""User-Agents whose clients take every 2xx for a success, whatever it says, and do not ask again:
OPNsense's own, NewFuture's DDNS with a callback, and ddns-updater for some services."""


def in_status_too(request: Request, outcome: Outcome, reply: Reply) -> Reply:
    """Return the answer of any dialect as it is for a client that :data:`BELIEVE_2XX`: an error is
    a 4xx for it, with the same words, also where all others get a 200."""
    believes = reply.status < 300 and request.agent.startswith(BELIEVE_2XX)
    if not believes or (status := in_all(outcome)) in SUCCESSES:
        return reply
    return replace(reply, status=_HTTP_STATUSES.get(status, 400))


def asked_host(request: Request) -> str:
    """Return the name or address by which a client calls the server, as its Host header has it, in
    lower case; without a port."""
    host = request.headers.get("host").strip().lower()
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).removesuffix(".")


def in_all(outcome: Outcome) -> Status:
    """Return the status of all hosts, for clients that are told one: what went wrong first, if
    anything did, or else whether anything has changed."""
    statuses = [result.status for result in outcome.results]
    if outcome.refusal is not None:
        return outcome.refusal
    failure = next((status for status in statuses if status not in SUCCESSES), None)
    return failure or (Status.GOOD if Status.GOOD in statuses else Status.NOCHG)


def shown_addresses(result: Result, peer: str) -> str:
    """Return the addresses that a success reports. Clients insist on one, so a host without any,
    being offline, is reported with the client's own."""
    return ",".join(result.addresses) or peer
