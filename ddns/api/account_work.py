"""The operations' work on accounts, keys and hosts: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

from ddns.api.errors import Conflict, Invalid, NotFound
from ddns.api.values import (
    Json,
    account_json,
    host_json,
    key_json,
    known_account,
    known_host,
    known_key,
    known_zone,
    requests_json,
    rrset_json,
)
from ddns.api.zone_work import record_set
from ddns.model import names, records
from ddns.model.account import Account, Block, Host, Key, KeyKind
from ddns.policy.authorize import hidden
from ddns.store.interfaces import IReading, ITransaction


def account_add(
    transaction: ITransaction, name: str, password: str | None, now: float, email: str | None
) -> Json:
    """A new account."""
    if transaction.account(name) is not None:
        raise Conflict(f"account {name} exists already")
    email_is_free(transaction, name, email)
    account = Account(name, password, now, email=email)
    transaction.put_account(account)
    return account_json(account)


def email_is_free(reading: IReading, name: str, email: str | None) -> None:
    """No other account than that of this name may have the address."""
    other = None if email is None else reading.account_with(email)
    if other is not None and other.name != name:
        raise Conflict(f"account {other.name} has the address {email}")


def account_show(reading: IReading, name: str) -> Json:
    """An account with its keys, hosts and zones; whether DonDNS may act for it; what clients asked
    in its name that is not at its hosts."""
    account = known_account(reading, name)
    dondns = dondns_key(reading, name)
    return {
        **account_json(account),
        "dondns": dondns is not None and dondns.enabled,
        "keys": [key_json(key) for key in reading.keys(name)],
        "hosts": [names.to_text(host.name) for host in reading.hosts(name)],
        "zones": [names.to_text(zone.origin) for zone in reading.zones() if zone.account == name],
        "requests": requests_json(reading.requests_of_account(name)),
    }


def account_remove(transaction: ITransaction, name: str) -> Json:
    """With its keys and hosts; zones have to go, or to somebody else, first."""
    account = known_account(transaction, name)
    owned = [names.to_text(zone.origin) for zone in transaction.zones() if zone.account == name]
    if owned:
        raise Conflict(f"account {name} owns zone {owned[0]}; remove the zone first")
    transaction.remove_account(name)
    return account_json(account)


def account_block(transaction: ITransaction, name: str, block: Block | None) -> Json:
    """Block an account, or lift its block."""
    account = dataclasses.replace(known_account(transaction, name), block=block)
    transaction.put_account(account)
    return account_json(account)


def key_list(reading: IReading, account: str | None) -> list[Json]:
    """Keys of an account that exists, or all."""
    if account is not None:
        known_account(reading, account)
    return [key_json(key) for key in reading.keys(account)]


def key_add(
    transaction: ITransaction,
    key: Key,
) -> Json:
    """A key; the hosts it is limited to are the account's or lie in a zone of the account's. Of
    DonDNS keys an account has one (DonDNS seed 2.1)."""
    account = key.account
    known_account(transaction, account)
    if key.kind is KeyKind.DONDNS and (there := dondns_key(transaction, account)) is not None:
        raise Conflict(
            f"account {account} has a DonDNS key already: regenerate or enable key {there.id}"
        )
    for host in sorted(key.hosts or ()):
        known = transaction.host(host)
        zone = transaction.zone_of(host)
        owner = known.account if known else zone.account if zone else None
        if owner != account:
            raise NotFound(f"account {account} has no host {names.to_text(host)}")
    return key_json(transaction.add_key(key))


def dondns_key(reading: IReading, account: str) -> Key | None:
    """The DonDNS key of an account, if it has one."""
    found = (key for key in reading.keys(account) if key.kind is KeyKind.DONDNS)
    return next(found, None)


def key_enable(transaction: ITransaction, number: int, enabled: bool) -> Json:
    """Let a key open what it is for, or nothing."""
    key = dataclasses.replace(known_key(transaction, number), enabled=enabled)
    transaction.change_key(key)
    return key_json(key)


def key_regenerate(
    transaction: ITransaction, number: int, digest: bytes, sealed: bytes | None
) -> Json:
    """Give a key another secret, and enable it."""
    key = dataclasses.replace(
        known_key(transaction, number), digest=digest, sealed=sealed, enabled=True
    )
    transaction.change_key(key)
    return key_json(key)


def key_revoke(transaction: ITransaction, number: int) -> Json:
    """Remove a key."""
    key = known_key(transaction, number)
    transaction.remove_key(number)
    return key_json(key)


def host_list(reading: IReading, account: str | None, zone: bytes | None) -> list[Json]:
    """Hosts of an account and zone that exist, or all."""
    if account is not None:
        known_account(reading, account)
    if zone is not None:
        known_zone(reading, zone)
    return [host_json(host) for host in reading.hosts(account, zone)]


def host_show(reading: IReading, name: bytes) -> Json:
    """A host, what stands at the names that belong to it, and what clients asked for it."""
    host = known_host(reading, name)
    found = []
    for owner in (name, *(label + name for label in names.BELOW_HOST)):
        found += [rrset_json(rrset) for rrset in reading.rrsets(host.zone, owner)]
    requests = requests_json(reading.requests_of_host(name))
    return {**host_json(host), "records": found, "requests": requests}


def host_add(
    transaction: ITransaction,
    name: bytes,
    account: str,
    ttl: int | None,
    given: Mapping[int, tuple[bytes, ...]],
    now: float,
) -> Json:
    """A host below a zone's origin, where there is nothing yet, with rdata by type."""
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
    if hidden(name, zone.origin, partial(transaction.rrsets, zone.origin)):
        raise Conflict(f"{names.to_text(name)} would be hidden by a delegation or DNAME above it")
    host = Host(name, zone.origin, account, records.HOST_TTL if ttl is None else ttl, now)
    transaction.put_host(host)
    for number, rdatas in given.items():
        record_set(transaction, name, number, rdatas, None)
    if hidden(name, zone.origin, partial(transaction.rrsets, zone.origin)):
        raise Invalid(f"{names.to_text(name)} would be a delegation, and no host of this zone")
    return host_json(host)


def host_remove(transaction: ITransaction, name: bytes) -> Json:
    """With its records."""
    host = known_host(transaction, name)
    transaction.remove_host(name)
    return host_json(host)
