"""Update requests and their outcomes, common to all dialects."""

from __future__ import annotations

import enum
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ddns.model import names
from ddns.model.account import KeyKind
from ddns.model.records import AAAA, MX


class Status(enum.Enum):
    """The results of an update. Every dialect maps each of them to a response of its own."""

    GOOD = "the change is on disk and our DNS answers it"
    NOCHG = "nothing to change: our DNS answers this already"
    UNAUTHENTICATED = "no credentials were sent"
    BADAUTH = "the credentials are wrong"
    DISABLED = "the key is right, but it has been disabled"
    MISSING = "the request names no host"
    NOTFQDN = "this is not a host name"
    NOHOST = "there is no such host to update"
    NOTYOURS = "the host belongs to somebody else, or the key does not reach it"
    NUMHOST = "too many hosts in one request"
    BADSYS = "an unknown kind of service was asked for"
    BADAGENT = "the client does not say what it is"
    BADREQUEST = "the request makes no sense"
    BADADDRESS = "this address cannot be set for this host"
    ABUSE = "too many changes in too short a time"
    BLOCKED = "updates are blocked until somebody lifts it"
    FAILED = "the server could not do it; nothing was changed"

    __hash__ = object.__hash__  # an Enum's is a function in Python, and every update asks for some


SUCCESSES = frozenset({Status.GOOD, Status.NOCHG})


class Cause(enum.StrEnum):
    """Why credentials were refused. Only the owner of their account is told, never the client or
    another account: for whoever guesses, all wrong credentials are alike."""

    UNKNOWN_USER = "unknown_user"
    """No account has this name, or another one than that which is told."""
    SWAPPED = "swapped"
    """The user name is the secret, and the secret the user name."""
    OTHER_USER = "other_user"
    """The secret is a key, but of another user name."""
    UPDATE_KEY = "update_key"
    DONDNS_KEY = "dondns_key"
    MINIUPDATE_KEY = "miniupdate_key"
    TSIG_KEY = "tsig_key"
    FREEDNS_KEY = "freedns_key"
    """The secret is this user's key of this kind, which the protocol does not take."""
    TOOLS_KEY = "tools_key"
    """The secret is this user's key, but for tools that change records, not to update hosts."""
    DISABLED = "disabled"
    """The key is right, but disabled."""
    PASSWORD = "password"
    """The secret is the account's password, and the protocol takes keys only."""
    NO_KEY = "no_key"
    """The account has no key that the protocol takes."""
    NOT_A_KEY = "not_a_key"
    """The secret does not even look like a key; nor is it the password, where one is taken."""
    WRONG = "wrong"
    """The secret might be a key, and is none."""


TEMPORARY = frozenset({Status.ABUSE, Status.FAILED})
"""Refusals that are over by themselves. Clients must not take them for the end: many give up for
good, or take the update for done, if they are told in other words than "try again later"."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a secret as received; the repr hides the secret.

    The secret is a key of this ``kind``, or, for update keys, the account's password. Where
    clients have no user name it is ``nameless``: whoever has a key is its account. What is no key
    then is a password only if there is a user all the same, whose name means that there is none.
    """

    user: str
    secret: str = field(repr=False)
    kind: KeyKind = KeyKind.UPDATE
    nameless: bool = False

    @property
    def user_name(self) -> str:
        """The user in the form in which accounts are looked up."""
        return self.user.strip().lower()


@dataclass(frozen=True, slots=True)
class ChallengeResponse:
    """A client's response to our challenge, which proves that it knows its secret (miniDNS seed,
    LOGIN). Both are hexadecimal digits."""

    user: str
    challenge: str
    response: str = field(repr=False)

    @property
    def user_name(self) -> str:
        """The user in the form in which accounts are looked up."""
        return self.user.strip().lower()


