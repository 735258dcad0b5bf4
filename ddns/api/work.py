"""The operations' work on the store: synchronous functions of a transaction, and how values that
people wrote become the model's."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from ddns.api.errors import Conflict, Invalid, NotFound
from ddns.model import account as accounts
from ddns.model import names, records
from ddns.model.account import Account, Host, Key, KeyKind, ZoneInfo
from ddns.model.records import AAAA, CNAME, NS, SOA, A, RRset
from ddns.model.rows import Row
from ddns.store.interfaces import IReading, ITransaction

Json = dict[str, Any]

OPERATOR_TTL = 3600
"""Seconds; what records of the operator's get where no TTL is given."""

SOA_TTL = 10
SOA_TIMES = (3600, 600, 1209600, 10)
"""Refresh, retry, expire and negative TTL in seconds; the last two decide how long a resolver
believes that a new host does not exist, so they match the hosts' TTL of 10."""

# Values that people wrote --------------------------------------------------------------------


def name(text: str) -> bytes:
    """An owner name of any kind."""
    try:
        return names.from_text(text)
    except names.BadName as error:
        raise Invalid(str(error)) from error


def host_name(text: str) -> bytes:
    """A host's name."""
    try:
        return names.host_from_text(text)
    except names.BadName as error:
        raise Invalid(str(error)) from error


def account_name(text: str) -> str:
    """An account's name."""
    try:
        return accounts.account_name(text)
    except accounts.BadAccountName as error:
        raise Invalid(str(error)) from error


def ttl(value: int | None) -> int | None:
    """A TTL in seconds (RFC 2181 8)."""
    if value is not None and not 0 <= value <= records.MAX_TTL:
        raise Invalid(f"a TTL is 0 to {records.MAX_TTL} seconds")
    return value


def record_type(text: str) -> int:
    """A type that a zone can hold."""
    try:
        return records.type_from_text(text)
    except records.BadRecord as error:
        raise Invalid(str(error)) from error


def rdatas(number: int, texts: Iterable[str]) -> tuple[bytes, ...]:
    """Rdata in presentation form, without duplicates."""
    try:
        return tuple(dict.fromkeys(records.rdata_from_text(number, text) for text in texts))
    except records.BadRecord as error:
        raise Invalid(str(error)) from error


def servers(given: Iterable[Json]) -> list[tuple[bytes, str | None]]:
    """Name servers: owner name, and the address to add for it."""
    found = []
    for server in given:
        address = server.get("address")
        if address is not None and records.address_from_text(address) is None:
            raise Invalid(f"{address!r} is not an address")
        found.append((host_name(server["name"]), address))
    return found


# What people are shown -----------------------------------------------------------------------


def zone_json(zone: ZoneInfo) -> Json:
    """A zone for people."""
    return {
        "origin": names.to_text(zone.origin),
        "serial": zone.serial,
        "account": zone.account,
    }


def account_json(account: Account) -> Json:
    """An account for people."""
    return {"name": account.name, "password": account.password is not None}


def key_json(key: Key) -> Json:
    """A key for people, without its secret, which nobody has."""
    return {
        "id": key.id,
        "account": key.account,
        "kind": str(key.kind),
        "hosts": None if key.hosts is None else sorted(map(names.to_text, key.hosts)),
    }


def host_json(host: Host) -> Json:
    """A host for people."""
    return {
        "name": names.to_text(host.name),
        "zone": names.to_text(host.zone),
        "account": host.account,
        "ttl": host.ttl,
    }


def rrset_json(rrset: RRset) -> Json:
    """An RRset for people."""
    return {
        "owner": names.to_text(rrset.owner),
        "type": records.type_to_text(rrset.type),
        "ttl": rrset.ttl,
        "rdatas": [records.rdata_to_text(rrset.type, rdata) for rdata in rrset.rdatas],
    }


# Zones ---------------------------------------------------------------------------------------


def known_zone(reading: IReading, origin: bytes) -> ZoneInfo:
    """The zone, which must exist."""
    zone = reading.zone(origin)
    if zone is None:
        raise NotFound(f"there is no zone {names.to_text(origin)}")
    return zone


def soa_row(reading: IReading, origin: bytes) -> Row:
    """The SOA of a zone, which must exist, with the zone's serial in it."""
    zone = known_zone(reading, origin)
    soa = reading.rrset(origin, origin, SOA)
    assert soa is not None, "every zone is committed together with its SOA"
    rdata = records.soa_with_serial(soa.rdatas[0], zone.serial)
    return origin, SOA, soa.ttl, records.pack_rdatas([rdata])


def known_account(reading: IReading, account: str) -> Account:
    """The account, which must exist."""
    found = reading.account(account)
    if found is None:
        raise NotFound(f"there is no account {account}")
    return found


def zone_add(
    transaction: ITransaction,
    origin: bytes,
    servers: Sequence[tuple[bytes, str | None]],
    account: str | None,
    now: float,
) -> Json:
    """SOA and NS, and addresses of name servers within the zone."""
    if transaction.zone(origin) is not None:
        raise Conflict(f"zone {names.to_text(origin)} exists already")
    if account is not None:
        known_account(transaction, account)
    _no_hosts_of_another_zone(transaction, origin)
    zone = ZoneInfo(origin, 1, account, now)
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


