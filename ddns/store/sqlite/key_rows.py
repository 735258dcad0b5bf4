"""Keys as rows: how they are read, and what the columns of TSIG keys hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ddns.model import names
from ddns.model.account import Key, KeyKind, Right, TsigTerms
from ddns.store.sqlite.row_objects import from_row

_SELECT = (
    "select id, account, kind, digest, limited, created, sealed, enabled,"
    " name, algorithm, rights, zones, types from key left join tsig on tsig.key = key.id"
)
INSERT_TERMS = (
    "insert into tsig (key, name, algorithm, rights, zones, types) values (?, ?, ?, ?, ?, ?)"
)


def read_keys(execute: Callable[..., Any], where: str, value: object) -> list[Key]:
    """Return the keys that a condition with one parameter selects, by their numbers."""
    rows = execute(f"{_SELECT} where {where} order by id", (value,)).fetchall()
    return [_key(execute, *row) for row in rows]


@from_row
def _key(execute: Callable[..., Any], *row: Any) -> Key:
    number, account, kind, digest, limited, created, sealed, enabled, *terms = row
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
        None if terms[0] is None else _terms(*terms),
    )


def _terms(
    name: bytes, algorithm: str, rights: str, zones: bytes | None, types: str | None
) -> TsigTerms:
    return TsigTerms(
        name,
        algorithm,
        frozenset(map(Right, rights.split())),
        None if zones is None else frozenset(names.split(zones)),
        None if types is None else frozenset(map(int, types.split())),
    )


def terms_row(number: int, terms: TsigTerms) -> tuple[Any, ...]:
    """Return the row of :data:`INSERT_TERMS` for the key of that number."""
    return (
        number,
        terms.name,
        terms.algorithm,
        " ".join(sorted(terms.rights)),
        None if terms.zones is None else b"".join(sorted(terms.zones)),
        None if terms.types is None else " ".join(map(str, sorted(terms.types))),
    )
