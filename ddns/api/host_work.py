"""The operations' work on hosts: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

from ddns.api import access
from ddns.api.caller import Caller
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.parsing import known_account, known_zone
from ddns.api.record_work import checked_ttl, record_set
from ddns.api.serializers import Json, event_json, host_json, request_json, rrset_json
from ddns.model import names, records
from ddns.model.account import Account, Host, ZoneInfo
from ddns.model.records import CNAME, RRset
from ddns.policy.authorize import is_occluded
from ddns.policy.registration import (
    GIVEN_UP,
    Rules,
    in_quarantine,
    is_reserved_name,
    is_well_shaped,
)
from ddns.store.interfaces import IReading, ITransaction


def host_list(
    reading: IReading, caller: Caller, account: str | None, zone: bytes | None
) -> list[Json]:
    """Hosts of an account, in a zone, or all; a person's own, and all in a zone of theirs."""
    if zone is not None:
        info = reading.zone(zone)
        if caller.operator:
            known_zone(reading, zone)
        elif info is not None and caller.owns(info.account) and account is None:
            return [host_json(host) for host in reading.hosts(None, zone)]
    whose = access.scope(reading, caller, account)
    return [host_json(host) for host in reading.hosts(whose, zone)]


def host_show(reading: IReading, caller: Caller, name: bytes) -> Json:
    """A host, what stands at the names that belong to it, and, for whom the host is, what clients
    asked for it."""
    host = access.visible_host(reading, caller, name)
    found = [
        rrset for owner in names.with_below(name) for rrset in reading.rrsets(host.zone, owner)
    ]
    mine = caller.owns(host.account)
    return {
        **host_json(host),
        "wildcard": any(_is_wildcard(rrset, name) for rrset in found),
        "records": [rrset_json(rrset) for rrset in found],
        "requests": [request_json(*one) for one in reading.requests_of_host(name) if mine],
    }


def host_history(reading: IReading, caller: Caller, name: bytes, limit: int) -> Json:
    """What has become of a host since it is this account's."""
    host = access.own_host(reading, caller, name)
    events = [event_json(event) for event in reading.host_history(host, limit)]
    return {"name": names.to_text(name), "events": events}


def host_add(
    transaction: ITransaction,
    caller: Caller,
    rules: Rules,
    name: bytes,
    account: str,
    ttl: int | None,
    given: Mapping[int, tuple[bytes, ...]],
    wildcard: bool,
    now: float,
) -> Json:
    """A host below a zone's origin, where there is nothing yet, with rdata by type."""
    if caller.operator:
        zone = _for_operator(transaction, name)
        known_account(transaction, account)
    else:
        zone = _for_person(transaction, caller, rules, name, account, now)
    if transaction.rrsets(zone.origin, name):
        raise Conflict(f"{names.to_text(name)} has records already; delete them first")
    if is_occluded(name, zone.origin, partial(transaction.rrsets, zone.origin)):
        raise Conflict(f"{names.to_text(name)} would be hidden by a delegation or DNAME above it")
    if ttl is None:
        ttl = records.HOST_TTL if caller.operator else rules.host_ttl
    host = Host(name, zone.origin, account, checked_ttl(caller, rules, ttl), now)
    transaction.put_host(host)
    for number, rdatas in given.items():
        record_set(transaction, caller, rules, name, number, rdatas, None)
    if wildcard:
        _set_wildcard(transaction, caller, rules, host)
    if is_occluded(name, zone.origin, partial(transaction.rrsets, zone.origin)):
        raise Invalid(f"{names.to_text(name)} would be a delegation, and no host of this zone")
    return host_json(host)


def _for_operator(transaction: ITransaction, name: bytes) -> ZoneInfo:
    """The zone of a host to come, which may have any name that is not taken."""
    if transaction.host(name) is not None:
        raise Conflict(f"host {names.to_text(name)} exists already")
    zone = transaction.zone_of(name)
    if zone is None:
        raise NotFound(f"{names.to_text(name)} is in no zone of this server")
    if name == zone.origin:
        raise Invalid(f"{names.to_text(name)} is a zone; a host has a name below one")
    return zone


