"""Check a database for faults: those that SQLite finds, and those that only we can know."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from enum import StrEnum

from ddns.model import names, records, rows
from ddns.model.account import Addresses, KeyKind
from ddns.model.text import printable
from ddns.store.results import Checked
from ddns.store.sqlite.column_values import has_column, malformed_values
from ddns.store.sqlite.migrations import schema_faults

MAX_FAULTS = 1000
SLICE = 50
"""Rows between two pauses, well below a millisecond: queries are answered in this interpreter."""

_BEGUN = (
    "with begun as (select zone, max(position) as position from journal where kind = 'reload'"
    " or (kind = 'zone' and (before is null or after is null)) group by zone)"
)
"""The position from which the journal tells all of a zone (:attr:`Event.breaks_zone`)."""

_LAST = (
    f"{_BEGUN}, last as (select max(position) as position from journal where kind = 'rrset'"
    " group by zone, owner, type)"
    " select journal.position, journal.owner, journal.type, journal.after, rrset.ttl, rrset.rdatas"
    " from last join journal using (position) join zone on zone.origin = journal.zone"
    " left join begun on begun.zone = journal.zone"
    " left join rrset on rrset.zone = zone.id and rrset.owner = journal.owner"
    " and rrset.type = journal.type where journal.position > coalesce(begun.position, 0)"
)
_SERIALS = (
    f"{_BEGUN} select distinct zone.origin, zone.serial, journal.serial"
    " from journal join zone on zone.origin = journal.zone"
    " left join begun on begun.zone = journal.zone"
    " where journal.serial is not null and journal.position >= coalesce(begun.position, 0)"
)
_GAPS = (
    "select position, former from (select position, via, lag(position) over (order by position)"
    " as former from journal) where position <> former + 1 and via <> 'restore'"
)
_RECORDS = (
    "select zone.origin, rrset.owner, rrset.type, rrset.ttl, rrset.rdatas, rrset.of_host,"
    " exists (select 1 from host where host.zone = rrset.zone and host.name = case"
    + "".join(
        f" when substr(rrset.owner, 1, {len(label)}) = x'{label.hex()}'"
        f" then substr(rrset.owner, {len(label) + 1})"
        for label in names.BELOW_HOST
    )
    + " else rrset.owner end) from rrset join zone on zone.id = rrset.zone"
)


def check(
    connection: sqlite3.Connection,
    pause: Callable[[], None] = lambda: None,
    *,
    only_malformed: bool = False,
) -> Checked:
    """Check everything that *connection* sees, or only whether this program can read it. *pause* is
    called every few rows; an exception of it ends the check."""
    faults: list[str] = []
    malformed = (_sqlite, _schema, _foreign_keys, _rrsets, _values)
    for look in malformed if only_malformed else (*malformed, *_CONTRADICTIONS):
        try:
            if connection.in_transaction:  # an error may have ended it
                connection.execute("commit")
            # A transaction for each, so that the write-ahead log can be emptied in between.
            connection.execute("begin")
            for number, fault in enumerate(look(connection)):
                if fault and len(faults) < MAX_FAULTS:
                    faults.append(fault)
                if number % SLICE == 0:
                    pause()
        except (sqlite3.Error, ValueError, OverflowError, IndexError, TypeError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                pause()  # raises, if it was the one that interrupted
            subject = look.__name__.strip("_").replace("_", " ")
            faults.append(f"{subject}: {printable(str(error))[:200]}")
    counts = (_count(connection, table) for table in ("zone", "rrset", "journal"))
    return Checked(faults, *counts)


def _count(connection: sqlite3.Connection, table: str) -> int:
    try:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
    except sqlite3.DatabaseError:  # it is among the faults already
        return 0


# Each yields a fault, or "" for a row without, so that the caller gets to pause. Their names are
# what the faults are told under.


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    for fault in schema_faults(connection):
        yield f"schema: {fault}"


def _sqlite(connection: sqlite3.Connection) -> Iterator[str]:
    for (found,) in connection.execute("pragma integrity_check"):
        for line in "" if found == "ok" else found.splitlines():
            yield f"SQLite: {line}"


def _foreign_keys(connection: sqlite3.Connection) -> Iterator[str]:
    for table, _, parent, _ in connection.execute("pragma foreign_key_check"):
        yield f"table {table}: a row belongs to nothing in table {parent}"


def _gaps(connection: sqlite3.Connection) -> Iterator[str]:
    for position, former in connection.execute(_GAPS):
        yield f"journal: position {position} follows {former}"


def _serials(connection: sqlite3.Connection) -> Iterator[str]:
    furthest: dict[bytes, tuple[int, int]] = {}
    for origin, serial, told in connection.execute(_SERIALS):
        if records.is_later(told, furthest.get(origin, (serial, serial))[1]):
            furthest[origin] = (serial, told)
        yield ""
    for origin, (serial, told) in furthest.items():
        yield f"zone {_text(origin)}: its serial is {serial}, but the journal has {told}"


def _last_events(connection: sqlite3.Connection) -> Iterator[str]:
    for position, owner, number, after, ttl, rdatas in connection.execute(_LAST):
        there = None if ttl is None else (ttl % 2**32).to_bytes(4, "big") + rdatas
        what = f"{_rrset(owner, number)}: not what position {position} of the journal says"
        yield what if there != after else ""


def _rrsets(connection: sqlite3.Connection) -> Iterator[str]:
    for owner, number, ttl, packed in connection.execute(
        "select owner, type, ttl, rdatas from rrset"
    ):
        wrong = _malformed(owner, number, ttl, packed)
        yield f"{_rrset(owner, number)}: {wrong}" if wrong else ""


def _malformed(owner: bytes, number: int, ttl: int, packed: bytes) -> str:
    if not names.is_wire_form(owner):
        return "the name is malformed"
    if not 0 <= number < 2**16:
        return "there is no such type"
    if not 0 <= ttl <= records.MAX_TTL:
        return f"the TTL is {ttl}"
    return "" if rows.is_whole(packed) else "its records are cut short"


def _records(connection: sqlite3.Connection) -> Iterator[str]:
    for origin, owner, number, ttl, packed, of_host, is_host in connection.execute(_RECORDS):
        wrong = ""
        if _malformed(owner, number, ttl, packed):
            pass  # told already
        elif not names.is_subdomain(owner, origin):
            wrong = f"it is outside of zone {_text(origin)}"
        elif not all(records.is_rdata(number, rdata) for rdata in records.unpack_rdatas(packed)):
            wrong = "a record is malformed"
        elif bool(of_host) != bool(is_host):
            wrong = "it is not known whose it is"
        yield f"{_rrset(owner, number)}: {wrong}" if wrong else ""


def _copies(connection: sqlite3.Connection) -> Iterator[str]:
    """Copies of wildcards' RRsets."""
    none = "not exists (select 1 from rrset where (rrset.zone, rrset.owner, rrset.type) = {})"
    gone = none.format("(copy.zone, copy.owner, copy.type)")
    without = none.format("(copy.zone, copy.source, copy.type)")
    wrong = f"select owner, type, {gone} from wildcard_copy as copy where {gone} or {without}"
    for owner, number, is_gone in connection.execute(wrong):
        why = "it is not there" if is_gone else "its wildcard is not there"
        yield f"copy {_rrset(owner, number)}: {why}"


