"""JSON Schemas (2020-12) of answers and arguments, for the OpenAPI document.

:mod:`ddns.api.serializers` makes the answers; a test holds the two together.
"""

from __future__ import annotations

from ddns.api.notice_schemas import NOTICE_ARGUMENTS, NOTICE_SCHEMAS
from ddns.api.people_schemas import PEOPLE
from ddns.api.relay_schemas import RELAY_SCHEMAS
from ddns.api.running import FAST_PATHS
from ddns.api.schema_parts import (
    FLAG,
    IDN,
    NAME,
    NUMBER,
    STRING,
    TEXTS,
    TIME,
    TTL,
    Schema,
    list_of,
    object_of,
    or_null,
    ref,
)
from ddns.model.account import Addresses, KeyKind, Language, Registration, Right
from ddns.model.relays import RelayKind
from ddns.policy.diagnosis import Severity, State
from ddns.store.paging import Became

_CERTIFICATE = or_null(ref("Certificate"))
_ZONE = {**IDN, "secondaries": TEXTS, "catalog": {"const": True}}
_zone = {
    "origin": NAME,
    "serial": NUMBER,
    "account": or_null(STRING),
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
}
_host = {"name": NAME, "zone": NAME, "account": STRING, "ttl": TTL}
_DETAILS = {
    "addresses": TEXTS,
    "alias": or_null(STRING),
    "last": or_null(ref("Request")),
}
_EXPIRING = {"expire_after": NUMBER}
_LAN = {"interface_id": or_null(STRING), "follows": or_null(NAME), "follows_address": FLAG}
_LEADING = {"followers": TEXTS, "prefixes": TEXTS, "expires": TIME}
_values = {"ttl": TTL, "rdatas": TEXTS}
_request = {
    "at": TIME,
    "failed": FLAG,
    "wait": {"type": "number", "minimum": 0, "description": "Seconds."},
    **dict.fromkeys(("dialect", "peer", "user", "agent", "asked", "answer", "reason"), STRING),
    **dict.fromkeys(("status", "cause", "hosts", "addresses", "transport", "version"), STRING),
}
_side = {"anyOf": [ref("Values"), ref("HostState"), {"type": "null"}]}

