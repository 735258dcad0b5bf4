"""Check the arguments of an operation by the types in its signature."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddns.api.errors import Invalid
from ddns.api.operations import Operations

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_EXPECTED = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    bytes: "octets",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; ``hint`` is its type annotation."""

    name: str
    hint: Any
    required: bool
    default: Any


@functools.cache
def parameters(operation: str) -> Mapping[str, Parameter]:
    """Return the parameters of an operation by name, in order."""
    method = getattr(Operations, operation)
    hints = typing.get_type_hints(method)
    return {
        name: Parameter(
            name, hints[name], parameter.default is inspect.Parameter.empty, parameter.default
        )
        for name, parameter in inspect.signature(method).parameters.items()
        if name != "self"
    }


SECRETS = frozenset({"code", "new", "old", "password", "secret", "ticket", "token", "url"})
"""Arguments that no query may hold: proxies and browsers keep the addresses of requests."""


def add_query(texts: dict[str, str], query: Iterable[tuple[str, str]]) -> None:
    """Add the arguments of a query to those of the path.

    :raises Invalid: for one that stands twice in a request, and for secrets.
    """
    for key, value in query:
        if key in texts:
            raise Invalid("{key}: given twice", key=key)
        if key in SECRETS:
            raise Invalid("{key}: belongs in the body, where nobody logs it", key=key)
        texts[key] = value


def arguments(operation: str, given: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return keyword arguments for an operation.

    :param given: values from JSON.
    :param texts: values from a path or query, to be converted from text.
    :raises Invalid: naming the argument that is missing, unknown, of the wrong type or in both.
    """
    known = parameters(operation)
    for key in given.keys() & texts.keys():
        raise Invalid("{key}: given twice", key=key)
    checked = {}
    for key, value in {**given, **texts}.items():
        if key not in known:
            raise Invalid("there is no argument {key!r} here", key=key)
        wanted = known[key].hint
        if key in texts:
            value = _from_text(wanted, value)
        elif float in (wanted, *typing.get_args(wanted)) and type(value) is int:
            value = float(value)
        if not _fits(wanted, value):
            raise Invalid(
                "{key}: expected {wanted}, got {value!r}",
                key=key,
                wanted=_EXPECTED.get(wanted, "another type"),
                value=value,
            )
        checked[key] = value
    for parameter in known.values():
        if parameter.required and parameter.name not in checked:
            raise Invalid("{name}: missing", name=parameter.name)
    return checked


def _from_text(wanted: Any, value: str) -> Any:
    """Convert text to the wanted type if it looks like one; otherwise it does not fit."""
    kinds = typing.get_args(wanted) or (wanted,)
    if int in kinds and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    if float in kinds and _NUMBER.fullmatch(value):
        return float(value)
    if bool in kinds and value in ("true", "false"):
        return value == "true"
    return value


def _fits(wanted: Any, value: Any) -> bool:
    """Return whether a value is of the wanted type, exactly: True is no int."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (list, Sequence):
        return isinstance(value, list) and all(_fits(inner[0], item) for item in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(_fits(inner[1], item) for item in value.values())
    if wanted is Any:
        return True
    if inner:  # a union with None
        return any(_fits(kind, value) for kind in inner)
    if type(value) is str and not _is_text(value):
        return False
    return type(value) is (type(None) if wanted is None else wanted)


def _is_text(value: str) -> bool:
    """Return whether UTF-8 can encode it: JSON can escape lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