def _zones(connection: sqlite3.Connection) -> Iterator[str]:
    without = (
        "select origin from zone where not exists (select 1 from rrset where rrset.zone = zone.id"
        f" and rrset.owner = zone.origin and rrset.type = {records.SOA})"
    )
    for (origin,) in connection.execute(without):
        yield f"zone {_text(origin)}: it has no SOA record"
    both = "select host.name, zone.origin from host join zone on zone.id = host.zone"
    for name, origin in connection.execute(both):
        outside = name == origin or not names.is_subdomain(name, origin)
        yield f"host {_text(name)}: it is outside of its zone {_text(origin)}" if outside else ""


def _values(connection: sqlite3.Connection) -> Iterator[str]:
    """Columns whose values stand for something else, as far as this schema has them."""
    strange = f"select id, kind from key where kind not in ({_listed(KeyKind)})"
    for number, kind in connection.execute(strange):
        yield f"key {number}: its kind is {printable(kind[:64])}"
    for (number,) in connection.execute("select id from key where length(digest) <> 32"):
        yield f"key {number}: its digest is malformed"
    if has_column(connection, "zone", "addresses"):
        strange = "select origin, addresses from zone where addresses not in"
        for origin, addresses in connection.execute(f"{strange} ({_listed(Addresses)})"):
            yield f"zone {_text(origin)}: the addresses it allows are {printable(addresses[:64])}"
    if has_column(connection, "host", "dormant"):
        strange = "select name from host where dormant not between 0 and 3"
        for (name,) in connection.execute(strange):
            yield f"host {_text(name)}: what it may come back with is malformed"
    yield from malformed_values(connection)


_CONTRADICTIONS = (_gaps, _serials, _last_events, _records, _copies, _zones)


def _listed(kinds: type[StrEnum]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


def _text(name: bytes) -> str:
    return names.to_text(name) if names.is_wire_form(name) else f"name {name[:64].hex()}"


def _rrset(owner: bytes, number: int) -> str:
    kind = records.type_to_text(number) if 0 <= number < 2**16 else f"of type {number}"
    return f"{_text(owner)} {kind}"
