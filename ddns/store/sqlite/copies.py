"""Copies of a wildcard's RRsets.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.copies.ICopying` for what they promise.
"""

from __future__ import annotations

from collections.abc import Collection

from ddns.model.copies import Copy
from ddns.store.sqlite.unit_of_work import UnitOfWork


def has_copies_at(unit: UnitOfWork, zone: bytes, owner: bytes) -> bool:
    return bool(unit.copied_types(zone, owner))


def replaced(unit: UnitOfWork) -> Collection[bytes]:
    return unit.zones_replaced


def put_copy(unit: UnitOfWork, copy: Copy) -> None:
    rrset = copy.rrset
    unit.store_rrset(copy.zone, rrset)
    unit.forget_copy(copy.zone, rrset.owner, rrset.type)
    if rrset.rdatas:
        unit.execute(
            "insert into wildcard_copy (zone, owner, type, source)"
            " values ((select id from zone where origin = ?), ?, ?, ?)",
            (copy.zone, rrset.owner, rrset.type, copy.source),
        )
        unit.batch.has_copies = True


def remove_copies(unit: UnitOfWork, zone: bytes) -> None:
    """Remove all copies of a zone."""
    if unit.batch.has_copies:
        unit.write_through()
        for copy in unit.copies_below(zone, zone):
            put_copy(unit, copy._replace(rrset=copy.rrset.with_rdatas(())))
