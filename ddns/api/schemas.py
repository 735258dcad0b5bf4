"""JSON Schemas (2020-12) of answers and arguments, for the OpenAPI document.

:mod:`ddns.api.serializers` makes the answers; a test holds the two together.
"""

from __future__ import annotations

from ddns.api.notice_schemas import NOTICE_ARGUMENTS, NOTICE_SCHEMAS
from ddns.api.schema_parts import FLAG as _FLAG
from ddns.api.schema_parts import NAME as _NAME
from ddns.api.schema_parts import NUMBER as _NUMBER
from ddns.api.schema_parts import STRING as _STRING
from ddns.api.schema_parts import TEXTS as _TEXTS
from ddns.api.schema_parts import TIME as _TIME
from ddns.api.schema_parts import TTL as _TTL
from ddns.api.schema_parts import Schema, list_of, object_of, or_null, ref
from ddns.model.account import Addresses, KeyKind, Language, Registration, Right
from ddns.policy.diagnosis import Severity, State
from ddns.store.paging import Became

_UNICODE: Schema = {"type": "string", "description": "The name with U-labels, if it has any."}
_LANGUAGE: Schema = {"enum": list(Language)}
_CERTIFICATE = or_null(ref("Certificate"))
_IDN = {"unicode": _UNICODE}
_ZONE = {**_IDN, "secondaries": _TEXTS, "catalog": {"const": True}}
_zone = {
    "origin": _NAME,
    "serial": _NUMBER,
    "account": or_null(_STRING),
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
}
_account = {
    "name": _STRING,
    "password": _FLAG,
    "email": or_null(_STRING),
    "operator": _FLAG,
    "language": or_null(_LANGUAGE),
    "blocked": or_null(ref("Block")),
}
_key = {
    "id": _NUMBER,
    "account": _STRING,
    "kind": {"enum": list(KeyKind)},
    "enabled": _FLAG,
    "hosts": or_null(_TEXTS),
    "rights": {"type": "array", "items": {"enum": list(Right)}},
    "zones": or_null(_TEXTS),
    "types": or_null(_TEXTS),
}
_TSIG = {"name": _NAME, "algorithm": _STRING}
_host = {"name": _NAME, "zone": _NAME, "account": _STRING, "ttl": _TTL}
_DETAILS = {
    "addresses": _TEXTS,
    "alias": or_null(_STRING),
    "last": or_null(ref("Request")),
}
_EXPIRING = {"expire_after": _NUMBER}
_LAN = {"interface_id": or_null(_STRING), "follows": or_null(_NAME), "follows_address": _FLAG}
_LEADING = {"followers": _TEXTS, "prefixes": _TEXTS, "expires": _TIME}
_values = {"ttl": _TTL, "rdatas": _TEXTS}
_invitation = {
    "id": _NUMBER,
    "zone": _NAME,
    "uses": _NUMBER,
    "expires": _TIME,
    "created": _TIME,
    "by": _STRING,
}
_request = {
    "at": _TIME,
    "failed": _FLAG,
    "wait": {"type": "number", "minimum": 0, "description": "Seconds."},
    **dict.fromkeys(("dialect", "peer", "user", "agent", "asked", "answer", "reason"), _STRING),
    **dict.fromkeys(("status", "cause", "hosts", "addresses", "transport", "version"), _STRING),
}
_side = {"anyOf": [ref("Values"), ref("HostState"), {"type": "null"}]}

