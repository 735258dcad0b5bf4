"""What the owners of accounts are told, and how: kinds of notices, terms, targets."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Kind(enum.StrEnum):
    """The kinds of notices. Databases keep sets of them as bits in this order."""

    CHANGED = "changed"
    SILENT = "silent"
    FAMILY = "family"
    REFUSED = "refused"
    EXPIRING = "expiring"
    CERTIFICATE = "certificate"
    MORE = "more"


OF_ACCOUNTS = frozenset({Kind.CERTIFICATE})
"""Kinds that have to do with no host."""

BY_MAIL = frozenset({Kind.REFUSED, Kind.EXPIRING, Kind.CERTIFICATE, Kind.MORE})
"""What is told by mail where nobody has said otherwise; all is told by webhooks and apprise."""

BITS = {kind: 1 << number for number, kind in enumerate(Kind)}
ALL = sum(BITS.values())


def bits_of(kinds: Iterable[Kind]) -> int:
    """Return a set of kinds as it is stored."""
    return sum(BITS[kind] for kind in set(kinds))


def kinds_of(bits: int) -> frozenset[Kind]:
    """Return the set of kinds that :func:`bits_of` wrote."""
    return frozenset(kind for kind, bit in BITS.items() if bits & bit)


class Way(enum.StrEnum):
    """The ways in which notices are sent."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account is told of a host, or with a ``host`` of None of itself and of hosts without
    terms of their own.

    ``mail`` and ``push`` are the kinds that are told by mail, and by webhooks and apprise.
    ``silent_days`` is after how many days without a word of its clients a host counts as silent, 0
    for never. What is None is as with the account, or else as usual.
    """

    account: str
    host: bytes | None = None
    mail: frozenset[Kind] | None = None
    push: frozenset[Kind] | None = None
    silent_days: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where an account has notices sent besides its mail: those of a host, or of all with None.

    ``shown`` is what of its address is no secret. ``sealed`` is the rest: the URL and secret of a
    webhook as JSON, or the URL of an apprise service. ``failing`` is since when nothing has reached
    it, None if that is not so, and ``problem`` why. So many notices were ``given_up``.
    """

    id: int
    account: str
    host: bytes | None
    way: Way
    shown: str
    sealed: bytes = field(repr=False)
    created: float = 0.0
    failing: float | None = None
    problem: str = ""
    given_up: int = 0


Details = Mapping[str, Any]
"""What a notice tells, as JSON, by its kind."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is to be sent in one ``way``, to a ``target`` by its number, None for mail.

    ``host`` is None for what is about the account. ``due`` is when it is tried next, after so many
    ``attempts``. Times are seconds since 1970.
    """

    id: int
    account: str
    host: bytes | None
    kind: Kind
    details: Details
    created: float
    way: Way
    target: int | None = None
    attempts: int = 0
    due: float = 0.0

    @property
    def lane(self) -> str:
        """What has to be sent one after the other: the account's mails, or all for a target."""
        return self.account if self.target is None else str(self.target)


class Unwanted(NamedTuple):
    """What a link in a mail switches off: a kind of an account's mails, of a host or with None of
    all. An account that was made at another time is another one."""

    account: str
    created: float
    host: bytes | None
    kind: Kind


class Mark(NamedTuple):
    """How many notices an account was ``told`` of something ``since`` a time, and how many more
    were ``held`` back."""

    since: float
    told: int = 0
    held: int = 0


class HostWord(NamedTuple):
    """When a host whose silence is told was last heard of, for each family of addresses that its
    clients tell; None for one that they do not. Seconds since 1970.

    ``since`` is when the first word was waited for, ``days`` after how many of silence that is
    told, 0 for never. ``silent_at`` is when it is, None if it was told already. ``stopped`` is the
    type of the addresses of which it was told that they are not told any more, 0 for none.
    """

    since: float
    days: int = 0
    v4: float | None = None
    v6: float | None = None
    silent_at: float | None = None
    stopped: int = 0