@dataclass(frozen=True, slots=True)
class Replace:
    """Set the RRset of *type* at *prefix* + the host's name to exactly *rdatas* (wire form)."""

    type: int
    rdatas: tuple[bytes, ...]
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the RRset of *type* at *prefix* + the host's name, if it exists."""

    type: int
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Renumber:
    """Have the hosts that follow the host be in *networks*, and with *itself* the host too: with
    its interface identifier, or those that its AAAA records have."""

    networks: tuple[ipaddress.IPv6Network, ...]
    itself: bool = True
    type: ClassVar[int] = AAAA


@dataclass(frozen=True, slots=True)
class Mail:
    """dyndns2's ``mx`` and ``backmx``; None leaves the current value.

    ``exchange`` is a domain name; with ``backup`` it is only the backup of the host itself.
    """

    exchange: bytes | None
    backup: bool | None
    type: ClassVar[int] = MX


Edit = Replace | Remove | Renumber | Mail


@dataclass(frozen=True, slots=True)
class Change:
    """The edits that a client requests for one host.

    ``host`` is as the client wrote it; ``name`` is its wire form, or None if it is not a host name.
    With ``activated`` the host must have a record of each type that is set, or be offline.
    """

    host: str
    name: bytes | None
    edits: tuple[Edit, ...]
    activated: bool = False


def change_of(host: str, edits: tuple[Edit, ...], *, activated: bool = False) -> Change:
    """Build a change from a host as the client wrote it, well-formed or not."""
    try:
        return Change(host, names.host_from_text(host), edits, activated)
    except names.BadName:
        return Change(host, None, edits, activated)


PREFIX = -1
"""In place of a family: what a client says of addresses is a prefix and nothing else."""

OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Update:
    """One request of one client; without changes it only checks the credentials.

    ``peer`` is the client's address, ``at`` seconds since 1970, ``agent`` the User-Agent.
    ``refusal`` is an error found by the dialect that only an authenticated client is told; then
    ``changes`` merely say which hosts the client named. ``addresses`` is what it said of addresses,
    with commas in between, as it wrote them; where it said of which family an address is to be,
    it is written ``A=`` or ``AAAA=`` and the address, or ``PREFIX=`` and what is to be a prefix. It
    is :data:`OFFLINE` if there are to be none, and empty if the client left it to us.

    ``within`` is None if hosts have their whole names. Otherwise they may be named in short
    (:mod:`ddns.policy.short_names`), and it is the domain that the client asked, or empty.
    """

    dialect: str
    credentials: Credentials | ChallengeResponse | None
    changes: Sequence[Change]
    peer: str
    at: float
    agent: str = ""
    refusal: Status | None = None
    addresses: str = ""
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one :class:`Change`.

    ``addresses`` are the host's addresses afterwards. ``wait`` is how many seconds after which the
    change may be tried again, where that is known.
    """

    change: Change
    status: Status
    addresses: tuple[str, ...] = ()
    wait: float = 0.0


RETRY_AFTER = 60
"""Seconds after which to try again what failed for no known time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an :class:`Update`: a refusal of the whole, or one result for each change.

    ``user`` is the authenticated account, if any; ``rcode`` is what a DNS UPDATE is answered
    (RFC 2136 2.2), 0 for NOERROR, and ``reason`` says in a few words why records may not change.
    ``cause`` says why credentials were refused, and ``owner`` is the account whose they would be in
    another place, if any; both are for the log of requests only. ``wait`` is after how many seconds
    a refused whole may be tried again, or a block is over, where that is known.
    """

    refusal: Status | None = None
    results: tuple[Result, ...] = ()
    user: str | None = None
    rcode: int = 0
    reason: str = ""
    cause: Cause | None = None
    owner: str | None = None
    wait: float = 0.0

    @property
    def retry_after(self) -> int | None:
        """The whole seconds after which a client should try again; None if nothing of what it was
        told is :data:`TEMPORARY`."""
        if self.refusal in TEMPORARY:
            return math.ceil(self.wait or RETRY_AFTER)
        waits = [result.wait for result in self.results if result.status in TEMPORARY]
        return math.ceil(max(waits) or RETRY_AFTER) if waits else None
