"""Convert a TOML table to a dataclass, checking names and types."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """An invalid setting; ``str()`` names the key and what was expected."""


def read_table(
    kind: type[T], data: Mapping[str, Any], prefix: str = "", *, zero_allowed: Collection[str] = ()
) -> T:
    """Build a dataclass from a TOML table, checking each value against its field's type.

    Numbers must be greater than 0, or at least 0 for the dotted keys in *zero_allowed*. Errors
    prepend *prefix* to keys.

    :raises ConfigError: naming the key and what was expected.
    """
    hints = typing.get_type_hints(kind)
    values = {}
    for key, value in data.items():
        if key not in hints:
            known = ", ".join(sorted(hints))
            raise ConfigError(f"{prefix}{key}: there is no such setting; known here: {known}")
        values[key] = _value(hints[key], value, f"{prefix}{key}", zero_allowed)
    return kind(**values)


def _value(wanted: Any, value: Any, key: str, zero_allowed: Collection[str]) -> Any:
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{key}: expected a table, got {value!r}")
        return read_table(wanted, value, f"{key}.", zero_allowed=zero_allowed)
    if isinstance(wanted, types.UnionType):  # a string, or several
        text, several = typing.get_args(wanted)
        wanted = several if isinstance(value, list) else text
    if typing.get_origin(wanted) is tuple:
        if value in ("off", ["off"]):
            return ()
        item_type = typing.get_args(wanted)[0]
        if not isinstance(value, list) or not all(type(item) is item_type for item in value):
            kind = "strings" if item_type is str else "whole numbers"
            raise ConfigError(f'{key}: expected a list of {kind} or "off", got {value!r}')
        return tuple(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
        raise ConfigError(f"{key}: expected {names[wanted]}, got {value!r}")
    # Not "value <= 0", which is false for nan.
    if wanted in (int, float) and not value > 0 and (value or key not in zero_allowed):
        least = "0 or more" if key in zero_allowed else "more than 0"
        raise ConfigError(f"{key}: expected {least}, got {value!r}")
    return value
