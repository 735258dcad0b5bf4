"""Entries of the request log: what a client sent and was answered, with secrets removed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from ddns.model import names
from ddns.model.text import printable
from ddns.model.update import SUCCESSES, Cause, ChallengeResponse, Change, Outcome, Status, Update

MAX_HOSTS = 20
"""Maximum number of hosts that one request is logged for."""

MAX_AGENT, MAX_ASKED, MAX_ANSWER, MAX_ADDRESSES = 100, 500, 300, 200
"""Maximum lengths in characters."""

TLS, PLAIN = "tls", "plain"


class Arrival(NamedTuple):
    """How a request came, as its entry has it."""

    transport: str = ""
    version: str = ""


UNKNOWN = Arrival()


class RequestEntry(NamedTuple):
    """One logged request.

    ``at`` is seconds since 1970, ``peer`` the client's address, ``user`` the user name it sent,
    ``agent`` its User-Agent, ``asked`` the request and ``answer`` the response. ``reason`` explains
    a failure, since many dialects have one word for several reasons.

    The others are for :mod:`ddns.policy.diagnosis`, and empty for requests of former versions:
    ``status`` is the name of what came of it for the host that it is shown with, ``wait`` the
    seconds after which it might be tried again, ``cause`` why credentials were refused. ``hosts``
    are the host names as the client wrote them, ``addresses`` what it said of addresses
    (:class:`ddns.model.update.Update`). ``transport`` is :data:`TLS` or :data:`PLAIN`, or empty
    where neither is known or matters, ``version`` that of HTTP.
    """

    at: float
    dialect: str
    peer: str
    user: str
    agent: str
    asked: str
    answer: str
    reason: str = ""
    status: str = ""
    wait: float = 0.0
    cause: str = ""
    hosts: str = ""
    addresses: str = ""
    transport: str = ""
    version: str = ""


class LoggedRequest(NamedTuple):
    """An entry with its index terms: the authenticated account, if any, the hosts named, each with
    its own status and wait, and the account whose the refused credentials are, if any."""

    account: str | None
    hosts: Mapping[bytes, tuple[str, float]]
    entry: RequestEntry
    owner: str | None = None

    def shown_to(self, account: str, host: bytes | None, hosts: Collection[bytes]) -> RequestEntry:
        """Return what an account is shown of it.

        :param host: with which host it is shown, None if with the account.
        :param hosts: those of the account.

        Where nobody was authenticated, the user name is kept only if it is the account's or a
        host's that the request is about, for a client that mixes up user and password sends the
        password as its name. Nor may the account learn from its own host what is wrong with
        somebody else's credentials, or it could guess them here.
        """
        entry = self.entry
        if host is not None:
            status, wait = self.hosts[host]
            entry = entry._replace(status=status, wait=wait)
        user = entry.user.strip().lower()
        known = {account, *(names.to_text(one) for one in self.hosts if one in hosts)}
        if self.account is not None or user in known:
            return entry
        cause = entry.cause if not entry.cause or self.owner == account else Cause.UNKNOWN_USER
        return entry._replace(user="…", cause=str(cause))


def logged_request(
    update: Update, outcome: Outcome, asked: str, answer: str, arrival: Arrival = UNKNOWN
) -> LoggedRequest:
    """Build the log entry of a request, with its secret and unprintable characters replaced.

    If nobody was authenticated, the user name is replaced as well: it is the secret where a client
    mixes them up.
    """
    credentials = update.credentials
    assert credentials is not None
    secret = (
        credentials.response if isinstance(credentials, ChallengeResponse) else credentials.secret
    )
    forms = _forms(secret)
    everywhere: Sequence[str | re.Pattern[str]] = forms
    if outcome.user is None:  # the longest first, which may have others in them
        user = credentials.user.strip()
        everywhere = sorted((*forms, *_forms(user)), key=len)[::-1]
        if "+" in user:
            blanks = [_unescaped(user)]
            everywhere = [*forms, *blanks] if len(secret) > len(user) else [*blanks, *everywhere]
    changes: Sequence[Change]
    if outcome.refusal is None and outcome.results:
        changes = [one.change for one in outcome.results[:MAX_HOSTS]]
        results = [(one.status, one.wait) for one in outcome.results]
    else:
        changes = update.changes[:MAX_HOSTS]  # with a refusal, or when nothing was to be changed
        results = [(outcome.refusal or Status.NOCHG, 0.0)] * max(len(changes), 1)
    reasons = dict.fromkeys(one.value for one, _ in results if one not in SUCCESSES)
    # Where there are several, what went wrong says more than what did not.
    status, wait = next((one for one in results if one[0] not in SUCCESSES), results[0])
    entry = RequestEntry(
        at=update.at,
        dialect=update.dialect,
        peer=update.peer,
        user=_clean(credentials.user, forms, MAX_AGENT),
        agent=_clean(update.agent, everywhere, MAX_AGENT),
        asked=_clean(asked, everywhere, MAX_ASKED),
        answer=_clean(answer, everywhere, MAX_ANSWER),
        reason="; ".join(reasons),
        status=status.name.lower(),
        wait=wait,
        cause=str(outcome.cause or ""),
        hosts=_clean(",".join(change.host for change in changes), everywhere, MAX_ASKED),
        addresses=_clean(update.addresses, everywhere, MAX_ADDRESSES),
        transport=arrival.transport,
        version=arrival.version,
    )
    hosts: dict[bytes, tuple[str, float]] = {}
    for change, (one, seconds) in zip(changes, results, strict=False):
        if change.name is not None:
            hosts.setdefault(change.name, (one.name.lower(), seconds))
    return LoggedRequest(outcome.user, hosts, entry, outcome.owner)


def should_log(update: Update, outcome: Outcome) -> bool:
    """Return whether to log a request.

    Not the first request of a client that sends credentials only after a 401.
    """
    return update.credentials is not None and outcome.refusal is not Status.UNAUTHENTICATED


def _forms(secret: str) -> tuple[str, ...]:
    """Return the spellings of a secret in a request: plain, percent-encoded, and as a list."""
    if secret.isascii() and secret.isalnum():
        return (secret,)
    listed = ",".join(filter(None, map(str.strip, secret.split(","))))
    quoted = (quote(secret, safe, errors="replace") for safe in ("", "/", ",:/@"))
    return (secret, listed, *quoted)


def _unescaped(user: str) -> re.Pattern[str]:
    """Return what matches a user name where a blank in it may have been taken for a plus sign that
    the client did not escape."""
    return re.compile("(?:[+ ]|%20|%2B)".join(map(_any_form, user.split("+"))))


def _any_form(text: str) -> str:
    return f"(?:{'|'.join(map(re.escape, _forms(text)))})"


def _clean(text: str, secret: Iterable[str | re.Pattern[str]], most: int) -> str:
    for form in secret:
        if isinstance(form, re.Pattern):
            text = form.sub("…", text)
        elif form and form in text:
            text = text.replace(form, "…")
    return printable(text.strip()[:most], keep="\n", replacement="·")
