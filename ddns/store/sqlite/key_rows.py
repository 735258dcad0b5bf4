"""Keys as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ddns.model import names
from ddns.model.account import Key, KeyKind, Right, TsigName
from ddns.store.sqlite.row_objects import from_row

_SELECT = (
    "select id, account, kind, digest, limited, created, sealed, enabled, rights, zones, types,"
    " name, algorithm from key left join tsig on tsig.key = key.id"
)
INSERT = (
    "insert into key (account, kind, digest, limited, created, sealed, enabled, rights, zones,"
    " types) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def read_keys(execute: Callable[..., Any], where: str, value: object) -> list[Key]:
    """Return the keys that a condition with one parameter selects, by their numbers."""
    rows = execute(f"{_SELECT} where {where} order by id", (value,)).fetchall()
    return [_key(execute, *row) for row in rows]


@from_row
def _key(execute: Callable[..., Any], *row: Any) -> Key:
    number, account, kind, digest, limited, created, sealed, enabled, *terms = row
    rights, zones, types, name, algorithm = terms
    hosts = None
    if limited:
        found = execute("select name from key_host where key = ?", (number,))
        hosts = frozenset(name for (name,) in found)
    return Key(
        number,
        account,
        KeyKind(kind),
        digest,
        hosts,
        created,
        sealed,
        bool(enabled),
        frozenset(map(Right, rights.split())),
        None if zones is None else frozenset(names.split(zones)),
        None if types is None else frozenset(map(int, types.split())),
        None if name is None else TsigName(name, algorithm),
    )


def row_of(key: Key) -> tuple[Any, ...]:
    """Return the row of :data:`INSERT`."""
    return (
        key.account,
        str(key.kind),
        key.digest,
        key.hosts is not None,
        key.created,
        key.sealed,
        key.enabled,
        " ".join(sorted(key.rights)),
        zones_column(key),
        None if key.types is None else " ".join(map(str, sorted(key.types))),
    )


def zones_column(key: Key) -> bytes | None:
    """Return the zones that a key is limited to as they are in its row."""
    return None if key.zones is None else b"".join(sorted(key.zones))
