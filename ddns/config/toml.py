"""A TOML table becomes a dataclass, or an error that says which value cannot be."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """A setting that cannot be; ``str()`` names where it stands and what was expected."""


def read(
    kind: type[T], data: Mapping[str, Any], prefix: str = "", *, may_be_0: Collection[str] = ()
) -> T:
    """A dataclass from a TOML table, each value checked against the field's type. Numbers are more
    than 0, but for the keys in *may_be_0*.

    :raises ConfigError: naming the key and what was expected.
    """
    hints = typing.get_type_hints(kind)
    values = {}
    for key, value in data.items():
        if key not in hints:
            known = ", ".join(sorted(hints))
            raise ConfigError(f"{prefix}{key}: there is no such setting; known here: {known}")
        values[key] = _value(hints[key], value, f"{prefix}{key}", may_be_0)
    return kind(**values)


def _value(wanted: Any, value: Any, key: str, may_be_0: Collection[str]) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{key}: expected a table, got {value!r}")
        return read(wanted, value, f"{key}.", may_be_0=may_be_0)
    if typing.get_origin(wanted) is tuple:
        if value in ("off", ["off"]):
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f'{key}: expected a list of strings or "off", got {value!r}')
        return tuple(value)
    if isinstance(wanted, types.UnionType):
        raise TypeError(f"{key}: settings are of one type")
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
        raise ConfigError(f"{key}: expected {names[wanted]}, got {value!r}")
    # Not "<= 0", which not-a-number is not either.
    if wanted in (int, float) and not value > 0 and (value or key not in may_be_0):
        least = "0 or more" if key in may_be_0 else "more than 0"
        raise ConfigError(f"{key}: expected {least}, got {value!r}")
    return value
