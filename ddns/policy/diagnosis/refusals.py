"""What one refused request says of its client, and one that was not of its addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ddns.model import records
from ddns.model.account import KeyKind
from ddns.model.update import PREFIX, Cause, Status
from ddns.policy.diagnosis.model import HostState, Moment, Parameter, Words
from ddns.policy.diagnosis.prefixes import mistake_in_prefix
from ddns.policy.diagnosis.requests import Asked, class_of
from ddns.policy.secrets import KEY_LENGTH, SHORT_KEY_LENGTH

Found = tuple[str, Mapping[str, Parameter]]
"""The id of a rule, and what its format strings need besides :func:`basics`."""

MAX_DISTANCE = 2
"""Letters that people mistype in one name."""

_WANTED = {
    "dondns": KeyKind.DONDNS,
    "miniupdate": KeyKind.MINIUPDATE,
    "gnudip": KeyKind.MINIUPDATE,
    "freedns1": KeyKind.FREEDNS,
}
_KINDS = {
    Cause.UPDATE_KEY: KeyKind.UPDATE,
    Cause.DONDNS_KEY: KeyKind.DONDNS,
    Cause.MINIUPDATE_KEY: KeyKind.MINIUPDATE,
    Cause.TSIG_KEY: KeyKind.TSIG,
    Cause.FREEDNS_KEY: KeyKind.FREEDNS,
}
_CAUSES = {
    Cause.UNKNOWN_USER: "unknown-user",
    Cause.SWAPPED: "swapped",
    Cause.OTHER_USER: "key-of-other-user",
    Cause.TOOLS_KEY: "key-for-tools",
    Cause.DISABLED: "key-disabled",
    Cause.PASSWORD: "password-for-key",
    Cause.NO_KEY: "no-key",
    Cause.NOT_A_KEY: "not-a-key",
    Cause.WRONG: "wrong-key",
}


def basics(asked: Asked, host: HostState) -> dict[str, Parameter]:
    """Return the parameters that every rule may use."""
    return {
        "name": host.name,
        "account": host.account,
        "peer": asked.entry.peer,
        "client": asked.client,
        "protocol": asked.protocol,
    }


def explain(asked: Asked, host: HostState) -> Iterator[Found]:
    """Yield what a refused request says of a host."""
    name = asked.status.upper()
    status = Status[name] if name in Status.__members__ else None
    if status is None:  # of a former version
        if asked.failed:
            yield "wrong-key", {}
    elif asked.stray and status in (Status.NOHOST, Status.NOTYOURS, Status.NOTFQDN):
        yield from _explain_names(asked, host)
    elif not asked.stray or status in _WHOLE:
        yield from _EXPLAIN[status](asked, host)


def _explain_names(asked: Asked, host: HostState) -> Iterator[Found]:
    for sent in asked.hosts:
        rule = mistake_in(sent, host)
        if rule is not None:
            yield rule, {"sent": sent}


def _explain_credentials(asked: Asked, host: HostState) -> Iterator[Found]:
    wanted = _WANTED.get(asked.entry.dialect, KeyKind.UPDATE)
    cause = asked.entry.cause
    if cause in _KINDS:
        yield "key-of-other-kind", {"kind": str(_KINDS[Cause(cause)]), "wanted": str(wanted)}
        return
    if asked.entry.dialect == "gnudip" and cause in (Cause.UNKNOWN_USER, Cause.NO_KEY):
        label = host.name.removesuffix(f".{host.zone}")
        yield "gnudip-user", {"wanted": str(wanted), "label": label, "zone": host.zone}
        return
    rule = _CAUSES[Cause(cause)] if cause in _CAUSES else "wrong-key"
    yield rule, {"wanted": str(wanted), "length": KEY_LENGTH, "short": SHORT_KEY_LENGTH}


def _explain_host(asked: Asked, host: HostState) -> Iterator[Found]:
    """The host is there, and refused all the same."""
    yield "not-activated" if asked.entry.dialect == "dondns" else "hidden", {}


def _explain_abuse(asked: Asked, host: HostState) -> Iterator[Found]:
    yield "too-often", {"until": Moment(asked.at + asked.entry.wait)}


def _explain_block(asked: Asked, host: HostState) -> Iterator[Found]:
    if asked.failed:
        yield "network-refused", {}
    elif host.block is None:  # a block that holds has a rule of its own
        yield "was-blocked", {}


def _explain_failure(asked: Asked, host: HostState) -> Iterator[Found]:
    yield "server-failed", {"time": Moment(asked.at)}


def _explain_address(asked: Asked, host: HostState) -> Iterator[Found]:
    yield from mistakes_in_addresses(asked)


def mistakes_in_addresses(asked: Asked) -> Iterator[Found]:
    """Yield what is wrong with the addresses of a request, whether or not they were taken."""
    if asked.is_offline:
        return
    if not asked.words and class_of(asked.entry.peer) is not None:
        yield "client-next-door", {}
    for family, word in asked.words:
        if word.lower() == "preserve":
            continue
        rule = _mistake_in_address(family, word, asked.done)
        if rule is not None:
            yield rule, {"address": word}


def _mistake_in_address(family: int | None, word: str, done: bool) -> str | None:
    if set(word) & set("<>[]{}$%_"):
        return "placeholder"
    if "/" in word or family == PREFIX:
        return mistake_in_prefix(family, word, done)
    packed = records.address_from_text(word)
    if packed is None:
        return "malformed-address"
    if family is not None and family != records.address_type(packed):
        return "wrong-family"
    return class_of(word)


def _malformed(rule: str = "malformed-request") -> Callable[[Asked, HostState], Iterator[Found]]:
    def explain_request(asked: Asked, host: HostState) -> Iterator[Found]:
        yield rule, {"reason": Words(Status[asked.status.upper()].value)}

    return explain_request


_WHOLE = frozenset(
    {
        *(Status.BADAUTH, Status.DISABLED, Status.BLOCKED, Status.MISSING, Status.NUMHOST),
        *(Status.BADSYS, Status.BADAGENT, Status.BADREQUEST, Status.FAILED),
    }
)
"""Refusals of a whole request, which say as much of a host that it did not name."""

_EXPLAIN: Mapping[Status, Callable[[Asked, HostState], Iterator[Found]]] = {
    Status.BADAUTH: _explain_credentials,
    Status.DISABLED: _explain_credentials,
    Status.MISSING: _malformed("no-host"),
    Status.NOTFQDN: _malformed(),
    Status.NOHOST: _explain_host,
    Status.NOTYOURS: lambda asked, host: iter([("key-of-other-host", {})]),
    Status.NUMHOST: _malformed(),
    Status.BADSYS: _malformed(),
    Status.BADAGENT: _malformed(),
    Status.BADREQUEST: _malformed(),
    Status.BADADDRESS: _explain_address,
    Status.ABUSE: _explain_abuse,
    Status.BLOCKED: _explain_block,
    Status.FAILED: _explain_failure,
    Status.UNAUTHENTICATED: _malformed(),
}


def mistake_in(sent: str, host: HostState) -> str | None:
    """Return the rule that tells what is wrong with a name that no host has, as the client wrote
    it; None if another host of the account seems to have been meant, or is."""
    text = sent.strip().rstrip(".").lower()
    name, zone, others = host.name, host.zone, host.others
    if not text or text == name or text in others:
        return None
    if f"{text}.{zone}" == name:
        return "host-without-zone"
    if name in text:
        return "host-doubled"
    limit = min(MAX_DISTANCE, (len(name) - len(zone)) // 2)
    mine = distance(text, name, limit)
    if any(distance(text, one, MAX_DISTANCE) < mine for one in others):
        return None
    is_in_wrong_zone = text.partition(".")[0] == name.partition(".")[0]
    return "host-misspelt" if mine <= limit or is_in_wrong_zone else "host-unknown"


def distance(one: str, other: str, limit: int) -> int:
    """Return how many letters differ, are missing, too many or exchanged with the next one; more
    than *limit* for anything above it.

    >>> distance("hmoe", "home", 2), distance("home", "hom", 2), distance("home", "office", 2)
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, expected in enumerate(other, 1):
            best = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != expected))
            if before and column > 1 and letter == other[column - 2] and one[row - 2] == expected:
                best = min(best, before[column - 2] + 1)
            now.append(best)
        if min(now) > limit:
            return limit + 1
        before, last = last, now
    return min(last[-1], limit + 1)