def below(prefix: bytes, name: bytes) -> bytes:
    """A name below another one, where it is not too long."""
    try:
        return names.below(prefix, name)
    except names.BadName as error:
        raise Invalid(str(error)) from error


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
    rows: Sequence[Row],
    stage: str,
    last: bool,
    serial: int,
    replace_hosts: bool,
    now: float,
) -> Json:
    """Stage rows; with the last ones make them the zone."""
    for owner, number, _, packed in rows:
        if not names.is_subdomain(owner, origin):
            raise Invalid(f"{names.to_text(owner)} is not in {names.to_text(origin)}")
        if number == SOA and (owner != origin or len(packed) < 24):
            raise Invalid("the SOA is not the zone's")
    transaction.stage(stage, rows)
    if not last:
        return {"staged": len(rows)}
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


# Accounts and keys ---------------------------------------------------------------------------


def account_add(transaction: ITransaction, name: str, password: str | None, now: float) -> Json:
    """A new account."""
    if transaction.account(name) is not None:
        raise Conflict(f"account {name} exists already")
    account = Account(name, password, now)
    transaction.put_account(account)
    return account_json(account)


def account_remove(transaction: ITransaction, name: str) -> Json:
    """With its keys and hosts; zones have to go, or to somebody else, first."""
    account = known_account(transaction, name)
    owned = [names.to_text(zone.origin) for zone in transaction.zones() if zone.account == name]
    if owned:
        raise Conflict(f"account {name} owns zone {owned[0]}; remove the zone first")
    transaction.remove_account(name)
    return account_json(account)


def key_list(reading: IReading, account: str | None) -> list[Json]:
    """Keys of an account that exists, or all."""
    if account is not None:
        known_account(reading, account)
    return [key_json(key) for key in reading.keys(account)]


def key_add(
    transaction: ITransaction,
    account: str,
    digest: bytes,
    hosts: frozenset[bytes] | None,
    now: float,
) -> Json:
    """A key; the hosts it is limited to are the account's or lie in a zone of the account's."""
    known_account(transaction, account)
    for host in sorted(hosts or ()):
        known = transaction.host(host)
        zone = transaction.zone_of(host)
        owner = known.account if known else zone.account if zone else None
        if owner != account:
            raise NotFound(f"account {account} has no host {names.to_text(host)}")
    return key_json(transaction.add_key(Key(0, account, KeyKind.UPDATE, digest, hosts, now)))


def key_revoke(transaction: ITransaction, number: int) -> Json:
    """Remove a key."""
    key = transaction.key(number)
    if key is None:
        raise NotFound(f"there is no key {number}")
    transaction.remove_key(number)
    return key_json(key)


# Hosts and records ---------------------------------------------------------------------------


def known_host(reading: IReading, name: bytes) -> Host:
    """The host, which must exist."""
    host = reading.host(name)
    if host is None:
        raise NotFound(f"there is no host {names.to_text(name)}")
    return host


def host_list(reading: IReading, account: str | None, zone: bytes | None) -> list[Json]:
    """Hosts of an account and zone that exist, or all."""
    if account is not None:
        known_account(reading, account)
    if zone is not None:
        known_zone(reading, zone)
    return [host_json(host) for host in reading.hosts(account, zone)]


def host_show(reading: IReading, name: bytes) -> Json:
    """A host and what stands at the names that belong to it."""
    host = known_host(reading, name)
    found = []
    for owner in (name, *(label + name for label in names.BELOW_HOST)):
        found += [rrset_json(rrset) for rrset in reading.rrsets(host.zone, owner)]
    return {**host_json(host), "records": found}


def host_add(
    transaction: ITransaction, name: bytes, account: str, ttl: int | None, now: float
) -> Json:
    """A host below a zone's origin, where there is nothing yet."""
    if transaction.host(name) is not None:
        raise Conflict(f"host {names.to_text(name)} exists already")
    known_account(transaction, account)
    zone = transaction.zone_of(name)
    if zone is None:
        raise NotFound(f"{names.to_text(name)} is in no zone of this server")
    if name == zone.origin:
        raise Invalid(f"{names.to_text(name)} is a zone; a host has a name below one")
    if transaction.rrsets(zone.origin, name):
        raise Conflict(f"{names.to_text(name)} has records already; delete them first")
    host = Host(name, zone.origin, account, records.HOST_TTL if ttl is None else ttl, now)
    transaction.put_host(host)
    return host_json(host)


def host_remove(transaction: ITransaction, name: bytes) -> Json:
    """With its records."""
    host = known_host(transaction, name)
    transaction.remove_host(name)
    return host_json(host)


def record_set(
    transaction: ITransaction, owner: bytes, number: int, rdatas: tuple[bytes, ...], ttl: int | None
) -> Json:
    """Replace an RRset. Without a TTL the old one stays; new ones get the host's, or an hour."""
    zone = transaction.zone_of(owner)
    if zone is None:
        raise NotFound(f"{names.to_text(owner)} is in no zone of this server")
    if not rdatas:
        raise Invalid("a record needs rdata")
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
