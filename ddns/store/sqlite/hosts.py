"""Changes of zones and hosts, and of the names that hosts had before.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.interfaces.ITransaction` for what they promise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from ipaddress import IPv6Network

from ddns.model import names, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import EventKind
from ddns.store.sqlite.host_rows import dormant_bits, prefixes_text
from ddns.store.sqlite.notices import forget_notices_of, watch_hosts
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork


def put_zone(unit: UnitOfWork, zone: ZoneInfo) -> None:
    unit.write_through()
    before = unit.zone(zone.origin)
    texts = " ".join(map(str, zone.secondaries)), " ".join(zone.update_from)
    policy = (zone.account, str(zone.addresses), str(zone.registration), *texts, zone.catalog)
    if before is None:
        zone = dataclasses.replace(zone, serial=_first_serial(unit, zone))
        unit.execute(
            "insert into zone"
            " (account, addresses, registration, secondaries, update_from, catalog, origin,"
            " serial, created)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*policy, zone.origin, zone.serial, zone.created),
        )
        unit.set_serial(zone.origin, zone.serial)
    else:
        given = unit.given_serial(zone.origin)
        serial = before.serial if given is None else given
        zone = dataclasses.replace(zone, serial=serial, created=before.created)
        unit.execute(
            "update zone set account = ?, addresses = ?, registration = ?, secondaries = ?,"
            " update_from = ?, catalog = ? where origin = ?",
            (*policy, zone.origin),
        )
    unit.forget_zones()
    subject = names.to_text(zone.origin)
    unit.journal(EventKind.ZONE, subject, before, zone, zone=zone.origin, serial=zone.serial)


def _first_serial(unit: UnitOfWork, zone: ZoneInfo) -> int:
    """Return the serial of a new zone, which comes after all that it had before it was removed."""
    row = unit.execute(
        "delete from removed_zone where origin = ? returning serial", (zone.origin,)
    ).fetchone()
    if row is None or records.is_later(zone.serial, row[0]):
        return zone.serial
    return records.serial_after(row[0])


def remove_zone(unit: UnitOfWork, origin: bytes) -> None:
    unit.write_through()
    zone = known(unit.zone(origin), f"zone {names.to_text(origin)}")
    given = unit.given_serial(origin)
    unit.execute(
        "insert into removed_zone (origin, serial) values (?, ?)",
        (origin, zone.serial if given is None else given),
    )
    unit.execute(
        "insert or replace into released (name, account, at) select name, account, ? from host"
        " where zone = (select id from zone where origin = ?)",
        (unit.author.at, origin),
    )
    unit.execute("delete from zone where origin = ?", (origin,))
    unit.forget_serial(origin)
    unit.journal(EventKind.ZONE, names.to_text(origin), zone, None, zone=origin)


# Hosts -------------------------------------------------------------------------------------------


def put_host(unit: UnitOfWork, host: Host) -> None:
    unit.write_through()
    before = unit.host(host.name)
    dormant = dormant_bits(host.dormant)
    interface_id = None if host.interface_id is None else host.interface_id.packed
    unit.execute(
        "insert into host (name, zone, account, ttl, created, dormant, expire_after, expires,"
        " interface_id, follows, follows_address, prefixes)"
        " values (?, (select id from zone where origin = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " on conflict (name) do update set account = excluded.account, ttl = excluded.ttl,"
        " dormant = excluded.dormant, expire_after = excluded.expire_after,"
        " expires = excluded.expires, interface_id = excluded.interface_id,"
        " follows = excluded.follows, follows_address = excluded.follows_address,"
        " prefixes = excluded.prefixes,"
        " warned = host.warned and host.expires is excluded.expires",
        (
            *(host.name, host.zone, host.account, host.ttl, host.created, dormant),
            *(host.expire_after, host.expires, interface_id, host.follows),
            *(host.follows_address, prefixes_text(host.prefixes)),
        ),
    )
    if before is None:
        unit.execute("delete from released where name = ?", (host.name,))
        owners = names.with_below(host.name)
        unit.execute(
            f"update rrset set of_host = 1 where owner in ({','.join('?' * len(owners))})"
            " and zone = (select id from zone where origin = ?)",
            (*owners, host.zone),
        )
        watch_hosts(unit, host.account, host.name, unit.author.at)
    elif before.account != host.account:  # these are the former account's affair
        for table in ("request", "relay"):
            unit.execute(f"delete from {table} where host = ?", (host.name,))
        forget_notices_of(unit, before.account, host.name)
        watch_hosts(unit, host.account, host.name, unit.author.at)
    unit.journal(EventKind.HOST, names.to_text(host.name), before, host, owner=host.name)


def put_host_prefixes(unit: UnitOfWork, name: bytes, prefixes: Sequence[IPv6Network]) -> None:
    unit.write_through()
    unit.execute("update host set prefixes = ? where name = ?", (prefixes_text(prefixes), name))


def remove_host(unit: UnitOfWork, name: bytes) -> None:
    host = known(unit.host(name), f"host {names.to_text(name)}")
    for owner in names.with_below(name):
        for rrset in unit.rrsets(host.zone, owner):
            unit.put_rrset(host.zone, rrset.with_rdatas(()))
    unit.write_through()
    unit.execute("delete from host where name = ?", (name,))
    unit.execute(
        "insert or replace into released (name, account, at) values (?, ?, ?)",
        (host.name, host.account, unit.author.at),
    )
    unit.journal(EventKind.HOST, names.to_text(name), host, None, owner=name)


def forget_released(unit: UnitOfWork, until: float) -> None:
    unit.write_through()
    unit.execute("delete from released where at <= ?", (until,))
