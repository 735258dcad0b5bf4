"""What a client asked and was told, as its owner may see it: no secret is in it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from ddns.model.update import SUCCESSES, ChallengeResponse, Outcome, Status, Update

MAX_HOSTS = 20
"""Hosts of one request that it is kept for."""

MAX_AGENT, MAX_ASKED, MAX_ANSWER = 100, 500, 300
"""Characters that are kept."""


class Entry(NamedTuple):
    """One request: when (seconds since 1970), by which dialect, from where, what the client called
    itself and its program, what it asked and what it was told, and, where that is no success, why:
    many dialects have one word for many reasons."""

    at: float
    dialect: str
    peer: str
    user: str
    agent: str
    asked: str
    answer: str
    reason: str = ""


class Noted(NamedTuple):
    """A request on its way to the log: the account that was authenticated, None if none was, and
    the owner names of the hosts that it names."""

    account: str | None
    hosts: tuple[bytes, ...]
    entry: Entry


def noted(update: Update, outcome: Outcome, asked: str, answer: str) -> Noted:
    """A request and its answer without the secret, wherever in them it stands, and without what
    would steer a terminal."""
    credentials = update.credentials
    assert credentials is not None
    secret = (
        credentials.response if isinstance(credentials, ChallengeResponse) else credentials.secret
    )
    forms = _forms(secret)
    statuses = [outcome.refusal] if outcome.refusal else [one.status for one in outcome.results]
    reasons = dict.fromkeys(one.value for one in statuses if one not in SUCCESSES)
    entry = Entry(
        at=update.at,
        dialect=update.dialect,
        peer=update.peer,
        user=_clean(credentials.user, forms, MAX_AGENT),
        agent=_clean(update.agent, forms, MAX_AGENT),
        asked=_clean(asked, forms, MAX_ASKED),
        answer=_clean(answer, forms, MAX_ANSWER),
        reason="; ".join(reasons),
    )
    hosts = [change.name for change in update.changes[:MAX_HOSTS] if change.name is not None]
    return Noted(outcome.user, tuple(dict.fromkeys(hosts)), entry)


def is_worth_noting(update: Update, outcome: Outcome) -> bool:
    """The first request of a client that waits to be asked for its credentials is not."""
    return update.credentials is not None and outcome.refusal is not Status.UNAUTHENTICATED


def _forms(secret: str) -> tuple[str, ...]:
    """How a secret may be written in a request."""
    if secret.isascii() and secret.isalnum():
        return (secret,)
    return (secret, *(quote(secret, safe, errors="replace") for safe in ("", "/", ",:/@")))


def _clean(text: str, secret: tuple[str, ...], most: int) -> str:
    for form in secret:
        if form and form in text:
            text = text.replace(form, "…")
    text = text.strip()[:most]
    if not text.isprintable():
        text = "".join(one if one.isprintable() or one == "\n" else "·" for one in text)
    return text
