"""JSON Schemas (2020-12) of answers and arguments, for the OpenAPI document.

:mod:`ddns.api.serializers` makes the answers; a test holds the two together.
"""

from __future__ import annotations

from ddns.api.schema_shapes import FLAG as _FLAG
from ddns.api.schema_shapes import LANGUAGE as _LANGUAGE
from ddns.api.schema_shapes import NAME as _NAME
from ddns.api.schema_shapes import NUMBER as _NUMBER
from ddns.api.schema_shapes import STRING as _STRING
from ddns.api.schema_shapes import TEXTS as _TEXTS
from ddns.api.schema_shapes import TIME as _TIME
from ddns.api.schema_shapes import TTL as _TTL
from ddns.api.schema_shapes import UNICODE as _UNICODE
from ddns.api.schema_shapes import Schema, ref
from ddns.api.schema_shapes import list_of as _list
from ddns.api.schema_shapes import object_of as _object
from ddns.api.schema_shapes import or_null as _or_null
from ddns.api.schemas_of_relays import RELAY_SCHEMAS
from ddns.model.account import Addresses, KeyKind, Language, Registration, Right
from ddns.model.relays import RelayKind
from ddns.policy.diagnosis import Severity, State
from ddns.store.paging import Became

_CERTIFICATE = _or_null(ref("Certificate"))
_IDN = {"unicode": _UNICODE}
_ZONE = {**_IDN, "secondaries": _TEXTS, "catalog": {"const": True}}
_zone = {
    "origin": _NAME,
    "serial": _NUMBER,
    "account": _or_null(_STRING),
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
}
_account = {
    "name": _STRING,
    "password": _FLAG,
    "email": _or_null(_STRING),
    "operator": _FLAG,
    "language": _or_null(_LANGUAGE),
    "blocked": _or_null(ref("Block")),
}
_key = {
    "id": _NUMBER,
    "account": _STRING,
    "kind": {"enum": list(KeyKind)},
    "enabled": _FLAG,
    "hosts": _or_null(_TEXTS),
    "rights": {"type": "array", "items": {"enum": list(Right)}},
    "zones": _or_null(_TEXTS),
    "types": _or_null(_TEXTS),
}
_TSIG = {"name": _NAME, "algorithm": _STRING}
_host = {"name": _NAME, "zone": _NAME, "account": _STRING, "ttl": _TTL}
_DETAILS = {
    "addresses": _TEXTS,
    "alias": _or_null(_STRING),
    "last": _or_null(ref("Request")),
}
_EXPIRING = {"expire_after": _NUMBER}
_LAN = {"interface_id": _or_null(_STRING), "follows": _or_null(_NAME), "follows_address": _FLAG}
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
    "Error": _object(
        error=_object({"ways": _TEXTS, "ticket": _STRING}, code=_STRING, message=_STRING)
    ),
    "Zone": _object(_ZONE, **_zone),
    "WholeZone": _object(
        _ZONE | {"followed_by": _list("SecondaryState")}, **_zone, created=_TIME, rrsets=_NUMBER
    ),
    "SecondaryState": _object(
        secondary=_STRING,
        serial=_or_null(_NUMBER),
        seconds_behind=_or_null({"type": "number", "minimum": 0}),
        told=_or_null(_TIME),
        problem=_or_null(_STRING),
    ),
    "Zones": _object(zones=_list("Zone")),
    "Imported": {
        "anyOf": [
            _object(octets=_NUMBER),
            _object(origin=_NAME, written=_NUMBER, removed=_NUMBER, skipped=_NUMBER),
        ]
    },
    "Invitation": _object(_IDN, **_invitation),
    "NewInvitation": _object(_IDN, code=_STRING, **_invitation),
    "Invitations": _object(invitations=_list("Invitation")),
    "Member": _object(_IDN, zone=_NAME, account=_STRING, since=_TIME),
    "Members": _object(members=_list("Member")),
    "Account": _object(**_account),
    "Accounts": _object({"next": _STRING}, accounts=_list("Account")),
    "AccountLimit": _object(**_account, host_limit=_NUMBER),
    "WholeAccount": _object(
        **_account,
        host_limit=_NUMBER,
        second_factors=_TEXTS,
        dondns=_FLAG,
        keys=_list("Key"),
        hosts=_TEXTS,
        zones=_TEXTS,
        requests=_list("Request"),
    ),
    "Key": _object(_TSIG, **_key),
    "NewKey": _object(_TSIG, key=_STRING, **_key),
    "Keys": _object(keys=_list("Key")),
    "AcmeDnsRegistration": _object(
        subdomain=_STRING,
        fulldomain=_NAME,
        account=_or_null(_STRING),
        allowfrom=_TEXTS,
        note=_STRING,
        created=_TIME,
        used=_or_null(_TIME),
    ),
    "AcmeDnsRegistrations": _object({"next": _STRING}, registrations=_list("AcmeDnsRegistration")),
    "NewAcmeDnsRegistration": _object(
        username=_STRING, password=_STRING, fulldomain=_NAME, subdomain=_STRING, allowfrom=_TEXTS
    ),
    "Host": _object(_EXPIRING | _LAN | _IDN, **_host),
    "ListedHost": _object(_EXPIRING | _LAN | _IDN | _DETAILS, **_host),
    "Hosts": _object({"next": _NAME}, hosts=_list("ListedHost")),
    "WholeHost": _object(
        _EXPIRING | _LAN | _LEADING | _IDN,
        **_host,
        wildcard=_FLAG,
        records=_list("RRset"),
        requests=_list("Request"),
    ),
    "Finding": _object(
        at=_TIME,
        severity={"enum": list(Severity)},
        **dict.fromkeys(("rule", "why", "change"), _STRING),
    ),
    "HostDiagnosis": _object(
        _IDN,
        name=_NAME,
        state={"enum": list(State)},
        sentence=_STRING,
        findings=_list("Finding"),
        requests=_list("Request"),
    ),
    **RELAY_SCHEMAS,
    "Address": _object(name=_STRING, email=_STRING),
    "Session": _object(token=_STRING, expires=_TIME, account=_STRING, language=_or_null(_LANGUAGE)),
    "SecondFactor": _object(totp=_FLAG, recovery_codes=_NUMBER, passkeys=_list("Passkey")),
    "Passkey": _object(id=_NUMBER, name=_STRING, created=_TIME, used=_or_null(_TIME)),
    "Passkeys": _object(passkeys=_list("Passkey")),
    "PasskeyOptions": _object(options={"type": "object"}),
    "NewPasskey": _object(passkey=ref("Passkey"), recovery_codes=_or_null(_TEXTS)),
    "NewTotp": _object(secret=_STRING, uri=_STRING),
    "RecoveryCodes": _object(recovery_codes=_TEXTS),
    "FirstCodes": _object(recovery_codes=_or_null(_TEXTS)),
    "OpenSession": _object(
        **dict.fromkeys(("id", "peer", "agent"), _STRING),
        **dict.fromkeys(("created", "used"), _TIME),
        **dict.fromkeys(("second_factor", "current"), _FLAG),
    ),
    "Sessions": _object(sessions=_list("OpenSession")),
    "SessionClosed": _object(id=_STRING),
    "SessionsClosed": _object(closed=_NUMBER),
    "LoggedOut": _object(account=_STRING),
    "Requested": _object(name_or_email=_STRING),
    "Backup": _object(file=_STRING, size=_NUMBER, position=_NUMBER, zones=_NUMBER),
    "KeyCopy": _object(file=_STRING, size=_NUMBER),
    "Status": _object(
        version=_STRING, zones=_NUMBER, warnings=_TEXTS, not_ready=_STRING, certificate=_CERTIFICATE
    ),
    "Certificate": _object(
        **dict.fromkeys(("directory", "issuer", "problem"), _STRING),
        **dict.fromkeys(("names", "wanted", "keys"), _TEXTS),
        **dict.fromkeys(("expires", "renewal", "issued_at", "failed_at"), _or_null(_TIME)),
        ordering=_FLAG,
        failures=_NUMBER,
    ),
    "Reloaded": _object(changed=_TEXTS, waiting=_TEXTS),
    "Check": _object(faults=_TEXTS, zones=_NUMBER, rrsets=_NUMBER, events=_NUMBER),
    "Block": _object(reason=_STRING, since=_TIME, until=_or_null(_TIME)),
    "Request": _object(**_request),
    "SeenRequest": _object(
        id=_NUMBER,
        host=_or_null(_NAME),
        account=_or_null(_STRING),
        became={"enum": list(Became)},
        **_request,
    ),
    "SeenRequests": _object({"next": _NUMBER}, requests=_list("SeenRequest")),
    "Secondaries": _object(
        secondaries={
            "type": "array",
            "items": _object(
                **dict.fromkeys(("zones", "zones_behind"), _NUMBER),
                secondary=_STRING,
                seconds_behind={"type": "number", "minimum": 0},
            ),
        }
    ),
    "Samples": _object({"hour": ref("Sampled"), "day": ref("Sampled")}),
    "Sampled": _object(
        seconds={"type": "number", "description": "Between two samples."},
        until=_TIME,
        series={
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "number", "minimum": 0}},
        },
    ),
    "RRset": _object(_IDN | {"copy_of": _NAME}, owner=_NAME, type=_STRING, **_values),
    "Records": _object(owner=_NAME, records=_list("RRset")),
    "ZoneRecords": _object({"next": _NAME}, origin=_NAME, records=_list("RRset")),
    "Deleted": _object(deleted=_list("RRset")),
    "Values": _object(**_values),
    "HostState": _object(
        _EXPIRING | _LAN,
        **_host,
        created={"type": "number"},
        dormant={"type": "array", "items": {"enum": [1, 28]}},
    ),
    "Export": _object(
        part=_STRING, items={"type": "array", "items": {"type": "object"}}, next=_or_null(_STRING)
    ),
    "Event": _object(
        position=_NUMBER,
        at=_TIME,
        **dict.fromkeys(("who", "via"), _STRING),
        kind={"enum": ["rrset", "host"]},
        owner=_NAME,
        type=_or_null(_STRING),
        **dict.fromkeys(("before", "after"), _side),
    ),
    "ZoneHistory": _object(origin=_NAME, events=_list("Event")),
    "Undone": _object(owner=_NAME, type=_STRING, rrset=_or_null(ref("RRset"))),
    "CheckedRecords": _object(records=_list("CheckedRecord")),
    "CheckedRecord": _object(rdata=_or_null(_STRING), error=_or_null(_STRING)),
    "History": _object(name=_NAME, events=_list("Event")),
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
    "relay_add.kind": {"enum": list(RelayKind)},
    "relay_add.settings": {"type": "object", "additionalProperties": _STRING},
    "ns": {"type": "array", "items": _object({"address": _or_null(_STRING)}, name=_STRING)},
    "records": {"type": "array", "items": _object(type=_STRING, rdata=_STRING)},
}
"""Schemas of arguments that say more than their types, by ``name`` or ``operation.name``."""

__all__ = ["ARGUMENTS", "SCHEMAS", "Schema", "ref"]
