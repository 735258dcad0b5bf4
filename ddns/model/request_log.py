"""Entries of the request log: what a client sent and was answered, with secrets removed."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from ddns.model.text import printable
from ddns.model.update import SUCCESSES, ChallengeResponse, Outcome, Status, Update

MAX_HOSTS = 20
"""Maximum number of hosts that one request is logged for."""

MAX_AGENT, MAX_ASKED, MAX_ANSWER = 100, 500, 300
"""Maximum lengths in characters."""


class RequestEntry(NamedTuple):
    """One logged request.

    ``at`` is seconds since 1970, ``peer`` the client's address, ``user`` the user name it sent,
    ``agent`` its User-Agent, ``asked`` the request and ``answer`` the response. ``reason`` explains
    a failure, since many dialects have one word for several reasons.
    """

    at: float
    dialect: str
    peer: str
    user: str
    agent: str
    asked: str
    answer: str
    reason: str = ""


class LoggedRequest(NamedTuple):
    """An entry with its index terms: the authenticated account, if any, and the hosts named."""

    account: str | None
    hosts: tuple[bytes, ...]
    entry: RequestEntry


def logged_request(update: Update, outcome: Outcome, asked: str, answer: str) -> LoggedRequest:
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
    everywhere = forms
    if outcome.user is None:  # the longest first, which may have others in them
        everywhere = tuple(sorted((*forms, *_forms(credentials.user.strip())), key=len))[::-1]
    statuses = [outcome.refusal] if outcome.refusal else [one.status for one in outcome.results]
    reasons = dict.fromkeys(one.value for one in statuses if one not in SUCCESSES)
    entry = RequestEntry(
        at=update.at,
        dialect=update.dialect,
        peer=update.peer,
        user=_clean(credentials.user, forms, MAX_AGENT),
        agent=_clean(update.agent, everywhere, MAX_AGENT),
        asked=_clean(asked, everywhere, MAX_ASKED),
        answer=_clean(answer, everywhere, MAX_ANSWER),
        reason="; ".join(reasons),
    )
    hosts = [change.name for change in update.changes[:MAX_HOSTS] if change.name is not None]
    return LoggedRequest(outcome.user, tuple(dict.fromkeys(hosts)), entry)


def should_log(update: Update, outcome: Outcome) -> bool:
    """Return whether to log a request.

    Not the first request of a client that sends credentials only after a 401.
    """
    return update.credentials is not None and outcome.refusal is not Status.UNAUTHENTICATED


def _forms(secret: str) -> tuple[str, ...]:
    """Return the spellings of a secret in a request: plain and percent-encoded."""
    if secret.isascii() and secret.isalnum():
        return (secret,)
    return (secret, *(quote(secret, safe, errors="replace") for safe in ("", "/", ",:/@")))


def _clean(text: str, secret: tuple[str, ...], most: int) -> str:
    for form in secret:
        if form and form in text:
            text = text.replace(form, "…")
    return printable(text.strip()[:most], keep="\n", replacement="·")
