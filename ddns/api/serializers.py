"""JSON forms of the model.

Names are A-labels; where the name has U-labels, ``unicode`` beside it has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ddns.api.caller import Caller
from ddns.model import names, records
from ddns.model.account import Account, Block, Host, Key, TsigName, ZoneInfo
from ddns.model.acme_dns import AcmeDnsRegistration
from ddns.model.journal import Event, EventKind, unpack_values
from ddns.model.records import RRset
from ddns.model.registration import Invitation, Member
from ddns.model.request_log import RequestEntry
from ddns.model.second_factor import Passkey, SecondFactors
from ddns.model.secondaries import SecondaryState
from ddns.model.session import Session
from ddns.policy.diagnosis import Diagnosis
from ddns.store.paging import Became
from ddns.store.results import SeenRequest

Json = dict[str, Any]
Texts = Mapping[str, str | None]


def named(key: str, name: bytes) -> Json:
    """Return an owner name under a key, and its form with U-labels where they differ."""
    text, unicode = names.to_text(name), names.to_unicode(name)
    return {key: text} if text == unicode else {key: text, "unicode": unicode}


def time_json(at: float) -> str:
    """Return a time in seconds since 1970 in the format of RFC 3339."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def zone_json(zone: ZoneInfo, caller: Caller) -> Json:
    """Return a zone; only its owner and the operator are told whose it is and who is let in."""
    owns = caller.owns(zone.account)
    return {
        **named("origin", zone.origin),
        "serial": zone.serial,
        "account": zone.account if owns else None,
        "addresses": str(zone.addresses),
        "registration": str(zone.registration),
        **({"secondaries": list(map(str, zone.secondaries))} if owns and zone.secondaries else {}),
        **({"update_from": list(zone.update_from)} if owns and zone.update_from else {}),
        **({"catalog": True} if zone.catalog else {}),
    }


def secondary_json(state: SecondaryState) -> Json:
    """Return how far a secondary has followed."""
    return {
        "secondary": str(state.secondary),
        "serial": state.serial,
        "seconds_behind": state.seconds_behind,
        "told": None if state.told is None else time_json(state.told),
        "problem": state.problem or None,
    }


def account_json(account: Account) -> Json:
    """Return an account without its password."""
    return {
        "name": account.name,
        "password": account.password is not None,
        "email": account.email,
        "operator": account.operator,
        "language": account.language,
        "blocked": None if account.block is None else block_json(account.block),
    }


def block_json(block: Block) -> Json:
    """Return why an account may change nothing, and until when."""
    return {
        "reason": block.reason,
        "since": time_json(block.since),
        "until": None if block.until is None else time_json(block.until),
    }


def key_json(key: Key) -> Json:
    """Return a key without its secret, which is not stored."""
    return {
        "id": key.id,
        "account": key.account,
        "kind": str(key.kind),
        "enabled": key.enabled,
        "hosts": None if key.hosts is None else sorted(map(names.to_text, key.hosts)),
        "rights": sorted(key.rights),
        "zones": None if key.zones is None else sorted(map(names.to_text, key.zones)),
        "types": None
        if key.types is None
        else [records.type_to_text(number) for number in sorted(key.types)],
        **({} if key.tsig is None else _tsig_json(key.tsig)),
    }


def _tsig_json(tsig: TsigName) -> Json:
    return {"name": names.to_text(tsig.name), "algorithm": tsig.algorithm}


def registration_json(registration: AcmeDnsRegistration) -> Json:
    """Return a registration of acme-dns without its password, which is not stored."""
    used = registration.used
    return {
        "subdomain": registration.subdomain,
        "fulldomain": names.to_text(registration.name),
        "account": registration.account,
        "allowfrom": list(registration.allow_from),
        "note": registration.note,
        "created": time_json(registration.created),
        "used": None if used is None else time_json(used),
    }


def host_json(host: Host) -> Json:
    """Return a host."""
    return {
        **named("name", host.name),
        "zone": names.to_text(host.zone),
        "account": host.account,
        "ttl": host.ttl,
        **({"expire_after": host.expire_after} if host.expire_after else {}),
        **({} if host.interface_id is None else {"interface_id": str(host.interface_id)}),
        **({} if host.follows is None else {"follows": names.to_text(host.follows)}),
        **({"follows_address": True} if host.follows_address else {}),
    }


