"""The journal's vocabulary: one event for each thing that a commit changed.

The journal is the spine of the server: the zones in memory, the history of hosts and transfers to
secondaries are all readers of it (docs/architecture.md).
"""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import NamedTuple

from ddns.model import names
from ddns.model.account import Account, Host, Key, ZoneInfo
from ddns.model.records import RRset, pack_rdatas, unpack_rdatas
from ddns.model.registration import Invitation, Member


class EventKind(enum.StrEnum):
    """The kind of thing that changed."""

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
    """The author of a change: who, through which interface, and when (seconds since 1970)."""

    who: str
    via: str
    at: float


class Event(NamedTuple):
    """One change, in commit order.

    ``position`` rises with every event and is never used twice. ``subject`` names what changed: an
    origin or owner name in text, an account, a key's number. ``zone`` and ``owner`` are wire form;
    ``serial`` is the zone's after the commit. ``before`` and ``after`` are an RRset's packed TTL
    and rdatas (:func:`pack_values`) or a JSON text without secrets; None stands for nothing, so an
    event without ``after`` is a removal. ``value`` is the object after the change. Only events that
    are delivered live carry it, for the journal must not keep secrets; a follower that reads events
    from the journal gets it from :meth:`ddns.store.interfaces.IReading.with_value`.
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

    @property
    def breaks_zone(self) -> bool:
        """Whether changes of the zone cannot be told across this event: the zone was added, removed
        or replaced as a whole."""
        return self.kind is EventKind.RELOAD or (
            self.kind is EventKind.ZONE and (self.before is None or self.after is None)
        )


def pack_values(rrset: RRset) -> bytes:
    """Pack TTL (4 octets) and rdatas of an RRset."""
    return rrset.ttl.to_bytes(4, "big") + pack_rdatas(rrset.rdatas)


def unpack_values(owner: bytes, number: int, packed: bytes) -> RRset:
    """Return the RRset that :func:`pack_values` packed."""
    return RRset(owner, number, int.from_bytes(packed[:4], "big"), unpack_rdatas(packed[4:]))


def public(subject: Subject | None) -> bytes | None:
    """Return an object as JSON for the journal, without secrets and without e-mail addresses, for
    the journal is kept after people have gone; and without what changes by itself."""
    if subject is None:
        return None
    shown = dataclasses.asdict(subject)
    for left_out in ("password", "digest", "sealed", "email", "expires", "prefixes"):
        shown.pop(left_out, None)
    return json.dumps(shown, default=_to_json, sort_keys=True).encode()


def zone_of_member(event: Event) -> bytes:
    """Return the origin in a MEMBER event, which :func:`public` left in its texts only."""
    return names.from_text(json.loads(event.after or event.before or b"")["zone"])


def _to_json(value: object) -> object:
    if isinstance(value, bytes):
        return names.to_text(value)
    if isinstance(value, IPv6Address):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(names.to_text(one) if isinstance(one, bytes) else one for one in value)
    raise TypeError(f"{type(value).__name__} does not belong into the journal")
