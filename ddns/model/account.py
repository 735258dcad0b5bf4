"""Who may do what: accounts, the hosts they hold, the keys they hand out, the zones they own."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from ddns.model.records import HOST_TTL

_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)


class BadAccountName(ValueError):
    """Not 1 to 64 letters, digits and ``. _ @ + -`` that begin with a letter or digit."""


def account_name(text: str) -> str:
    """The name under which an account is kept: lower case, so that ``Foo`` and ``foo`` are one.

    :raises BadAccountName: for what cannot be an account's name.
    """
    name = text.strip().lower()
    if not _ACCOUNT_NAME.fullmatch(name):
        raise BadAccountName(
            f"{text!r} is not an account name: 1 to 64 letters, digits and any of . _ @ + -"
        )
    return name


class KeyKind(enum.StrEnum):
    """What a key is for; a key of one kind opens nothing else."""

    UPDATE = "update"
    DONDNS = "dondns"
    MINIUPDATE = "miniupdate"


@dataclass(frozen=True, slots=True)
class Block:
    """Why an account may not change anything, and from when until when, in seconds since 1970;
    ``until`` None is until the operator lifts it. Its owner is shown the reason."""

    reason: str
    since: float
    until: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it is not over yet."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Account:
    """``password`` is an argon2id hash in its standard text form, or None: keys only.
    ``host_limit`` is how many hosts the account may register, or None: as many as any other."""

    name: str
    password: str | None = None
    created: float = 0.0
    block: Block | None = None
    host_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A generated secret, of which only the SHA-256 is kept (32 octets).

    ``hosts`` limits it to these owner names; None means all of the account's. ``sealed`` is what a
    miniupdate key answers challenges with, encrypted; other kinds have none. A key that is not
    ``enabled`` opens nothing.
    """

    id: int
    account: str
    kind: KeyKind
    digest: bytes
    hosts: frozenset[bytes] | None = None
    created: float = 0.0
    sealed: bytes | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Grant:
    """What verified credentials allow: to act for an account, perhaps on some hosts only."""

    account: str
    hosts: frozenset[bytes] | None = None

    def covers(self, name: bytes) -> bool:
        """Whether the credentials reach the host *name*."""
        return self.hosts is None or name in self.hosts


@dataclass(frozen=True, slots=True)
class Host:
    """A name in a zone that an account holds; its records come and go, the host stays.

    ``ttl`` is what records of this host get, in seconds. ``dormant`` are the types of addresses
    that were taken offline and may come back.
    """

    name: bytes
    zone: bytes
    account: str
    ttl: int = HOST_TTL
    created: float = 0.0
    dormant: frozenset[int] = frozenset()


class Addresses(enum.StrEnum):
    """Which addresses clients may give to a zone's hosts."""

    ANY = "any"
    PUBLIC = "public"


class Registration(enum.StrEnum):
    """Who may register hosts in a zone, besides its owner and the operator."""

    CLOSED = "closed"
    INVITATION = "invitation"  # its members
    OPEN = "open"  # every account


@dataclass(frozen=True, slots=True)
class ZoneInfo:
    """A zone as the store knows it. ``account`` is its owner; None means the operator."""

    origin: bytes
    serial: int
    account: str | None = None
    created: float = 0.0
    addresses: Addresses = Addresses.ANY
    registration: Registration = Registration.CLOSED
