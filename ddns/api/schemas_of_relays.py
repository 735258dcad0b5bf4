"""JSON Schemas of relays; part of :data:`ddns.api.schemas.SCHEMAS`."""

from __future__ import annotations

from ddns.api.relays import STATES
from ddns.api.schema_parts import (
    NAME,
    NUMBER,
    STRING,
    TEXTS,
    TIME,
    Schema,
    list_of,
    object_of,
    or_null,
)
from ddns.model.relays import RelayKind

_SETTINGS: Schema = {"type": "object", "additionalProperties": STRING}
_relay = {
    "id": NUMBER,
    "host": NAME,
    "kind": {"enum": list(RelayKind)},
    "service": STRING,
    "settings": _SETTINGS,
    "created": TIME,
    "state": {"enum": list(STATES)},
    "delivered": or_null(TEXTS),
    "attempts": NUMBER,
    "tried": or_null(TIME),
    "next": or_null(TIME),
    "result": STRING,
}

RELAY_SCHEMAS: dict[str, Schema] = {
    "Relay": object_of(**_relay),
    "NewRelay": object_of({"secret": STRING}, **_relay),
    "Relays": object_of(relays=list_of("Relay")),
}
