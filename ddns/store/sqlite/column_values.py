"""The values that columns may have: others would stop whoever reads them, here or in a client."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator

from ddns.model import acme_dns, names, rows
from ddns.model.account import (
    BadAccountName,
    Language,
    Purpose,
    Registration,
    account_name,
)
from ddns.model.journal import EventKind
from ddns.model.notices import ALL, Kind, Way
from ddns.model.records import address_from_text
from ddns.model.relays import HostAddresses, RelayKind
from ddns.model.secondaries import BadSecondary, secondary
from ddns.model.text import printable
from ddns.store.sqlite.host_rows import prefixes_of

MAX_POSITION = 2**53
"""More than ever happens, and exact in JSON."""

_UINT16, _UINT31, _UINT32, _UINT53 = (
    f"{{0}} between 0 and {2**bits - 1}" for bits in (16, 31, 32, 53)
)
_TIME = "{0} between 0 and 253402300799"  # seconds since 1970, until 9999-12-31
_NAME, _ACCOUNT, _SHA256 = "is_name({0})", "is_account({0})", "length({0}) = 32"
_STATE = "is_state(kind, {0})"
_HOST_OR_ALL = "{0} = x'' or is_name({0})"
_LINE = "is_line({0})"  # also of an address: former versions took more for one


def _one_of(values: Iterable[str]) -> str:
    return "{{0}} in ({})".format(", ".join(f"'{value}'" for value in values))


_GOOD = {
    "account": {
        "name": _ACCOUNT,
        **dict.fromkeys(("created", "block_since", "block_until"), _TIME),
        "host_limit": _UINT31,
        "email": _LINE,
        "language": _one_of(Language),
    },
    "zone": {
        "origin": _NAME,
        "serial": _UINT32,
        "created": _TIME,
        "registration": _one_of(Registration),
        "secondaries": "is_secondaries({0})",
    },
    "mark": {"at": _TIME},
    "tsig": {"name": _NAME},
    "host": {
        "name": _NAME,
        "ttl": _UINT31,
        "created": _TIME,
        "interface_id": "length({0}) = 16",
        "follows": _NAME,
        "prefixes": "is_prefixes({0})",
    },
    "key": {"created": _TIME},
    "key_host": {"name": _NAME},
    "journal": {
        "position": f"{{0}} between 1 and {MAX_POSITION}",
        "at": _TIME,
        "kind": _one_of(EventKind),
        **dict.fromkeys(("zone", "owner"), _NAME),
        "serial": _UINT32,
        "type": _UINT16,
        **dict.fromkeys(("before", "after"), _STATE),
    },
    "invitation": {
        "digest": _SHA256,
        "uses": _UINT31,
        **dict.fromkeys(("expires", "created"), _TIME),
    },
    "member": {"since": _TIME},
    "released": {"name": _NAME, "at": _TIME},
    "pending": {
        "digest": _SHA256,
        "purpose": _one_of(Purpose),
        "account": _ACCOUNT,
        "expires": _TIME,
        "email": _LINE,
    },
    "request": {"host": _NAME, "at": _TIME},
    "session": {
        **dict.fromkeys(("digest", "password"), _SHA256),
        **dict.fromkeys(("created", "used"), _TIME),
        **dict.fromkeys(("peer", "agent"), _LINE),
    },
    "totp": {"created": _TIME, "step": _UINT53},
    "recovery_code": {"digest": _SHA256},
    "passkey": {
        "counter": _UINT32,
        "name": _LINE,
        **dict.fromkeys(("created", "used"), _TIME),
    },
    "acme_dns": {
        "subdomain": "is_subdomain({0})",
        "digest": _SHA256,
        "allow_from": "is_networks({0})",
        **dict.fromkeys(("created", "used"), _TIME),
        "note": _LINE,
    },
    "notice_terms": {
        "host": _HOST_OR_ALL,
        **dict.fromkeys(("mail", "push"), f"{{0}} between 0 and {ALL}"),
        "silent_days": _UINT31,
    },
    "notice_target": {
        "host": _HOST_OR_ALL,
        "way": _one_of(Way),
        **dict.fromkeys(("shown", "problem"), _LINE),
        **dict.fromkeys(("created", "failing"), _TIME),
        "given_up": _UINT53,
    },
    "notice": {
        "host": _HOST_OR_ALL,
        "kind": _one_of(Kind),
        "details": "is_object({0})",
        **dict.fromkeys(("created", "due"), _TIME),
        "way": _one_of(Way),
        "attempts": _UINT31,
    },
    "notice_mark": {
        "host": _HOST_OR_ALL,
        "what": _LINE,
        "since": _TIME,
        **dict.fromkeys(("told", "held"), _UINT53),
    },
    "host_word": {
        **dict.fromkeys(("since", "v4", "v6", "silent_at"), _TIME),
        "days": _UINT31,
        "stopped": _UINT16,
    },
    "journal_reader": {"position": _UINT53},
    "relay": {
        "host": _NAME,
        "kind": _one_of(RelayKind),
        "settings": "is_texts({0})",
        **dict.fromkeys(("created", "next", "tried"), _TIME),
        "delivered": "is_addresses({0})",
        "attempts": _UINT31,
        "result": _LINE,
        "trouble": "{0} between 0 and 2",
    },
}
"""What holds for each value that is not null, by table and column."""


def malformed_values(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a fault for each row with a value that this program could not have put there, "" for
    any other. Tables and columns that a former schema lacks are passed over."""
    functions = {
        "is_name": _is_name,
        "is_account": _is_account,
        "is_line": _is_line,
        "is_secondaries": _is_secondaries,
        "is_prefixes": _is_prefixes,
        "is_subdomain": _is_subdomain,
        "is_networks": _is_networks,
        "is_object": _is_object,
        "is_texts": _is_texts,
        "is_addresses": _is_addresses,
    }
    for name, function in functions.items():
        connection.create_function(name, 1, function, deterministic=True)
    connection.create_function("is_state", 2, _is_state, deterministic=True)
    for table, columns in _GOOD.items():
        if not has_column(connection, table, next(iter(columns))):
            continue
        bad = [
            f"{name} is not null and not ({good.format(name)})"
            for name, good in columns.items()
            if has_column(connection, table, name)
        ]
        # All is read, for what is no text and what is too long SQLite says by itself.
        for row in connection.execute(f"select {' or '.join(bad)}, * from {table}"):
            what = row[1].hex()[:128] if isinstance(row[1], bytes) else printable(str(row[1])[:64])
            yield f"{table} {what}: a value is malformed" if row[0] else ""


