"""The operations' work on accounts and keys: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses

from ddns.api import access
from ddns.api.caller import Caller
from ddns.api.errors import Conflict, Exceeded, NotFound
from ddns.api.host_work import host_limit
from ddns.api.parsing import known_account
from ddns.api.serializers import Json, account_json, key_json, request_json
from ddns.model import names
from ddns.model.account import Account, Block, Key, KeyKind
from ddns.policy.registration import Rules
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
    other = None if email is None else reading.account_by_email(email)
    if other is not None and other.name != name:
        raise Conflict(f"account {other.name} has the address {email}")


def account_set(transaction: ITransaction, rules: Rules, name: str, hosts: int | None) -> Json:
    """How many hosts an account may have; None is as many as any other."""
    account = dataclasses.replace(known_account(transaction, name), host_limit=hosts)
    transaction.put_account(account)
    return {**account_json(account), "host_limit": host_limit(rules, account)}


def account_show(reading: IReading, caller: Caller, rules: Rules, name: str) -> Json:
    """An account with its keys, hosts and zones; whether DonDNS may act for it; what clients asked
    in its name that is not at its hosts."""
    account = access.own_account(reading, caller, name)
    dondns = dondns_key(reading, name)
    return {
        **account_json(account),
        "host_limit": host_limit(rules, account),
        "dondns": dondns is not None and dondns.enabled,
        "keys": [key_json(key) for key in reading.keys(name)],
        "hosts": [names.to_text(host.name) for host in reading.hosts(name)],
        "zones": [names.to_text(zone.origin) for zone in reading.zones() if zone.account == name],
        "requests": [request_json(*one) for one in reading.requests_of_account(name)],
    }


def account_remove(
    transaction: ITransaction, caller: Caller, rules: Rules, name: str, now: float
) -> Json:
    """With its keys and hosts; zones have to go, or to somebody else, first."""
    account = access.own_account(transaction, caller, name)
    owned = [names.to_text(zone.origin) for zone in transaction.zones() if zone.account == name]
    if owned:
        raise Conflict(f"account {name} owns zone {owned[0]}; remove the zone first")
    transaction.remove_account(name)
    transaction.forget_released(now - rules.quarantine)
    return account_json(account)


def account_block(transaction: ITransaction, name: str, block: Block | None) -> Json:
    """Block an account, or lift its block."""
    account = dataclasses.replace(known_account(transaction, name), block=block)
    transaction.put_account(account)
    return account_json(account)


def key_list(reading: IReading, caller: Caller, account: str | None) -> list[Json]:
    """Keys of an account that exists, or all that are the caller's."""
    whose = access.scope(reading, caller, account)
    return [key_json(key) for key in reading.keys(whose)]


def key_add(transaction: ITransaction, caller: Caller, rules: Rules, key: Key) -> Json:
    """A key; the hosts it is limited to are the account's or lie in a zone of the account's. Of
    DonDNS keys an account has one (DonDNS seed 2.1)."""
    account = key.account
    access.own_account(transaction, caller, account)
    most = rules.keys_per_account
    if not caller.operator and len(transaction.keys(account)) >= most:
        raise Exceeded(f"account {account} may have {most} keys and has them")
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


def key_enable(transaction: ITransaction, caller: Caller, number: int, enabled: bool) -> Json:
    """Let a key open what it is for, or nothing."""
    key = dataclasses.replace(access.own_key(transaction, caller, number), enabled=enabled)
    transaction.change_key(key)
    return key_json(key)


def key_regenerate(
    transaction: ITransaction, caller: Caller, number: int, digest: bytes, sealed: bytes | None
) -> Json:
    """Give a key another secret, and enable it."""
    key = access.own_key(transaction, caller, number)
    key = dataclasses.replace(key, digest=digest, sealed=sealed, enabled=True)
    transaction.change_key(key)
    return key_json(key)


def key_revoke(transaction: ITransaction, caller: Caller, number: int) -> Json:
    """Remove a key."""
    key = access.own_key(transaction, caller, number)
    transaction.remove_key(number)
    return key_json(key)