def rrset_json(rrset: RRset, copy_of: bytes | None = None) -> Json:
    """Return an RRset; *copy_of* is the wildcard's owner name if it is a copy."""
    return {
        **named("owner", rrset.owner),
        "type": records.type_to_text(rrset.type),
        **values_json(rrset),
        **({} if copy_of is None else {"copy_of": names.to_text(copy_of)}),
    }


def values_json(rrset: RRset) -> Json:
    """Return the TTL and rdata of an RRset."""
    return {
        "ttl": rrset.ttl,
        "rdatas": [records.rdata_to_text(rrset.type, rdata) for rdata in rrset.rdatas],
    }


def request_json(failed: bool, entry: RequestEntry) -> Json:
    """Return a client's request and its answer; *failed* is for wrong credentials."""
    return {**entry._asdict(), "at": time_json(entry.at), "failed": failed}


def diagnosis_json(diagnosis: Diagnosis) -> Json:
    """Return a diagnosis in English."""
    findings = [
        {
            "rule": one.rule.id,
            "severity": one.severity,
            "at": time_json(one.at),
            "why": one.why(),
            "change": one.change(),
        }
        for one in diagnosis.findings
    ]
    return {"state": diagnosis.state, "sentence": diagnosis.sentence(), "findings": findings}


def seen_request_json(request: SeenRequest) -> Json:
    """Return a request as operators see it: with its number, host and account."""
    became = Became.FAILED if request.failed else Became.REFUSED
    return {
        "id": request.number,
        "host": None if request.host is None else names.to_text(request.host),
        "account": request.account,
        "became": str(became if request.entry.reason else Became.DONE),
        **request_json(request.failed, request.entry),
    }


def invitation_json(invitation: Invitation) -> Json:
    """Return an invitation without its code, which is not stored."""
    return {
        "id": invitation.id,
        **named("zone", invitation.zone),
        "uses": invitation.uses,
        "expires": time_json(invitation.expires),
        "created": time_json(invitation.created),
        "by": invitation.by,
    }


def member_json(member: Member) -> Json:
    """Return a member of a zone."""
    return {
        **named("zone", member.zone),
        "account": member.account,
        "since": time_json(member.since),
    }


def session_json(session: Session, *, current: bool) -> Json:
    """Return a session without its token, which is not kept; *current* is the caller's."""
    return {
        "id": session.id,
        "peer": session.peer,
        "agent": session.agent,
        "created": time_json(session.created),
        "used": time_json(session.used),
        "second_factor": session.strong,
        "current": current,
    }


def passkey_json(passkey: Passkey) -> Json:
    """Return a passkey without its key."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "created": time_json(passkey.created),
        "used": None if passkey.used is None else time_json(passkey.used),
    }


def second_factors_json(factors: SecondFactors) -> Json:
    """Return second factors without what is secret of them."""
    return {
        "totp": factors.totp is not None,
        "recovery_codes": factors.recovery_codes,
        "passkeys": [passkey_json(passkey) for passkey in factors.passkeys],
    }


def event_json(event: Event) -> Json:
    """Return an event of a host: an RRset, or the host itself, before and after."""
    assert event.owner is not None
    return {
        "position": event.position,
        "at": time_json(event.author.at),
        "who": event.author.who,
        "via": event.author.via,
        "kind": str(event.kind),
        "owner": names.to_text(event.owner),
        "type": None if event.type is None else records.type_to_text(event.type),
        "before": _side_json(event, event.before),
        "after": _side_json(event, event.after),
    }


def journal_json(event: Event) -> Json:
    """Return an event of any kind."""
    return {
        "position": event.position,
        "at": time_json(event.author.at),
        "via": event.author.via,
        "kind": str(event.kind),
        "subject": event.subject,
        "zone": None if event.zone is None else names.to_text(event.zone),
        "owner": None if event.owner is None else names.to_text(event.owner),
        "type": None if event.type is None else records.type_to_text(event.type),
        "before": _side_json(event, event.before),
        "after": _side_json(event, event.after),
    }


def _side_json(event: Event, side: bytes | None) -> Json | None:
    if side is None:
        return None
    if event.kind is not EventKind.RRSET:
        shown: Json = json.loads(side)
        return shown
    assert event.owner is not None
    assert event.type is not None
    return values_json(unpack_values(event.owner, event.type, side))
