"""Import a zone: stage its rows in a temporary table, then replace what there was at once."""

from __future__ import annotations

from collections.abc import Iterable

from ddns.model import names, records
from ddns.model.journal import EventKind
from ddns.model.records import RRset, unpack_rdatas
from ddns.model.rows import Row
from ddns.store.results import StagedResult
from ddns.store.sqlite.copies import remove_copies
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork

RELOAD_ABOVE = 2000
"""RRsets above which an import is journalled as one RELOAD: readers are quicker to take the zone
whole, and the journal's bound would drop the rows anyway."""

_STAGE_TABLE = (
    "create temp table if not exists staged (stage text, owner blob, type integer, ttl integer,"
    " rdatas blob, primary key (stage, owner, type)) without rowid"
)
_OF_HOST = " or ".join(
    [
        "exists (select 1 from host where zone = :zone and name = {0}.owner)",
        *(
            f"(substr({{0}}.owner, 1, {len(label)}) = x'{label.hex()}' and exists (select 1"
            f" from host where zone = :zone and name = substr({{0}}.owner, {len(label) + 1})))"
            for label in names.BELOW_HOST
        ),
    ]
)
"""SQL condition: an owner name is that of a host of the zone, or below it by a label of
:data:`names.BELOW_HOST`. A host of a child zone does not count: its name may be glue here."""


def stage(unit: UnitOfWork, stage: str, rows: Iterable[Row]) -> None:
    """See :meth:`ddns.store.interfaces.ITransaction.stage`."""
    unit.write_through()
    unit.execute(_STAGE_TABLE)
    unit.connection.executemany(
        "insert into staged (stage, owner, type, ttl, rdatas) values (?, ?, ?, ?, ?)",
        (
            (stage, owner, number, ttl, packed[:-20] + bytes(4) + packed[-16:])  # serial 0
            if number == records.SOA
            else (stage, owner, number, ttl, packed)
            for owner, number, ttl, packed in rows
        ),
    )


def drop_staged(unit: UnitOfWork, stage: str) -> None:
    """See :meth:`ddns.store.interfaces.ITransaction.drop_staged`."""
    unit.write_through()
    unit.execute(_STAGE_TABLE)
    unit.execute("delete from staged where stage = ?", (stage,))


def take_staged(
    unit: UnitOfWork,
    stage: str,
    zone: bytes,
    serial: int | None = None,
    replace_hosts: bool = False,
) -> StagedResult:
    """See :meth:`ddns.store.interfaces.ITransaction.take_staged`."""
    unit.write_through()
    execute = unit.execute
    execute(_STAGE_TABLE)
    remove_copies(unit, zone)
    unit.write_through()
    unit.zones_replaced.add(zone)
    info = known(unit.zone(zone), f"zone {names.to_text(zone)}")
    (number,) = execute("select id from zone where origin = ?", (zone,)).fetchone()
    ours = {"stage": stage, "zone": number}
    skipped = 0
    if not replace_hosts:
        skipped = execute(
            f"delete from staged where stage = :stage and ({_OF_HOST.format('staged')})", ours
        ).rowcount
    gone = (
        f"from rrset where zone = :zone {'' if replace_hosts else 'and of_host = 0'}"
        " and not exists (select 1 from staged where staged.stage = :stage"
        " and staged.owner = rrset.owner and staged.type = rrset.type)"
    )
    new = (
        "from staged left join rrset as old on old.zone = :zone and old.owner = staged.owner"
        " and old.type = staged.type where staged.stage = :stage and (old.owner is null"
        " or old.ttl <> staged.ttl or old.rdatas <> staged.rdatas)"
    )
    removed = execute(f"select count(*) {gone}", ours).fetchone()[0]
    written = execute(f"select count(*) {new}", ours).fetchone()[0]
    changed = removed + written
    if changed or (serial is not None and records.is_later(serial, info.serial)):
        reached = unit.next_serial(zone)
        if serial is not None and records.is_later(serial, reached):
            unit.set_serial(zone, serial)
            reached = serial
        if 0 < changed <= RELOAD_ABOVE:
            _journal_rrsets(unit, zone, reached, ours, gone, new)
        else:
            unit.journal(
                EventKind.RELOAD, names.to_text(zone), None, None, zone=zone, serial=reached
            )
        execute(f"delete {gone}", ours)
        execute(
            "insert into rrset (zone, owner, type, ttl, rdatas, of_host)"
            f" select :zone, owner, type, ttl, rdatas, {_OF_HOST.format('staged')}"
            " from staged where stage = :stage on conflict (zone, owner, type) do update set"
            " ttl = excluded.ttl, rdatas = excluded.rdatas, of_host = excluded.of_host",
            ours,
        )
    kept = (
        ""
        if replace_hosts
        else (
            " and not exists (select 1 from rrset where rrset.zone = :zone"
            " and rrset.owner = lease.owner and rrset.type = lease.type and of_host = 1)"
        )
    )
    execute(f"delete from lease where zone = :zone{kept}", ours)
    drop_staged(unit, stage)
    return StagedResult(written, removed, skipped)


def _journal_rrsets(
    unit: UnitOfWork, zone: bytes, serial: int, ours: dict[str, object], gone: str, new: str
) -> None:
    """Journal each RRset that is about to be removed (SQL *gone*) or written (*new*)."""
    for owner, kind, ttl, rdatas in unit.execute(
        f"select owner, type, ttl, rdatas {gone}", ours
    ).fetchall():
        unit.journal_rrset(zone, serial, RRset(owner, kind, ttl, unpack_rdatas(rdatas)), None)
    for owner, kind, ttl, rdatas in unit.execute(
        f"select staged.owner, staged.type, staged.ttl, staged.rdatas {new}", ours
    ).fetchall():
        before = unit.rrset(zone, owner, kind)
        unit.journal_rrset(zone, serial, before, RRset(owner, kind, ttl, unpack_rdatas(rdatas)))
