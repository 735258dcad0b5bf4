"""The description of the API in OpenAPI 3.1, made from the routes and the operations' methods."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from ddns.api import arguments
from ddns.api.caller import Permission
from ddns.api.log_in import LogInOperations
from ddns.api.operations import Operations
from ddns.api.passkeys import PasskeyOperations
from ddns.api.routes import ROUTES, Route
from ddns.api.schema_parts import Schema, ref
from ddns.api.schemas import ARGUMENTS, SCHEMAS
from ddns.api.second_factors import SecondFactorOperations
from ddns.api.self_service import SelfService
from ddns.api.sessions import SessionOperations

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
Manage zones, accounts, hosts, records and keys of this server. People who have logged in see and
change what they own: their account, its keys and hosts, and whole zones. What belongs to others
does not exist for them (404). Operations marked with `x-operator-only` are for the operator.

Errors are `{"error": {"code": ..., "message": ...}}`: the code is for programs, the message for
people. Names may be written in any language's letters; answers have them as A-labels, with the
U-labels in `unicode` where they differ. Times are UTC, durations seconds.
"""
_ROLE = re.compile(r":[a-z]+:(?=`)")
"""A role of reStructuredText before its text."""

_LIMITED = {
    *vars(SelfService),
    *vars(SessionOperations),
    *vars(LogInOperations),
    *vars(SecondFactorOperations),
    *vars(PasskeyOperations),
    *("record_set", "record_delete", "host_set", "zone_undo"),
}
"""Operations that may be refused as too many."""


def document(version: str, base: str = "/") -> dict[str, Any]:
    """Return the OpenAPI document.

    :param version: the server's version.
    :param base: the URL, or its path, that the document's paths are relative to.
    """
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
    HTTPStatus.UNAUTHORIZED: "The caller is unknown.",
    HTTPStatus.FORBIDDEN: "The caller may not do this, or has reached a quota.",
    HTTPStatus.NOT_FOUND: "The subject of the call does not exist, or is somebody else's.",
    HTTPStatus.CONFLICT: "It exists already, or something else stands in the way.",
    HTTPStatus.TOO_MANY_REQUESTS: "This was asked for too often; try again later.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server cannot do this at the moment; nothing was changed.",
}

_TOO_LONG = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The URL or the headers are too long.",
}
"""Refusals by the HTTP server before the API sees the request; they have no JSON body."""


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
    if route.permission in (Permission.OPERATOR, Permission.MACHINE):
        described["x-operator-only"] = True
        described["description"] += f" Only {route.permission.value} may do this."
    elif route.permission is Permission.ANYBODY:
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
    if route.answer is not None:
        answer = _answer("Done; DNS already answers any change of records.", ref(route.answer))
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
    """Return the schema of an argument; in a path or query, which are text, it cannot be null."""
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
