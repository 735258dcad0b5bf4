"""Leases of records and expiry of hosts.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.expiring.IExpiring` for what they promise.
"""

from __future__ import annotations

from collections.abc import Mapping

from ddns.model.account import Host
from ddns.model.leases import DAY, LeasedRecord, Term
from ddns.store.sqlite.host_rows import HOST, make_host
from ddns.store.sqlite.unit_of_work import UnitOfWork

_OF_RRSET = "zone = (select id from zone where origin = ?) and owner = ? and type = ?"


def leases(unit: UnitOfWork, zone: bytes, owner: bytes, number: int) -> dict[bytes, Term]:
    if not unit.batch.has_leases:
        return {}
    of = f"select rdata, until, seconds from lease where {_OF_RRSET}"
    rows = unit.execute(of, (zone, owner, number)).fetchall()
    return {rdata: Term(until, seconds) for rdata, until, seconds in rows}


def put_leases(
    unit: UnitOfWork, zone: bytes, owner: bytes, number: int, leases: Mapping[bytes, Term]
) -> None:
    unit.write_through()
    unit.execute(f"delete from lease where {_OF_RRSET}", (zone, owner, number))
    unit.connection.executemany(
        "insert into lease (zone, owner, type, rdata, until, seconds)"
        " values ((select id from zone where origin = ?), ?, ?, ?, ?, ?)",
        [(zone, owner, number, rdata, *term) for rdata, term in leases.items()],
    )
    unit.batch.has_leases = True


def expired_leases(unit: UnitOfWork, now: float, most: int) -> list[LeasedRecord]:
    rows = unit.execute(
        "select zone.origin, lease.owner, lease.type, lease.rdata from lease"
        " join zone on zone.id = lease.zone where lease.until <= ? order by lease.until limit ?",
        (now, most),
    )
    return [LeasedRecord(*row) for row in rows.fetchall()]


def put_host_expiry(unit: UnitOfWork, name: bytes, expires: float | None) -> None:
    unit.write_through()
    unit.execute("update host set expires = ?, warned = 0 where name = ?", (expires, name))


def expired_hosts(unit: UnitOfWork, now: float, most: int) -> list[Host]:
    of = f"{HOST} where host.expires <= ? order by host.expires limit ?"
    return [make_host(*row) for row in unit.execute(of, (now, most)).fetchall()]


def hosts_to_warn(unit: UnitOfWork, now: float, before: float, most: int) -> list[Host]:
    of = (
        f"{HOST} where host.expires <= ?1 + ?2 and host.expires <= ?1 + host.expire_after * ?3 / 2"
        " and host.expires is not null and host.warned = 0 order by host.expires limit ?4"
    )
    return [make_host(*row) for row in unit.execute(of, (now, before, DAY, most)).fetchall()]


def note_warned(unit: UnitOfWork, name: bytes) -> None:
    unit.write_through()
    unit.execute("update host set warned = 1 where name = ?", (name,))


def limit_expiries(unit: UnitOfWork, now: float) -> None:
    unit.write_through()
    unit.execute("update lease set until = ?1 + seconds where until > ?1 + seconds", (now,))
    unit.execute(
        "update host set expires = ?1 + ?2 * expire_after where expires > ?1 + ?2 * expire_after",
        (now, DAY),
    )
    unit.execute("update relay set next = ?1 where next > ?1 + ?2", (now, DAY))
    unit.execute("update acme_dns set created = ?1 where created > ?1", (now,))
    unit.execute("update acme_dns set used = ?1 where used > ?1", (now,))


def shift_expiries(unit: UnitOfWork, since: float, until: float, by: float) -> None:
    unit.write_through()
    unit.execute(
        "update lease set until = until + ?3 where until - seconds between ?1 and ?2",
        (since, until, by),
    )
    unit.execute(
        "update host set expires = expires + ?3 where expires - ?4 * expire_after between ?1"
        " and ?2",
        (since, until, by, DAY),
    )
    unit.execute(
        "update relay set next = next + ?3 where tried between ?1 and ?2", (since, until, by)
    )
    for column in ("created", "used"):
        unit.execute(
            f"update acme_dns set {column} = {column} + ?3 where {column} between ?1 and ?2",
            (since, until, by),
        )
