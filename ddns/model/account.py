"""Accounts, and the keys, hosts and zones that belong to them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from ddns.model.records import AAAA, CNAME, HOST_TTL, MX, A
from ddns.model.secondaries import Secondary

_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)

RESERVED = frozenset({
    "abuse", "admin", "administrator", "api", "daemon", "ddns", "help", "hostmaster", "info",
    "localhost", "mail", "mailer-daemon", "no-reply", "nobody", "noc", "noreply", "operator",
    "postmaster", "root", "security", "support", "sysadmin", "system", "webmaster", "www",
})  # fmt: skip
"""Account names that nobody may register, because they suggest an official role (RFC 2142). Ask
:func:`is_reserved`, which knows what looks like them."""

_READ_AS = [str.maketrans("01", letters, "._@+-") for letters in ("ol", "oi")]
_RESERVED_READ = {name.translate(table) for name in RESERVED for table in _READ_AS}


class BadAccountName(ValueError):
    """Not 1 to 64 letters, digits or ``. _ @ + -``, starting with a letter or digit."""


def account_name(text: str) -> str:
    """Normalise an account name to lower case, so that ``Foo`` and ``foo`` are the same account.

    :raises BadAccountName: if *text* is not a valid account name.
    """
    name = text.strip().lower()
    if not _ACCOUNT_NAME.fullmatch(name):
        raise BadAccountName(
            f"{text!r} is not an account name: 1 to 64 letters, digits and any of . _ @ + -"
        )
    return name


def is_reserved(name: str) -> bool:
    """Return whether a normalised account name is in :data:`RESERVED`, or a reader takes it for one
    of these: with other punctuation, or digits for letters.

    >>> is_reserved("ad.m1n."), is_reserved("adminka")
    (True, False)
    """
    return any(name.translate(table) in _RESERVED_READ for table in _READ_AS)


class KeyKind(enum.StrEnum):
    """The protocols a key is valid for; it is valid for no other."""

    UPDATE = "update"
    DONDNS = "dondns"
    MINIUPDATE = "miniupdate"
    TSIG = "tsig"
    FREEDNS = "freedns"


class Right(enum.StrEnum):
    """What whoever has a key may do with it."""

    UPDATE = "update"
    """Update hosts in the protocols of the key's kind: with TSIG, records by DNS UPDATE."""
    RECORDS = "records"
    """Read and change records through the APIs of other servers that tools speak."""
    TRANSFER = "transfer"
    NOTIFY = "notify"
    PERSIST = "persist"
    """Change ``_validation-persist`` records, which let others have certificates for long."""
    OPERATOR = "operator"
    """All zones, and making them; only while the key's account is an operator's."""


RIGHTS = {
    KeyKind.UPDATE: (Right.UPDATE, Right.RECORDS, Right.PERSIST, Right.OPERATOR),
    KeyKind.DONDNS: (Right.UPDATE,),
    KeyKind.MINIUPDATE: (Right.UPDATE,),
    KeyKind.FREEDNS: (Right.UPDATE,),
    KeyKind.TSIG: (Right.UPDATE, Right.TRANSFER, Right.NOTIFY, Right.PERSIST),
}
"""The rights that keys of each kind may have."""


OF_HOSTS = frozenset({A, AAAA, MX, CNAME})
"""The types of records that clients which update hosts have to do with."""


def usual_rights(kind: KeyKind) -> frozenset[Right]:
    """Return the rights of a new key for which nothing else is said."""
    return frozenset((Right.UPDATE, Right.RECORDS) if kind is KeyKind.UPDATE else (Right.UPDATE,))


@dataclass(frozen=True, slots=True)
class TsigName:
    """What a TSIG key is called on the wire: ``name`` is its owner name, ``algorithm`` the text of
    its algorithm's name (RFC 8945 6)."""

    name: bytes
    algorithm: str


@dataclass(frozen=True, slots=True)
class Block:
    """A suspension of an account: it may not change anything.

    ``reason`` is shown to the account's owner. ``since`` and ``until`` are seconds since 1970; an
    ``until`` of None lasts until the operator lifts the block.
    """

    reason: str
    since: float
    until: float | None = None

    def holds(self, now: float) -> bool:
        """Return whether the block has not expired yet."""
        return self.until is None or now < self.until


class Language(enum.StrEnum):
    """The languages that people can choose."""

    EN = "en"
    ES = "es"


@dataclass(frozen=True, slots=True)
class Account:
    """An account.

    ``password`` is an argon2id hash in its standard text form; None allows keys only.
    ``host_limit`` is how many hosts the account may register; None means the general limit.
    ``email`` is its owner's address, unique among accounts regardless of case. An ``operator`` may
    do what the operator may, in sessions opened with a second factor. ``language`` is what its
    owner reads, None for whatever their browser asks for.
    """

    name: str
    password: str | None = None
    created: float = 0.0
    block: Block | None = None
    host_limit: int | None = None
    email: str | None = None
    operator: bool = False
    language: Language | None = None