def _for_person(
    transaction: ITransaction, caller: Caller, rules: Rules, name: bytes, account: str, now: float
) -> ZoneInfo:
    """The zone of a host to come, if somebody may have one of this name."""
    known = access.own_account(transaction, caller, account)
    shown = names.to_text(name)
    taken = transaction.host(name)
    if taken is None or not caller.owns(taken.account):
        zone = access.zone_for_hosts(transaction, caller, name)
    if taken is not None:
        raise Conflict(f"host {shown} exists already")
    if name == zone.origin:
        raise Invalid(f"{shown} is a zone; a host has a name below one")
    if not caller.owns(zone.account):
        if not is_well_shaped(name, zone.origin):
            raise Invalid(f"a host has one label before {names.to_text(zone.origin)}")
        if is_reserved_name(name, rules, transaction.name_servers()):
            raise Forbidden(f"{shown} is reserved")
        if any(transaction.rrsets(zone.origin, owner) for owner in names.with_below(name)):
            raise Conflict(f"{shown} has records already, and they are not yours")
    if in_quarantine(transaction.released(name), account, rules, now):
        raise Conflict(f"{shown} was somebody else's not long ago and is not free yet")
    transaction.forget_released(now - rules.quarantine)
    most = host_limit(rules, known)
    if transaction.count_hosts(account) >= most:
        raise Exceeded(f"account {account} may have {most} hosts and has them")
    again = transaction.released(name) is not None
    if not again and transaction.count_released(account) >= GIVEN_UP * most:
        raise Exceeded(f"account {account} has given up too many names; they are free for it only")
    return zone


def host_limit(rules: Rules, account: Account) -> int:
    """How many hosts an account may register."""
    return rules.hosts_per_account if account.host_limit is None else account.host_limit


def host_set(
    transaction: ITransaction,
    caller: Caller,
    rules: Rules,
    name: bytes,
    account: str | None,
    ttl: int | None,
    wildcard: bool | None,
) -> Json:
    """Change a host. Records that had its former TTL get the new one."""
    before = access.visible_host(transaction, caller, name)
    host = before
    if account is not None:
        if not caller.operator:
            raise Forbidden("only the operator may give a host to another account")
        host = dataclasses.replace(host, account=known_account(transaction, account).name)
    if ttl is not None:
        host = dataclasses.replace(host, ttl=checked_ttl(caller, rules, ttl))
    if host != before:
        transaction.put_host(host)
    if host.ttl != before.ttl:
        for owner in names.with_below(name):
            for rrset in transaction.rrsets(host.zone, owner):
                if rrset.ttl == before.ttl:
                    transaction.put_rrset(host.zone, dataclasses.replace(rrset, ttl=host.ttl))
    if wildcard:
        _set_wildcard(transaction, caller, rules, host)
    elif wildcard is False:
        owner = names.WILDCARD + name
        transaction.put_rrset(host.zone, RRset(owner, CNAME, host.ttl, ()))
    return host_json(host)


def _set_wildcard(transaction: ITransaction, caller: Caller, rules: Rules, host: Host) -> None:
    """All names below the host become the host (RFC 4592)."""
    owner = names.WILDCARD + host.name
    if len(owner) > names.MAX_WIRE:
        raise Invalid("the wildcard's name would be over 255 octets")
    record_set(transaction, caller, rules, owner, CNAME, (host.name,), None)


def _is_wildcard(rrset: RRset, name: bytes) -> bool:
    return (rrset.owner, rrset.type, rrset.rdatas) == (names.WILDCARD + name, CNAME, (name,))


def host_remove(
    transaction: ITransaction, caller: Caller, rules: Rules, name: bytes, now: float
) -> Json:
    """With its records. The name is kept for who had it, for a while."""
    host = access.visible_host(transaction, caller, name)
    transaction.remove_host(name)
    transaction.forget_released(now - rules.quarantine)
    return host_json(host)
