"""Which notices an account gets, how many, and what several of them come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ddns.model.leases import DAY
from ddns.model.notices import BY_MAIL, Details, HostWord, Kind, Mark, Terms
from ddns.model.records import AAAA, A
from ddns.policy.pauses import doubled

NOTED_EVERY = 3600.0
"""Seconds for which one word of a host is enough."""

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 6 * 3600.0
"""Seconds before the first repeated attempt, and between two of them at most."""

SHOWN = 10
"""Addresses of a family that a notice tells at most."""


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """``mail`` is whether the server sends any. A host causes ``per_host`` notices a day, all of an
    account's ``per_account``; what goes on is told again after ``quiet`` seconds. A changed address
    is told ``settle`` seconds later, in which further changes join it. A family counts as stopped
    when for ``family`` seconds only the other one was told. ``refusals`` in a row are told. What
    cannot be sent is given up after ``give_up`` seconds."""

    mail: bool = True
    per_host: int = 10
    per_account: int = 50
    quiet: float = DAY
    settle: float = 60.0
    family: float = 3 * DAY
    refusals: int = 10
    give_up: float = 3 * DAY


def terms_of(usual: Terms | None, own: Terms | None, account: str, host: bytes | None) -> Terms:
    """Return what is told of a host, or of the account, without any None: as its ``own`` terms have
    it, else the account's ``usual`` ones."""
    given = [one for one in (own, usual) if one is not None]
    mail = next((one.mail for one in given if one.mail is not None), BY_MAIL)
    push = next((one.push for one in given if one.push is not None), frozenset(Kind))
    days = next((one.silent_days for one in given if one.silent_days is not None), 0)
    return Terms(account, host, mail, push, days)


def counted(mark: Mark | None, most: int, now: float) -> tuple[Mark, bool]:
    """Count a notice; return whether it may be sent. What a former day has held back is told of
    first."""
    if mark is None or (now - mark.since >= DAY and not mark.held) or now < mark.since:
        mark = Mark(now)
    if mark.told < most and now - mark.since < DAY:
        return mark._replace(told=mark.told + 1), True
    return mark._replace(held=mark.held + 1), False


def merged(before: Details, after: Details) -> dict[str, Any] | None:
    """Return one notice of changed addresses in place of two; None if nothing is left of it."""
    changes = {one["type"]: one for one in before["changes"]}
    for one in after["changes"]:
        first = changes.get(one["type"])
        changes[one["type"]] = {**one, "old": first["old"] if first else one["old"]}
    left = [one for one in changes.values() if one["old"] != one["new"]]
    return {**after, "changes": left} if left else None


def pause(attempts: int, jitter: float) -> float:
    """Return the seconds before the next attempt after so many; *jitter* is from 0 to 1."""
    return doubled(FIRST_PAUSE, attempts, LONGEST_PAUSE) * (0.75 + 0.5 * jitter)


Told = dict[int, float | None]
"""When addresses of a type were told by a client, None for those that it has taken away."""


def heard(word: HostWord, told: Told, family: float) -> tuple[HostWord, int]:
    """Return a host's word after another one, and the type of addresses that have stopped to be
    told, 0 for none.

    :param family: see :class:`NoticeRules`.
    """
    times = {A: word.v4, AAAA: word.v6, **told}
    stopped = word.stopped
    if told.get(stopped) is not None:
        stopped = 0
    new = 0
    if not stopped:
        for number, other in ((A, AAAA), (AAAA, A)):
            last, at = times[number], told.get(other)
            if last is not None and at is not None and at - last >= family:
                new = stopped = number
    last = max((at for at in told.values() if at is not None), default=None)
    word = word._replace(v4=times[A], v6=times[AAAA], stopped=stopped)
    if last is not None:
        word = word._replace(silent_at=last + word.days * DAY if word.days else None)
    return word, new


def shortened(texts: Iterable[str]) -> list[str]:
    """Return addresses as a notice has them."""
    return list(texts)[:SHOWN]