def has_column(connection: sqlite3.Connection, table: str, name: str) -> bool:
    """Return whether a table has a column in this schema."""
    there = "select 1 from pragma_table_info(?) where name = ?"
    return connection.execute(there, (table, name)).fetchone() is not None


# SQLite does not say which error one of these has raised, nor of which row.


def _is_secondaries(texts: object) -> bool:
    if not isinstance(texts, str):
        return False
    try:
        return len(list(map(secondary, texts.split()))) < 1000
    except BadSecondary:
        return False


def _is_prefixes(texts: object) -> bool:
    try:
        return isinstance(texts, str) and len(prefixes_of(texts)) < 100
    except ValueError:
        return False


def _is_subdomain(text: object) -> bool:
    return isinstance(text, str) and acme_dns.is_subdomain(text)


def _is_networks(texts: object) -> bool:
    try:
        return isinstance(texts, str) and list(acme_dns.networks(texts.split())) == texts.split()
    except acme_dns.BadNetwork:
        return False


def _is_texts(text: object) -> bool:
    try:
        found = json.loads(str(text))
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(
        isinstance(one, str) and one.isprintable() for one in found.values()
    )


def _is_addresses(text: object) -> bool:
    parts = str(text).split()
    whole = all(address_from_text(part) is not None for part in parts)
    return whole and str(HostAddresses.from_text(str(text))) == text


def _is_name(name: object) -> bool:
    return isinstance(name, bytes) and names.is_wire_form(name)


def _is_account(name: object) -> bool:
    try:
        return account_name(str(name)) == name
    except BadAccountName:
        return False


def _is_line(text: object) -> bool:
    return isinstance(text, str) and text.isprintable()


def _is_state(kind: object, state: object) -> bool:
    """Return whether this is what the journal keeps of a state before or after."""
    if not isinstance(state, bytes):
        return state is None
    if kind == EventKind.RRSET:
        return len(state) > 4 and rows.is_whole(state[4:])
    return _is_object(state)


def _is_object(text: object) -> bool:
    """Return whether this is a JSON object."""
    if not isinstance(text, str | bytes):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
