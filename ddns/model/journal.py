"""The journal's vocabulary: one event for each thing a commit changed.

The journal is the spine of the server: the zones in memory, history for people and transfers to
secondaries are all readers of it (docs/architecture.md).
"""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import dataclass
from typing import NamedTuple

from ddns.model import names
from ddns.model.account import Account, Host, Key, ZoneInfo
from ddns.model.records import RRset, pack_rdatas, unpack_rdatas
from ddns.model.registration import Invitation, Member


class EventKind(enum.StrEnum):
    """What an event is about."""

    RRSET = "rrset"
    ZONE = "zone"
    RELOAD = "reload"  # a zone changed in so many places that readers should take it whole
    ACCOUNT = "account"
    KEY = "key"
    HOST = "host"
    INVITATION = "invitation"
    MEMBER = "member"


Subject = Account | Host | Key | ZoneInfo | Invitation | Member


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, by which way it came and when (seconds since 1970)."""

    who: str
    via: str
    at: float


class Event(NamedTuple):
    """One change, in commit order.

    ``position`` grows by one an event and is never used twice. ``subject`` names what changed: an
    origin or owner name in text, an account, a key's number. ``zone`` and ``owner`` are wire form;
    ``serial`` is the zone's after the commit. ``before`` and ``after`` are an RRset's packed TTL
    and rdatas (:func:`pack_values`) or a JSON text without secrets; None means there is nothing.
    ``value`` is the object after the change; it is present only where the event is delivered live.
    """

    position: int
    author: Author
    kind: EventKind
    subject: str
    zone: bytes | None
    serial: int | None
    owner: bytes | None
    type: int | None
    before: bytes | None
    after: bytes | None
    value: Subject | None = None


def pack_values(rrset: RRset) -> bytes:
    """TTL (4 octets) and rdatas of an RRset in one string."""
    return rrset.ttl.to_bytes(4, "big") + pack_rdatas(rrset.rdatas)


def unpack_values(owner: bytes, number: int, packed: bytes) -> RRset:
    """The RRset that :func:`pack_values` packed."""
    return RRset(owner, number, int.from_bytes(packed[:4], "big"), unpack_rdatas(packed[4:]))


def public(subject: Subject | None) -> bytes | None:
    """A journal text of an object, without anything that could serve as a secret, and without what
    leads to a person: the journal is kept when they have gone."""
    if subject is None:
        return None
    shown = dataclasses.asdict(subject)
    for secret in ("password", "digest", "sealed", "email"):
        shown.pop(secret, None)
    return json.dumps(shown, default=_shown, sort_keys=True).encode()


def _shown(value: object) -> object:
    if isinstance(value, bytes):
        return names.to_text(value)
    if isinstance(value, frozenset):
        return sorted(names.to_text(one) if isinstance(one, bytes) else one for one in value)
    raise TypeError(f"{type(value).__name__} does not belong into the journal")
