"""JSON Schemas (2020-12) of answers and arguments, for the OpenAPI document.

:mod:`ddns.api.serializers` makes the answers; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from ddns.model.account import Addresses, KeyKind, Registration
from ddns.model.records import MAX_TTL

Schema = dict[str, Any]

_NAME: Schema = {"type": "string", "description": "A domain name, internationalized as A-labels."}
_UNICODE: Schema = {"type": "string", "description": "The name with U-labels, if it has any."}
_ACCOUNT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_TTL: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_TTL, "description": "Seconds."}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_FLAG: Schema = {"type": "boolean"}


def ref(name: str) -> Schema:
    """Return a reference to one of :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(optional: Schema | None = None, /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(key: str, of: str) -> Schema:
    return _object(**{key: {"type": "array", "items": ref(of)}})


_IDN = {"unicode": _UNICODE}
_zone = {
    "origin": _NAME,
    "serial": _NUMBER,
    "account": _or_null(_ACCOUNT),
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
}
_account = {
    "name": _ACCOUNT,
    "password": _FLAG,
    "email": _or_null({"type": "string"}),
    "blocked": _or_null(ref("Block")),
}
_key = {
    "id": _NUMBER,
    "account": _ACCOUNT,
    "kind": {"enum": list(KeyKind)},
    "enabled": _FLAG,
    "hosts": _or_null(_TEXTS),
}
_host = {"name": _NAME, "zone": _NAME, "account": _ACCOUNT, "ttl": _TTL}
_values = {"ttl": _TTL, "rdatas": _TEXTS}
_invitation = {
    "id": _NUMBER,
    "zone": _NAME,
    "uses": _NUMBER,
    "expires": _TIME,
    "created": _TIME,
    "by": _ACCOUNT,
}
_side = {"anyOf": [ref("Values"), ref("HostState"), {"type": "null"}]}

SCHEMAS: dict[str, Schema] = {
    "Error": _object(error=_object(code={"type": "string"}, message={"type": "string"})),
    "Zone": _object(_IDN, **_zone),
    "Zones": _list("zones", "Zone"),
    "Imported": {
        "anyOf": [
            _object(octets=_NUMBER),
            _object(origin=_NAME, written=_NUMBER, removed=_NUMBER, skipped=_NUMBER),
        ]
    },
    "Invitation": _object(_IDN, **_invitation),
    "NewInvitation": _object(_IDN, code={"type": "string"}, **_invitation),
    "Invitations": _list("invitations", "Invitation"),
    "Member": _object(_IDN, zone=_NAME, account=_ACCOUNT, since=_TIME),
    "Members": _list("members", "Member"),
    "Account": _object(**_account),
    "Accounts": _list("accounts", "Account"),
    "AccountLimit": _object(**_account, host_limit=_NUMBER),
    "WholeAccount": _object(
        **_account,
        host_limit=_NUMBER,
        dondns=_FLAG,
        keys={"type": "array", "items": ref("Key")},
        hosts=_TEXTS,
        zones=_TEXTS,
        requests={"type": "array", "items": ref("Request")},
    ),
    "Key": _object(**_key),
    "NewKey": _object(key={"type": "string"}, **_key),
    "Keys": _list("keys", "Key"),
    "Host": _object(_IDN, **_host),
    "Hosts": _list("hosts", "Host"),
    "WholeHost": _object(
        _IDN,
        **_host,
        wildcard=_FLAG,
        records={"type": "array", "items": ref("RRset")},
        requests={"type": "array", "items": ref("Request")},
    ),
    "Address": _object(name=_ACCOUNT, email={"type": "string"}),
    "Session": _object(token={"type": "string"}, expires=_TIME, account=_ACCOUNT),
    "LoggedOut": _object(account=_ACCOUNT),
    "Requested": _object(name_or_email={"type": "string"}),
    "Backup": _object(file={"type": "string"}, size=_NUMBER, position=_NUMBER, zones=_NUMBER),
    "KeyCopy": _object(file={"type": "string"}, size=_NUMBER),
    "Status": _object(version={"type": "string"}, zones=_NUMBER),
    "Reloaded": _object(changed=_TEXTS, waiting=_TEXTS),
    "Check": _object(faults=_TEXTS, zones=_NUMBER, rrsets=_NUMBER, events=_NUMBER),
    "Block": _object(reason={"type": "string"}, since=_TIME, until=_or_null(_TIME)),
    "Request": _object(
        at=_TIME,
        dialect={"type": "string"},
        peer={"type": "string"},
        user={"type": "string"},
        agent={"type": "string"},
        asked={"type": "string"},
        answer={"type": "string"},
        reason={"type": "string"},
        failed=_FLAG,
    ),
    "RRset": _object(_IDN, owner=_NAME, type={"type": "string"}, **_values),
    "Records": _object(owner=_NAME, records={"type": "array", "items": ref("RRset")}),
    "Deleted": _list("deleted", "RRset"),
    "Values": _object(**_values),
    "HostState": _object(
        **_host, created={"type": "number"}, dormant={"type": "array", "items": {"enum": [1, 28]}}
    ),
    "Event": _object(
        at=_TIME,
        who=_ACCOUNT,
        via={"type": "string"},
        kind={"enum": ["rrset", "host"]},
        owner=_NAME,
        type=_or_null({"type": "string"}),
        before=_side,
        after=_side,
    ),
    "History": _object(name=_NAME, events={"type": "array", "items": ref("Event")}),
}

ARGUMENTS: dict[str, Schema] = {
    "addresses": {"enum": list(Addresses)},
    "registration": {"enum": list(Registration)},
    "kind": {"enum": list(KeyKind)},
    "ttl": _TTL,
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    "uses": {"type": "integer", "minimum": 1, "maximum": 1000},
    "invitation_add.days": {"type": "integer", "minimum": 1, "maximum": 365},
    "account_block.days": {"type": "number", "exclusiveMinimum": 0, "maximum": 36_500},
    "account_block.reason": {"type": "string", "pattern": r"\S"},
    "serial": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "account_set.hosts": {
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 1_000_000}, {"enum": ["default"]}]
    },
    "ns": {
        "type": "array",
        "items": _object({"address": _or_null({"type": "string"})}, name={"type": "string"}),
    },
    "records": {
        "type": "array",
        "items": _object(type={"type": "string"}, rdata={"type": "string"}),
    },
}
"""Schemas of arguments that say more than their types, by ``name`` or ``operation.name``."""