SCHEMAS: dict[str, Schema] = {
    "Error": object_of(
        error=object_of({"ways": _TEXTS, "ticket": _STRING}, code=_STRING, message=_STRING)
    ),
    "Zone": object_of(_ZONE, **_zone),
    "WholeZone": object_of(
        _ZONE | {"followed_by": list_of("SecondaryState")}, **_zone, created=_TIME, rrsets=_NUMBER
    ),
    "SecondaryState": object_of(
        secondary=_STRING,
        serial=or_null(_NUMBER),
        seconds_behind=or_null({"type": "number", "minimum": 0}),
        told=or_null(_TIME),
        problem=or_null(_STRING),
    ),
    "Zones": object_of(zones=list_of("Zone")),
    "Imported": {
        "anyOf": [
            object_of(octets=_NUMBER),
            object_of(origin=_NAME, written=_NUMBER, removed=_NUMBER, skipped=_NUMBER),
        ]
    },
    "Invitation": object_of(_IDN, **_invitation),
    "NewInvitation": object_of(_IDN, code=_STRING, **_invitation),
    "Invitations": object_of(invitations=list_of("Invitation")),
    "Member": object_of(_IDN, zone=_NAME, account=_STRING, since=_TIME),
    "Members": object_of(members=list_of("Member")),
    "Account": object_of(**_account),
    "Accounts": object_of({"next": _STRING}, accounts=list_of("Account")),
    "AccountLimit": object_of(**_account, host_limit=_NUMBER),
    "WholeAccount": object_of(
        **_account,
        host_limit=_NUMBER,
        second_factors=_TEXTS,
        dondns=_FLAG,
        keys=list_of("Key"),
        hosts=_TEXTS,
        zones=_TEXTS,
        requests=list_of("Request"),
    ),
    "Key": object_of(_TSIG, **_key),
    "NewKey": object_of(_TSIG, key=_STRING, **_key),
    "Keys": object_of(keys=list_of("Key")),
    "AcmeDnsRegistration": object_of(
        subdomain=_STRING,
        fulldomain=_NAME,
        account=or_null(_STRING),
        allowfrom=_TEXTS,
        note=_STRING,
        created=_TIME,
        used=or_null(_TIME),
    ),
    "AcmeDnsRegistrations": object_of(
        {"next": _STRING}, registrations=list_of("AcmeDnsRegistration")
    ),
    "NewAcmeDnsRegistration": object_of(
        username=_STRING, password=_STRING, fulldomain=_NAME, subdomain=_STRING, allowfrom=_TEXTS
    ),
    "Host": object_of(_EXPIRING | _LAN | _IDN, **_host),
    "ListedHost": object_of(_EXPIRING | _LAN | _IDN | _DETAILS, **_host),
    "Hosts": object_of({"next": _NAME}, hosts=list_of("ListedHost")),
    "WholeHost": object_of(
        _EXPIRING | _LAN | _LEADING | _IDN,
        **_host,
        wildcard=_FLAG,
        records=list_of("RRset"),
        requests=list_of("Request"),
    ),
    "Finding": object_of(
        at=_TIME,
        severity={"enum": list(Severity)},
        **dict.fromkeys(("rule", "why", "change"), _STRING),
    ),
    "HostDiagnosis": object_of(
        _IDN,
        name=_NAME,
        state={"enum": list(State)},
        sentence=_STRING,
        findings=list_of("Finding"),
        requests=list_of("Request"),
    ),
    "Address": object_of(name=_STRING, email=_STRING),
    "Session": object_of(
        token=_STRING, expires=_TIME, account=_STRING, language=or_null(_LANGUAGE)
    ),
    "SecondFactor": object_of(totp=_FLAG, recovery_codes=_NUMBER, passkeys=list_of("Passkey")),
    "Passkey": object_of(id=_NUMBER, name=_STRING, created=_TIME, used=or_null(_TIME)),
    "Passkeys": object_of(passkeys=list_of("Passkey")),
    "PasskeyOptions": object_of(options={"type": "object"}),
    "NewPasskey": object_of(passkey=ref("Passkey"), recovery_codes=or_null(_TEXTS)),
    "NewTotp": object_of(secret=_STRING, uri=_STRING),
    "RecoveryCodes": object_of(recovery_codes=_TEXTS),
    "FirstCodes": object_of(recovery_codes=or_null(_TEXTS)),
    "OpenSession": object_of(
        **dict.fromkeys(("id", "peer", "agent"), _STRING),
        **dict.fromkeys(("created", "used"), _TIME),
        **dict.fromkeys(("second_factor", "current"), _FLAG),
    ),
    "Sessions": object_of(sessions=list_of("OpenSession")),
    "SessionClosed": object_of(id=_STRING),
    "SessionsClosed": object_of(closed=_NUMBER),
    "LoggedOut": object_of(account=_STRING),
    "Requested": object_of(name_or_email=_STRING),
    "Backup": object_of(file=_STRING, size=_NUMBER, position=_NUMBER, zones=_NUMBER),
    "KeyCopy": object_of(file=_STRING, size=_NUMBER),
    "Status": object_of(
        version=_STRING, zones=_NUMBER, warnings=_TEXTS, not_ready=_STRING, certificate=_CERTIFICATE
    ),
    "Certificate": object_of(
        **dict.fromkeys(("directory", "issuer", "problem"), _STRING),
        **dict.fromkeys(("names", "wanted", "keys"), _TEXTS),
        **dict.fromkeys(("expires", "renewal", "issued_at", "failed_at"), or_null(_TIME)),
        ordering=_FLAG,
        failures=_NUMBER,
    ),
    "Reloaded": object_of(changed=_TEXTS, waiting=_TEXTS),
    "Check": object_of(faults=_TEXTS, zones=_NUMBER, rrsets=_NUMBER, events=_NUMBER),
    "Block": object_of(reason=_STRING, since=_TIME, until=or_null(_TIME)),
    "Request": object_of(**_request),
    "SeenRequest": object_of(
        id=_NUMBER,
        host=or_null(_NAME),
        account=or_null(_STRING),
        became={"enum": list(Became)},
        **_request,
    ),
    "SeenRequests": object_of({"next": _NUMBER}, requests=list_of("SeenRequest")),
    "Secondaries": object_of(
        secondaries={
            "type": "array",
            "items": object_of(
                **dict.fromkeys(("zones", "zones_behind"), _NUMBER),
                secondary=_STRING,
                seconds_behind={"type": "number", "minimum": 0},
            ),
        }
    ),
    "Samples": object_of({"hour": ref("Sampled"), "day": ref("Sampled")}),
    "Sampled": object_of(
        seconds={"type": "number", "description": "Between two samples."},
        until=_TIME,
        series={
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "number", "minimum": 0}},
        },
    ),
    "RRset": object_of(_IDN | {"copy_of": _NAME}, owner=_NAME, type=_STRING, **_values),
    "Records": object_of(owner=_NAME, records=list_of("RRset")),
    "ZoneRecords": object_of({"next": _NAME}, origin=_NAME, records=list_of("RRset")),
    "Deleted": object_of(deleted=list_of("RRset")),
    "Values": object_of(**_values),
    "HostState": object_of(
        _EXPIRING | _LAN,
        **_host,
        created={"type": "number"},
        dormant={"type": "array", "items": {"enum": [1, 28]}},
    ),
    "Export": object_of(
        part=_STRING, items={"type": "array", "items": {"type": "object"}}, next=or_null(_STRING)
    ),
    "Event": object_of(
        position=_NUMBER,
        at=_TIME,
        **dict.fromkeys(("who", "via"), _STRING),
        kind={"enum": ["rrset", "host"]},
        owner=_NAME,
        type=or_null(_STRING),
        **dict.fromkeys(("before", "after"), _side),
    ),
    "ZoneHistory": object_of(origin=_NAME, events=list_of("Event")),
    "Undone": object_of(owner=_NAME, type=_STRING, rrset=or_null(ref("RRset"))),
    "CheckedRecords": object_of(records=list_of("CheckedRecord")),
    "CheckedRecord": object_of(rdata=or_null(_STRING), error=or_null(_STRING)),
    "History": object_of(name=_NAME, events=list_of("Event")),
    **NOTICE_SCHEMAS,
}

ARGUMENTS: dict[str, Schema] = {
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
    "kind": {"enum": list(KeyKind)},
    "rights": {"type": "array", "items": {"enum": list(Right)}},
    "ttl": _TTL,
    "credential": {"type": "object"},
    "language": {"enum": ["", *Language]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    "uses": {"type": "integer", "minimum": 1, "maximum": 1000},
    "invitation_add.days": {"type": "integer", "minimum": 1, "maximum": 365},
    "account_block.days": {"type": "number", "exclusiveMinimum": 0, "maximum": 36_500},
    "account_block.reason": {"type": "string", "pattern": r"\S"},
    "serial": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "account_set.hosts": {
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 1_000_000}, {"enum": ["default"]}]
    },
    "became": {"enum": list(Became)},
    **NOTICE_ARGUMENTS,
    "ns": {"type": "array", "items": object_of({"address": or_null(_STRING)}, name=_STRING)},
    "records": {"type": "array", "items": object_of(type=_STRING, rdata=_STRING)},
}
"""Schemas of arguments that say more than their types, by ``name`` or ``operation.name``."""
