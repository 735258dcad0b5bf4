"""What people are shown of the model: JSON. Names are A-labels; beside one that has U-labels stands
``unicode``, the name as its people write it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ddns.api.caller import Caller
from ddns.model import names, records
from ddns.model.account import Account, Block, Host, Key, ZoneInfo
from ddns.model.journal import Event, EventKind, unpack_values
from ddns.model.records import RRset
from ddns.model.registration import Invitation, Member
from ddns.model.request_log import RequestEntry

Json = dict[str, Any]


def named(key: str, name: bytes) -> Json:
    """An owner name, and the form with U-labels where that is another."""
    text, unicode = names.to_text(name), names.to_unicode(name)
    return {key: text} if text == unicode else {key: text, "unicode": unicode}


def time_json(at: float) -> str:
    """A time, in seconds since 1970, as RFC 3339 has it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def zone_json(zone: ZoneInfo, caller: Caller) -> Json:
    """A zone; whose it is, is told to its owner and to the operator."""
    return {
        **named("origin", zone.origin),
        "serial": zone.serial,
        "account": zone.account if caller.owns(zone.account) else None,
        "addresses": str(zone.addresses),
        "registration": str(zone.registration),
    }


def account_json(account: Account) -> Json:
    """An account."""
    return {
        "name": account.name,
        "password": account.password is not None,
        "email": account.email,
        "blocked": None if account.block is None else block_json(account.block),
    }


def block_json(block: Block) -> Json:
    """Why an account may change nothing, and until when."""
    return {
        "reason": block.reason,
        "since": time_json(block.since),
        "until": None if block.until is None else time_json(block.until),
    }


def key_json(key: Key) -> Json:
    """A key without its secret, which nobody has."""
    return {
        "id": key.id,
        "account": key.account,
        "kind": str(key.kind),
        "enabled": key.enabled,
        "hosts": None if key.hosts is None else sorted(map(names.to_text, key.hosts)),
    }


def host_json(host: Host) -> Json:
    """A host."""
    return {
        **named("name", host.name),
        "zone": names.to_text(host.zone),
        "account": host.account,
        "ttl": host.ttl,
    }


def rrset_json(rrset: RRset) -> Json:
    """An RRset."""
    return {
        **named("owner", rrset.owner),
        "type": records.type_to_text(rrset.type),
        **values_json(rrset),
    }


def values_json(rrset: RRset) -> Json:
    """What an RRset says, without whose it is."""
    return {
        "ttl": rrset.ttl,
        "rdatas": [records.rdata_to_text(rrset.type, rdata) for rdata in rrset.rdatas],
    }


def request_json(failed: bool, entry: RequestEntry) -> Json:
    """What a client asked and was told; *failed* if its credentials were wrong."""
    return {**entry._asdict(), "at": time_json(entry.at), "failed": failed}


def invitation_json(invitation: Invitation) -> Json:
    """An invitation without its code, which nobody has."""
    return {
        "id": invitation.id,
        **named("zone", invitation.zone),
        "uses": invitation.uses,
        "expires": time_json(invitation.expires),
        "created": time_json(invitation.created),
        "by": invitation.by,
    }


def member_json(member: Member) -> Json:
    """A member of a zone."""
    return {
        **named("zone", member.zone),
        "account": member.account,
        "since": time_json(member.since),
    }


def event_json(event: Event) -> Json:
    """An event of a host: what an RRset or the host itself was before and is after."""
    assert event.owner is not None
    return {
        "at": time_json(event.author.at),
        "who": event.author.who,
        "via": event.author.via,
        "kind": str(event.kind),
        "owner": names.to_text(event.owner),
        "type": None if event.type is None else records.type_to_text(event.type),
        "before": _side_json(event, event.before),
        "after": _side_json(event, event.after),
    }


def _side_json(event: Event, side: bytes | None) -> Json | None:
    if side is None:
        return None
    if event.kind is EventKind.HOST:
        shown: Json = json.loads(side)
        return shown
    assert event.owner is not None
    assert event.type is not None
    return values_json(unpack_values(event.owner, event.type, side))