SCHEMAS: dict[str, Schema] = PEOPLE | {
    "Error": object_of(
        error=object_of({"ways": TEXTS, "ticket": STRING}, code=STRING, message=STRING)
    ),
    "Zone": object_of(_ZONE, **_zone),
    "WholeZone": object_of(
        _ZONE | {"followed_by": list_of("SecondaryState")}, **_zone, created=TIME, rrsets=NUMBER
    ),
    "SecondaryState": object_of(
        secondary=STRING,
        serial=or_null(NUMBER),
        seconds_behind=or_null({"type": "number", "minimum": 0}),
        told=or_null(TIME),
        problem=or_null(STRING),
    ),
    "Zones": object_of(zones=list_of("Zone")),
    "Imported": {
        "anyOf": [
            object_of(octets=NUMBER),
            object_of(origin=NAME, written=NUMBER, removed=NUMBER, skipped=NUMBER),
        ]
    },
    "Host": object_of(_EXPIRING | _LAN | IDN, **_host),
    "ListedHost": object_of(_EXPIRING | _LAN | IDN | _DETAILS, **_host),
    "Hosts": object_of({"next": NAME}, hosts=list_of("ListedHost")),
    "WholeHost": object_of(
        _EXPIRING | _LAN | _LEADING | IDN,
        **_host,
        wildcard=FLAG,
        records=list_of("RRset"),
        requests=list_of("Request"),
    ),
    "ImportedHosts": object_of(
        account=STRING,
        dry_run=FLAG,
        hosts=list_of("ImportedHost"),
        left_out=list_of("NotImported"),
    ),
    "ImportedHost": object_of(IDN, name=NAME, added=FLAG, rrsets=NUMBER),
    "NotImported": object_of(name=NAME, type=or_null(STRING), reason=STRING),
    "Finding": object_of(
        at=TIME,
        severity={"enum": list(Severity)},
        **dict.fromkeys(("rule", "why", "change"), STRING),
    ),
    "HostDiagnosis": object_of(
        IDN,
        name=NAME,
        state={"enum": list(State)},
        sentence=STRING,
        findings=list_of("Finding"),
        requests=list_of("Request"),
    ),
    "Backup": object_of(file=STRING, size=NUMBER, position=NUMBER, zones=NUMBER),
    "KeyCopy": object_of(file=STRING, size=NUMBER),
    "Status": object_of(
        **dict.fromkeys(("version", "not_ready"), STRING),
        zones=NUMBER,
        compiled=FLAG,
        fast_path={"enum": list(FAST_PATHS)},
        warnings=TEXTS,
        certificate=_CERTIFICATE,
    ),
    "Certificate": object_of(
        **dict.fromkeys(("directory", "issuer", "problem"), STRING),
        **dict.fromkeys(("names", "wanted", "keys"), TEXTS),
        **dict.fromkeys(("expires", "renewal", "issued_at", "failed_at"), or_null(TIME)),
        ordering=FLAG,
        failures=NUMBER,
    ),
    "Reloaded": object_of(changed=TEXTS, waiting=TEXTS),
    "Check": object_of(faults=TEXTS, zones=NUMBER, rrsets=NUMBER, events=NUMBER),
    "Request": object_of(**_request),
    "SeenRequest": object_of(
        id=NUMBER,
        host=or_null(NAME),
        account=or_null(STRING),
        became={"enum": list(Became)},
        **_request,
    ),
    "SeenRequests": object_of({"next": NUMBER}, requests=list_of("SeenRequest")),
    "Secondaries": object_of(
        secondaries={
            "type": "array",
            "items": object_of(
                **dict.fromkeys(("zones", "zones_behind"), NUMBER),
                secondary=STRING,
                seconds_behind={"type": "number", "minimum": 0},
            ),
        }
    ),
    "Samples": object_of({"hour": ref("Sampled"), "day": ref("Sampled")}),
    "Sampled": object_of(
        seconds={"type": "number", "description": "Between two samples."},
        until=TIME,
        series={
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "number", "minimum": 0}},
        },
    ),
    "RRset": object_of(IDN | {"copy_of": NAME}, owner=NAME, type=STRING, **_values),
    "Records": object_of(owner=NAME, records=list_of("RRset")),
    "ZoneRecords": object_of({"next": NAME}, origin=NAME, records=list_of("RRset")),
    "Deleted": object_of(deleted=list_of("RRset")),
    "Values": object_of(**_values),
    "HostState": object_of(
        _EXPIRING | _LAN,
        **_host,
        created={"type": "number"},
        dormant={"type": "array", "items": {"enum": [1, 28]}},
    ),
    "Event": object_of(
        position=NUMBER,
        at=TIME,
        **dict.fromkeys(("who", "via"), STRING),
        kind={"enum": ["rrset", "host"]},
        owner=NAME,
        type=or_null(STRING),
        **dict.fromkeys(("before", "after"), _side),
    ),
    "ZoneHistory": object_of(origin=NAME, events=list_of("Event")),
    "Undone": object_of(owner=NAME, type=STRING, rrset=or_null(ref("RRset"))),
    "CheckedRecords": object_of(records=list_of("CheckedRecord")),
    "CheckedRecord": object_of(rdata=or_null(STRING), error=or_null(STRING)),
    "History": object_of(name=NAME, events=list_of("Event")),
    **NOTICE_SCHEMAS,
    **RELAY_SCHEMAS,
}

ARGUMENTS: dict[str, Schema] = {
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
    "kind": {"enum": list(KeyKind)},
    "rights": {"type": "array", "items": {"enum": list(Right)}},
    "ttl": TTL,
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
    "relay_add.kind": {"enum": list(RelayKind)},
    "relay_add.settings": {"type": "object", "additionalProperties": STRING},
    "host_import.hosts": {
        "type": "array",
        "maxItems": 500,
        "items": object_of(
            dict.fromkeys(("owner", "type", "rdata", "interface_id", "follows"), STRING),
            host=STRING,
        ),
    },
    "ns": {"type": "array", "items": object_of({"address": or_null(STRING)}, name=STRING)},
    "records": {"type": "array", "items": object_of(type=STRING, rdata=STRING)},
}
"""Schemas of arguments that say more than their types, by ``name`` or ``operation.name``."""

__all__ = ["ARGUMENTS", "SCHEMAS", "Schema", "ref"]
