"""The API's description as OpenAPI 3.1, from the table of routes and the operations themselves."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from ddns.api import arguments
from ddns.api.caller import Permission
from ddns.api.operations import Operations
from ddns.api.routes import ROUTES, Route
from ddns.api.schemas import ANSWERS, ARGUMENTS, SCHEMAS, Schema, ref
from ddns.api.self_service import SelfService
from ddns.api.sessions import Logins

PATH = "/openapi.json"

_JSON = "application/json"
_OCTETS = "application/octet-stream"
_TYPES: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}
_INTRODUCTION = """\
What can be done with this server. Whoever has logged in sees and changes what is theirs: their
account, its keys and hosts, and zones that are theirs as a whole. What is somebody else's does not
exist for them (404). Operations that are marked with `x-operator-only` are for the operator.

A refusal is `{"error": {"code": ..., "message": ...}}`: the code is for programs, the message for
people. Names may be written in the letters of any language; answers have them as A-labels, with the
U-labels in `unicode` where they differ. Times are UTC, durations seconds.
"""
_ROLE = re.compile(r":[a-z]+:(?=`)")


_LIMITED = {*vars(SelfService), *vars(Logins), "record_set", "record_delete", "host_set"}
"""What may be asked for too often."""


def document(version: str, base: str = "/") -> dict[str, Any]:
    """The OpenAPI document of this *version*; *base* is the URL, or its path, that paths are
    relative to."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    paths[PATH] = {
        "get": {
            "operationId": "openapi",
            "summary": "This document.",
            "security": [],
            "responses": {
                "200": _answer("The document", {"type": "object"}),
                **_references([HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE]),
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "twistd ddns",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {
                **{str(status): _refusal(status) for status in _REFUSALS},
                **{str(status): {"description": text} for status, text in _TOO_LONG.items()},
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "The call or a value in it makes no sense.",
    HTTPStatus.UNAUTHORIZED: "Nobody knows who calls.",
    HTTPStatus.FORBIDDEN: "The caller may not do this, or has as many as an account may have.",
    HTTPStatus.NOT_FOUND: "What the call is about does not exist, or is somebody else's.",
    HTTPStatus.CONFLICT: "It exists already, or something else stands in the way.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many have asked for this; try again later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server cannot do it at the moment; nothing was changed.",
}

_TOO_LONG = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The URL or the headers are too long.",
}
"""What the API never sees, and so has no body that says why."""


def _refusal(status: HTTPStatus) -> Schema:
    described = _answer(_REFUSALS[status], ref("Error"))
    if status is HTTPStatus.UNAUTHORIZED:
        described["headers"] = {
            "WWW-Authenticate": {"required": True, "schema": {"type": "string"}}
        }
    elif status is HTTPStatus.TOO_MANY_REQUESTS:
        described["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
    return described


def _answer(description: str, schema: Schema, content: str = _JSON) -> Schema:
    return {"description": description, "content": {content: {"schema": schema}}}


def _operation(route: Route) -> Schema:
    text = inspect.getdoc(getattr(Operations, route.operation)) or ""
    text = _ROLE.sub("", text).replace("``", "`").replace("\n", " ")
    described: Schema = {
        "operationId": route.operation,
        "summary": text.partition(". ")[0].rstrip("."),
        "description": text,
        "tags": [route.path.split("/")[2]],
        "responses": _responses(route),
    }
    if route.right is Permission.OPERATOR:
        described["x-operator-only"] = True
        described["description"] += " Only the operator may do this."
    elif route.right is Permission.ANYBODY:
        described["security"] = []
    in_path = route.named()
    parameters = arguments.parameters(route.operation)
    described["parameters"] = [
        _parameter(route, parameter, "path")
        for name, parameter in parameters.items()
        if name in in_path
    ]
    rest = [parameter for name, parameter in parameters.items() if name not in in_path]
    if route.octets and route.method == "POST":
        rest = [parameter for parameter in rest if parameter.hint is not bytes]
        described["requestBody"] = {"required": True, "content": {_OCTETS: {"schema": {}}}}
    if route.octets or route.method in ("GET", "DELETE"):
        described["parameters"] += [_parameter(route, parameter, "query") for parameter in rest]
    elif rest:
        described["requestBody"] = _body(route, rest)
    return described


def _responses(route: Route) -> Schema:
    done = "Done; where it is about names, DNS answers them like this."
    if route.operation in ANSWERS:
        answer = _answer(done, ref(ANSWERS[route.operation]))
    else:
        answer = _answer("Rows (`ddns.model.rows`)", {}, _OCTETS)
    refusals = [HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE]
    refusals += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    if route.operation in _LIMITED:
        refusals += [HTTPStatus.TOO_MANY_REQUESTS]
    if route.method != "GET":
        refusals += [HTTPStatus.CONFLICT]
    return {"200": answer, **_references([*refusals, *_TOO_LONG])}


def _references(statuses: Iterable[HTTPStatus]) -> Schema:
    return {
        str(int(status)): {"$ref": f"#/components/responses/{int(status)}"}
        for status in sorted(statuses)
    }


def _parameter(route: Route, parameter: arguments.Parameter, place: str) -> Schema:
    return {
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "schema": _schema(route, parameter, in_text=True),
    }


def _body(route: Route, parameters: Iterable[arguments.Parameter]) -> Schema:
    required = [parameter.name for parameter in parameters if parameter.required]
    schema: Schema = {
        "type": "object",
        "properties": {
            parameter.name: _schema(route, parameter, in_text=False) for parameter in parameters
        },
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {_JSON: {"schema": schema}}}


def _schema(route: Route, parameter: arguments.Parameter, in_text: bool) -> Schema:
    """What one argument may be. Text, in a path or query, cannot say null."""
    kinds = typing.get_args(parameter.hint) if _is_union(parameter.hint) else (parameter.hint,)
    if in_text:
        kinds = tuple(kind for kind in kinds if kind is not type(None))
    known = ARGUMENTS.get(f"{route.operation}.{parameter.name}") or ARGUMENTS.get(parameter.name)
    if known is not None:
        schemas = [known, *([_TYPES[type(None)]] if type(None) in kinds else ())]
    else:
        schemas = [_of_type(kind) for kind in kinds]
    schema = dict(schemas[0]) if len(schemas) == 1 else {"anyOf": schemas}
    if not parameter.required and parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _is_union(hint: Any) -> bool:
    return bool(typing.get_args(hint)) and typing.get_origin(hint) is not list


def _of_type(kind: Any) -> Schema:
    if typing.get_origin(kind) is list:
        return {"type": "array", "items": _of_type(typing.get_args(kind)[0])}
    return _TYPES[kind]
