"""What JSON Schemas are built from."""

from __future__ import annotations

from typing import Any

from ddns.model.account import Language
from ddns.model.records import MAX_TTL

Schema = dict[str, Any]

NAME: Schema = {"type": "string", "description": "A domain name, internationalized as A-labels."}
UNICODE: Schema = {"type": "string", "description": "The name with U-labels, if it has any."}
STRING: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
TTL: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_TTL, "description": "Seconds."}
TEXTS: Schema = {"type": "array", "items": STRING}
FLAG: Schema = {"type": "boolean"}
LANGUAGE: Schema = {"enum": list(Language)}


def ref(name: str) -> Schema:
    """Return a reference to one of :data:`ddns.api.schemas.SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """Return what also null fits."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(optional: Schema | None = None, /, **properties: Schema) -> Schema:
    """Return an object with these properties, and perhaps the *optional* ones."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(of: str) -> Schema:
    """Return a list of one of :data:`ddns.api.schemas.SCHEMAS`."""
    return {"type": "array", "items": ref(of)}
