"""Compare settings on reload: which changes take effect now, and which need a restart."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from ddns.config.settings import Settings

AT_START = frozenset(
    (
        "database",
        "sample",
        "dns.listen",
        "dns.compiled",
        "http.listen",
        "https.listen",
        "miniupdate.listen",
        "miniupdate.udp",
        "gnudip.listen",
        "api.enabled",
        "pages.enabled",
        "tools.enabled",
        "metrics.listen",
        "metrics.standstill_time",
        "log.format",
        "log.level",
    )
)
"""Settings that are read only at startup."""


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """``settings`` take effect without a restart and differ in the keys ``changed``; changes of the
    keys ``waiting`` need a restart."""

    settings: Settings
    changed: tuple[str, ...]
    waiting: tuple[str, ...]


def compare(old: Settings, new: Settings) -> Changes:
    """Return what changes when a server with *old* settings reads *new* ones."""
    different = tuple(_different(old, new))
    waiting = tuple(key for key in different if key in AT_START)
    for key in waiting:
        new = _with(new, key.split("."), _value(old, key))
    changed = tuple(key for key in different if key not in AT_START)
    return Changes(new, changed, waiting)


def _different(old: Any, new: Any, prefix: str = "") -> Iterator[str]:
    for field in dataclasses.fields(old):
        mine, theirs = getattr(old, field.name), getattr(new, field.name)
        if dataclasses.is_dataclass(mine):
            yield from _different(mine, theirs, f"{prefix}{field.name}.")
        elif mine != theirs:
            yield prefix + field.name


def _value(settings: Any, key: str) -> Any:
    for name in key.split("."):
        settings = getattr(settings, name)
    return settings


def _with(settings: Any, names: list[str], value: Any) -> Any:
    name, *others = names
    if others:
        value = _with(getattr(settings, name), others, value)
    return dataclasses.replace(settings, **{name: value})
