"""Who may do what: accounts, the hosts they hold, the keys they hand out, the zones they own."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from ddns.model import names
from ddns.model.records import HOST_TTL

_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)


RESERVED = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "api",
        "daemon",
        "ddns",
        "help",
        "hostmaster",
        "info",
        "localhost",
        "mail",
        "mailer-daemon",
        "no-reply",
        "nobody",
        "noc",
        "noreply",
        "operator",
        "postmaster",
        "root",
        "security",
        "support",
        "sysadmin",
        "system",
        "webmaster",
        "www",
    }
)
"""Names that nobody may choose: people would take their owner for somebody else (RFC 2142)."""


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


_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)


class BadEmail(ValueError):
    """Not the address of a mailbox: ``LOCAL@DOMAIN``, without comments, quotes or spaces."""


def email_address(text: str) -> str:
    """An e-mail address (RFC 5321 4.1.2, the forms in use): the domain in lower case and A-labels.

    :raises BadEmail: for anything else.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        wire = names.host_from_text(domain)
    except names.BadName:
        wire = names.ROOT
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    dots = dots or "=?" in local  # it would be decoded in a header (RFC 2047)
    if not at or not _LOCAL_PART.fullmatch(local) or dots or len(names.labels(wire)) < 2:
        raise BadEmail(f"{text!r} is not an e-mail address")
    return f"{local}@{names.to_text(wire)}"


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
    ``host_limit`` is how many hosts the account may register, or None: as many as any other.
    ``email`` is where its owner is written to; no two accounts have the same, in upper or lower
    case."""

    name: str
    password: str | None = None
    created: float = 0.0
    block: Block | None = None
    host_limit: int | None = None
    email: str | None = None


class Purpose(enum.StrEnum):
    """What a token that went out by mail is for; it does nothing else."""

    REGISTER = "register"
    EMAIL = "email"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class PendingToken:
    """What waits for somebody to come back with a token from a mail, of which only the SHA-256 is
    kept (32 octets), until ``expires``, in seconds since 1970.

    ``account`` is a name to come for REGISTER, an account's otherwise; ``email`` the address that a
    token for REGISTER or EMAIL proves; ``password`` the argon2id hash that REGISTER brings.
    """

    digest: bytes
    purpose: Purpose
    account: str
    expires: float
    email: str | None = None
    password: str | None = None


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