class Purpose(enum.StrEnum):
    """The purposes of a mailed token; it is valid for no other."""

    REGISTER = "register"
    EMAIL = "email"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class PendingToken:
    """A mailed token that has not been redeemed yet.

    ``digest`` is its SHA-256 (32 octets); the token itself is not kept. ``expires`` is seconds
    since 1970. ``account`` is the name to be registered for REGISTER, an existing account
    otherwise. ``email`` is the address that a REGISTER or EMAIL token proves. ``password`` is the
    argon2id hash of the account to be registered.
    """

    digest: bytes
    purpose: Purpose
    account: str
    expires: float
    email: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A generated secret that authorizes updates.

    ``digest`` is its SHA-256 (32 octets), or that of what clients send instead of it
    (:func:`ddns.policy.secrets.freedns_login`); the secret itself is not kept. ``hosts`` limits the
    key to these owner names; None means all hosts of the account. ``sealed`` is what has to be
    known of the secret again, encrypted: the responder of a miniupdate key
    (:func:`ddns.policy.secrets.responder`), or a TSIG key in Base64. A key that is not ``enabled``
    authorizes nothing. ``zones`` limits it to these origins. ``types`` are the types of the records
    that it may change, None for those that belong to it without saying
    (:func:`ddns.policy.authorize.may_change`).
    """

    id: int
    account: str
    kind: KeyKind
    digest: bytes
    hosts: frozenset[bytes] | None = None
    created: float = 0.0
    sealed: bytes | None = None
    enabled: bool = True
    rights: frozenset[Right] = frozenset({Right.UPDATE})
    zones: frozenset[bytes] | None = None
    types: frozenset[int] | None = None
    tsig: TsigName | None = None

    @property
    def grant(self) -> Grant:
        """What it allows in the protocols of its kind, if it has the right to update. TXT records,
        by which certificates are had, are not for routers: they take the right to change records
        as well, or that the key is for their type."""
        types = self.types
        if types is None and self.kind is KeyKind.UPDATE and Right.RECORDS not in self.rights:
            types = OF_HOSTS
        return Grant(self.account, self.hosts, self.zones, types)

    def reaches(self, host: Host) -> bool:
        """Return whether clients may update a host of the account by this key, once enabled."""
        return Right.UPDATE in self.rights and self.grant.covers(host.name, host.zone)


@dataclass(frozen=True, slots=True)
class Grant:
    """The rights of verified credentials: an account, and optionally only some of its hosts, of its
    zones and of the types of records."""

    account: str
    hosts: frozenset[bytes] | None = None
    zones: frozenset[bytes] | None = None
    types: frozenset[int] | None = None

    def covers(self, name: bytes, origin: bytes) -> bool:
        """Return whether the grant includes the host *name* in the zone *origin*."""
        if self.zones is not None and origin not in self.zones:
            return False
        return self.hosts is None or name in self.hosts


@dataclass(frozen=True, slots=True)
class Host:
    """A name in a zone that an account holds, whether or not it has records.

    ``ttl`` is the TTL of new records, in seconds. ``dormant`` holds the address types that were
    taken offline and may come back. It goes offline ``expire_after`` days after its clients were
    last heard of, 0 for never; ``expires`` is when, in seconds since 1970, None if it need not.

    ``prefixes`` are those of its LAN that its clients have told last. A host that ``follows``
    another one of its account has its AAAA records moved into those that are told of that; with
    ``follows_address`` also into the /64 of an address, where no prefix is told. ``interface_id``
    is what its IPv6 addresses have beyond a prefix, None for that of those that it has.
    """

    name: bytes
    zone: bytes
    account: str
    ttl: int = HOST_TTL
    created: float = 0.0
    dormant: frozenset[int] = frozenset()
    expire_after: int = 0
    expires: float | None = None
    interface_id: IPv6Address | None = None
    follows: bytes | None = None
    follows_address: bool = False
    prefixes: tuple[IPv6Network, ...] = ()


class Addresses(enum.StrEnum):
    """The addresses that the hosts of a zone may have."""

    ANY = "any"
    PUBLIC = "public"


class Registration(enum.StrEnum):
    """Who besides its owner and the operator may register hosts in a zone."""

    CLOSED = "closed"
    INVITATION = "invitation"  # members of the zone
    OPEN = "open"  # every account


@dataclass(frozen=True, slots=True)
class ZoneInfo:
    """A zone's metadata. ``account`` is its owner, None the operator; ``secondaries`` are told of
    changes and may transfer it; ``update_from`` are networks whose unsigned UPDATEs are taken. A
    ``catalog`` lists all other zones (RFC 9432)."""

    origin: bytes
    serial: int
    account: str | None = None
    created: float = 0.0
    addresses: Addresses = Addresses.ANY
    registration: Registration = Registration.CLOSED
    secondaries: tuple[Secondary, ...] = ()
    update_from: tuple[str, ...] = ()
    catalog: bool = False
