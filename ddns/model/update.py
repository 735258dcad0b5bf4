"""What every dialect turns bytes into, and what the pipeline answers: the shared vocabulary."""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass, field

from ddns.model import names
from ddns.model.account import KeyKind


class Status(enum.Enum):
    """The union of the dialects' answers; each dialect has a word for every one of them."""

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


SUCCESSES = frozenset({Status.GOOD, Status.NOCHG})


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a secret as they arrived; the secret shows in no repr.

    The secret is a key of this *kind*; where update keys are taken, the account's password is, too.
    """

    user: str
    secret: str = field(repr=False)
    kind: KeyKind = KeyKind.UPDATE


@dataclass(frozen=True, slots=True)
class ChallengeResponse:
    """What proves that a client knows a secret without sending it: its answer to a challenge of
    ours (miniDNS seed, LOGIN). Both are hexadecimal digits."""

    user: str
    challenge: str
    response: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replace:
    """Set the RRset of *type* at *prefix* + the host's name to exactly *rdatas* (wire form)."""

    type: int
    rdatas: tuple[bytes, ...]
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the RRset of *type* at *prefix* + the host's name, if there is one."""

    type: int
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Renumber:
    """Put the host's AAAA records into *network*, their interface identifiers kept."""

    network: ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Mail:
    """dyndns2's ``mx`` and ``backmx``. None keeps what there is.

    ``exchange`` is an owner name; with ``backup`` the host itself stands in front of it.
    """

    exchange: bytes | None
    backup: bool | None


Edit = Replace | Remove | Renumber | Mail


@dataclass(frozen=True, slots=True)
class Change:
    """What a client asks for one host. ``name`` is None where ``host`` is not a host name.

    With ``activated`` the host must have a record of each type that is set, or be offline.
    """

    host: str
    name: bytes | None
    edits: tuple[Edit, ...]
    activated: bool = False


def change_of(host: str, edits: tuple[Edit, ...], *, activated: bool = False) -> Change:
    """A change of the host that a client wrote like this, be it well-formed or not."""
    try:
        return Change(host, names.host_from_text(host), edits, activated)
    except names.BadName:
        return Change(host, None, edits, activated)


@dataclass(frozen=True, slots=True)
class Update:
    """One request of one client. One without changes only asks whether the credentials are right.

    ``refusal`` is an error that the dialect saw in the request but that only an authenticated
    client is told. ``peer`` is the client's address, ``at`` seconds since 1970 (UTC).
    """

    dialect: str
    credentials: Credentials | ChallengeResponse | None
    changes: tuple[Change, ...]
    peer: str
    at: float
    agent: str = ""
    refusal: Status | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one :class:`Change`. ``addresses`` is what the host answers with now."""

    change: Change
    status: Status
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an :class:`Update`: a refusal of the whole, or a result a change, in order.

    ``user`` is the account that was authenticated, if one was.
    """

    refusal: Status | None = None
    results: tuple[Result, ...] = ()
    user: str | None = None
