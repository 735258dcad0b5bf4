"""The operations' work on zones and records: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddns.api.errors import Conflict, Invalid, NotFound
from ddns.api.values import Json, below, known_account, known_zone, rrset_json, zone_json
from ddns.model import names, records
from ddns.model.account import Addresses, ZoneInfo
from ddns.model.records import AAAA, CNAME, NS, SOA, A, RRset
from ddns.model.rows import BadRows, Row, unpack_rows
from ddns.store.interfaces import IReading, ITransaction

OPERATOR_TTL = 3600
"""Seconds; what records of the operator's get where no TTL is given."""

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


def zone_add(
    transaction: ITransaction,
    origin: bytes,
    servers: Sequence[tuple[bytes, str | None]],
    account: str | None,
    addresses: Addresses,
    now: float,
) -> Json:
    """SOA and NS, and addresses of name servers within the zone."""
    if transaction.zone(origin) is not None:
        raise Conflict(f"zone {names.to_text(origin)} exists already")
    if account is not None:
        known_account(transaction, account)
    _no_hosts_of_another_zone(transaction, origin)
    zone = ZoneInfo(origin, 1, account, now, addresses)
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
    return zone_json(zone)


def zone_set(transaction: ITransaction, origin: bytes, changed: Mapping[str, Any]) -> Json:
    """Change what is not records: ``account`` and ``addresses``."""
    zone = dataclasses.replace(known_zone(transaction, origin), **changed)
    if zone.account is not None:
        known_account(transaction, zone.account)
    transaction.put_zone(zone)
    return zone_json(known_zone(transaction, origin))


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


def zone_remove(transaction: ITransaction, origin: bytes) -> Json:
    """With everything in it."""
    zone = known_zone(transaction, origin)
    transaction.remove_zone(origin)
    return zone_json(zone)


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


def record_set(
    transaction: ITransaction, owner: bytes, number: int, rdatas: tuple[bytes, ...], ttl: int | None
) -> Json:
    """Replace an RRset. Without a TTL the old one stays; new ones get the host's, or an hour."""
    zone = transaction.zone_of(owner)
    if zone is None:
        raise NotFound(f"{names.to_text(owner)} is in no zone of this server")
    if not rdatas:
        raise Invalid("a record needs rdata")
    if not records.fits(records.pack_rdatas(rdatas)):
        raise Invalid("these are more records than a message can hold")
    if number == SOA and owner != zone.origin:
        raise Invalid("only a zone's origin has an SOA")
    if number in (SOA, CNAME, records.DNAME) and len(rdatas) > 1:
        raise Invalid(f"there can be only one {records.type_to_text(number)} record at a name")
    if number == CNAME and owner == zone.origin:
        raise Invalid("a zone's origin cannot be an alias")
    there = {rrset.type: rrset for rrset in transaction.rrsets(zone.origin, owner)}
    if len(rdatas) and CNAME in {number, *there} and {number, *there} - _BESIDE_CNAME - {CNAME}:
        raise Conflict(f"{names.to_text(owner)} cannot be an alias and have other records")
    if ttl is None:
        host = transaction.host(names.host_of(owner)) or transaction.host(owner)
        default = host.ttl if host else OPERATOR_TTL
        ttl = there[number].ttl if number in there else default
    rrset = RRset(owner, number, ttl, rdatas)
    transaction.put_rrset(zone.origin, rrset)
    return rrset_json(rrset)


_BESIDE_CNAME = frozenset({records.RRSIG, records.NSEC, 25})
"""What DNSSEC puts beside an alias (RFC 4035 2.5; 25 is KEY)."""


def record_delete(transaction: ITransaction, owner: bytes, number: int | None) -> Json:
    """Delete an RRset or all of a name; SOA and the last NS of an origin stay."""
    zone = transaction.zone_of(owner)
    if zone is None:
        raise NotFound(f"{names.to_text(owner)} is in no zone of this server")
    gone = []
    for rrset in transaction.rrsets(zone.origin, owner):
        if number not in (None, rrset.type):
            continue
        if owner == zone.origin and rrset.type in (SOA, NS):
            if number is None:
                continue
            raise Invalid("a zone needs its SOA and NS records")
        transaction.put_rrset(zone.origin, RRset(owner, rrset.type, rrset.ttl, ()))
        gone.append(rrset_json(rrset))
    if not gone:
        raise NotFound(f"{names.to_text(owner)} has no such records")
    return {"deleted": gone}
