"""The operations' work on zones: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddns.api import access
from ddns.api.caller import OPERATOR, Caller
from ddns.api.errors import Conflict, Forbidden, Invalid
from ddns.api.parsing import below, known_account, known_zone
from ddns.api.record_work import OPERATOR_TTL
from ddns.api.serializers import Json, zone_json
from ddns.model import names, records
from ddns.model.account import Addresses, Registration, ZoneInfo
from ddns.model.records import AAAA, NS, SOA, A, RRset
from ddns.model.rows import BadRows, Row, unpack_rows
from ddns.policy.registration import Rules
from ddns.store.interfaces import IReading, ITransaction

SOA_TTL = 10
SOA_TIMES = (3600, 600, 1209600, 10)
"""Refresh, retry, expire and negative TTL in seconds; the last two decide how long a resolver
believes that a new host does not exist, so they match the hosts' TTL of 10."""


def soa_row(reading: IReading, origin: bytes) -> Row:
    """The SOA of a zone, which must exist, with the zone's serial in it."""
    zone = known_zone(reading, origin)
    soa = reading.rrset(origin, origin, SOA)
    assert soa is not None, "every zone is committed together with its SOA"
    rdata = records.soa_with_serial(soa.rdatas[0], zone.serial)
    return origin, SOA, soa.ttl, records.pack_rdatas([rdata])


def zone_list(reading: IReading, caller: Caller) -> list[Json]:
    """All zones; for a person their own and those that they may have hosts in."""
    return [
        zone_json(zone, caller)
        for zone in reading.zones()
        if access.registers(reading, caller, zone)
    ]


def zone_add(
    transaction: ITransaction,
    origin: bytes,
    servers: Sequence[tuple[bytes, str | None]],
    account: str | None,
    addresses: Addresses | None,
    registration: Registration,
    now: float,
) -> Json:
    """SOA and NS, and addresses of name servers within the zone."""
    if transaction.zone(origin) is not None:
        raise Conflict(f"zone {names.to_text(origin)} exists already")
    if account is not None:
        known_account(transaction, account)
    _no_hosts_of_another_zone(transaction, origin)
    if addresses is None:
        addresses = _addresses_of(registration)
    zone = ZoneInfo(origin, 1, account, now, addresses, registration)
    transaction.put_zone(zone)
    targets = list(dict.fromkeys(server for server, _ in servers)) or [below(b"\x03ns1", origin)]
    soa = targets[0] + below(b"\x0ahostmaster", origin) + struct.pack("!5I", 0, *SOA_TIMES)
    transaction.put_rrset(origin, RRset(origin, SOA, SOA_TTL, (soa,)))
    transaction.put_rrset(origin, RRset(origin, NS, OPERATOR_TTL, tuple(targets)))
    for target in targets:
        given = [
            records.address_from_text(text) for server, text in servers if text and server == target
        ]
        for number, octets in ((A, 4), (AAAA, 16)):
            found = tuple(address for address in given if address and len(address) == octets)
            if not found:
                continue
            if not names.is_subdomain(target, origin):
                raise Invalid(
                    f"{names.to_text(target)} is not in {names.to_text(origin)}: its address"
                    " belongs into its own zone"
                )
            transaction.put_rrset(origin, RRset(target, number, OPERATOR_TTL, found))
    return zone_json(zone, OPERATOR)


def _addresses_of(registration: Registration) -> Addresses:
    """The policy of a zone for which nobody has said one: where strangers have names, these must
    not lead into anybody's own network."""
    return Addresses.ANY if registration is Registration.CLOSED else Addresses.PUBLIC


def zone_set(
    transaction: ITransaction, caller: Caller, origin: bytes, changed: Mapping[str, Any]
) -> Json:
    """Change what is not records: ``account``, ``addresses`` and ``registration``."""
    before = access.own_zone(transaction, caller, origin)
    if "account" in changed and not caller.operator:
        raise Forbidden("only the operator may give a zone to another account")
    zone = dataclasses.replace(before, **changed)
    if before.registration is Registration.CLOSED is not zone.registration:
        addresses = changed.get("addresses", _addresses_of(zone.registration))
        zone = dataclasses.replace(zone, addresses=addresses)
    if zone.account is not None:
        known_account(transaction, zone.account)
    transaction.put_zone(zone)
    return zone_json(known_zone(transaction, origin), caller)


def _no_hosts_of_another_zone(transaction: ITransaction, origin: bytes) -> None:
    """A zone that is cut out of another one would hide the hosts which that one has there."""
    parent = transaction.zone_of(origin)
    if parent is None:
        return
    for host in transaction.hosts(zone=parent.origin):
        if names.is_subdomain(host.name, origin):
            raise Conflict(
                f"host {names.to_text(host.name)} of zone {names.to_text(parent.origin)} is there;"
                " remove it first"
            )


def zone_remove(transaction: ITransaction, rules: Rules, origin: bytes, now: float) -> Json:
    """With everything in it. The names of its hosts are kept for those who had them, in case the
    zone comes back."""
    zone = known_zone(transaction, origin)
    transaction.remove_zone(origin)
    transaction.forget_released(now - rules.quarantine)
    return zone_json(zone, OPERATOR)


def zone_import(
    transaction: ITransaction,
    origin: bytes,
    rows: bytes,
    stage: str,
    last: bool,
    serial: int,
    replace_hosts: bool,
    now: float,
) -> Json:
    """Stage rows; with the last ones make them the zone."""
    if not 0 <= serial < 2**32:
        raise Invalid(f"a serial is 0 to {2**32 - 1}")
    try:
        transaction.stage(stage, _rows_of(origin, rows))
    except BadRows as error:
        raise Invalid(str(error)) from error
    if not last:
        return {"octets": len(rows)}
    if transaction.zone(origin) is None:
        _no_hosts_of_another_zone(transaction, origin)
        transaction.put_zone(ZoneInfo(origin, serial, None, now))
    result = transaction.take_staged(stage, origin, serial, replace_hosts)
    if transaction.rrset(origin, origin, SOA) is None:
        raise Invalid(f"zone {names.to_text(origin)} has no SOA")
    return {
        "origin": names.to_text(origin),
        "written": result.written,
        "removed": result.removed,
        "skipped": result.skipped,
    }


def _rows_of(origin: bytes, packed: bytes) -> Iterator[Row]:
    """Rows of a zone. Made one by one while the database takes them, so that the interpreter is
    never held for as long as a whole chunk takes."""
    for row in unpack_rows(packed):
        owner, number, _, rdatas = row
        if not names.is_subdomain(owner, origin):
            raise BadRows(f"{names.to_text(owner)} is not in {names.to_text(origin)}")
        if len(rdatas) > 4000 and not records.fits(rdatas):
            raise BadRows(
                f"{names.to_text(owner)} has more {records.type_to_text(number)} records than a"
                " message can hold"
            )
        if number == SOA and (owner != origin or len(rdatas) < 24):
            raise BadRows("the SOA is not the zone's")
        yield row
