"""What schemas are made of: kinds of values, objects and lists."""

from __future__ import annotations

from typing import Any

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
IDN = {"unicode": UNICODE}


def ref(name: str) -> Schema:
    """Return a reference to one of :data:`ddns.api.schemas.SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """Return the schema of what may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(optional: Schema | None = None, /, **properties: Schema) -> Schema:
    """Return the schema of an object: the *optional* properties may be left out."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(of: str) -> Schema:
    """Return the schema of a list of one of :data:`ddns.api.schemas.SCHEMAS`."""
    return {"type": "array", "items": ref(of)}
