"""Where a new host may be, and who may have it."""

from __future__ import annotations

from functools import partial

from ddns.api.access import WriteContext
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.records import HOST_TTL
from ddns.policy.authorize import is_occluded
from ddns.policy.registration import GIVEN_UP, in_quarantine, is_reserved_name, is_well_shaped


def new_host(context: WriteContext, owner: bytes, account: str, ttl: int | None) -> Host:
    """Register a host without records. A TTL of None is the usual one.

    :raises ApiError: when it cannot be registered; then nothing has been written.
    """
    transaction, caller = context.transaction, context.caller
    zone_for = _zone_for_operator if caller.operator else _zone_for_person
    zone = zone_for(context, owner, account)
    rrsets = partial(transaction.rrsets, zone.origin)
    if rrsets(owner):
        raise Conflict("{owner} has records already; delete them first", owner=names.to_text(owner))
    if is_occluded(owner, zone.origin, rrsets):
        raise Conflict(
            "{owner} would be hidden by a delegation or DNAME above it", owner=names.to_text(owner)
        )
    if transaction.acme_dns_at(owner) is not None:
        raise Conflict("{owner} answers ACME's challenges", owner=names.to_text(owner))
    default = HOST_TTL if caller.operator else context.rules.host_ttl
    checked = context.check_ttl(default if ttl is None else ttl)
    host = Host(owner, zone.origin, account, checked, context.now)
    transaction.put_host(host)
    return host


def _zone_for_operator(context: WriteContext, name: bytes, account: str) -> ZoneInfo:
    """Return the zone of a new host. The operator may take any name that is free.

    :raises ApiError: when the host cannot be registered.
    """
    if context.transaction.host(name) is not None:
        raise Conflict("host {name} exists already", name=names.to_text(name))
    zone = context.transaction.zone_of(name)
    if zone is None:
        raise NotFound("{name} is in no zone of this server", name=names.to_text(name))
    if name == zone.origin:
        raise Invalid("{name} is a zone; a host has a name below one", name=names.to_text(name))
    context.known_account(account)
    return zone


def _zone_for_person(context: WriteContext, name: bytes, account: str) -> ZoneInfo:
    """Return the zone of a new host, if a person may register it for this account.

    :raises ApiError: when they may not.
    """
    transaction, caller, rules = context.transaction, context.caller, context.rules
    known, shown = context.own_account(account), names.to_text(name)
    zone, taken = transaction.zone_of(name), transaction.host(name)
    if taken is not None and caller.owns(taken.account):
        raise Conflict("host {name} exists already", name=shown)
    # Whoever may not register here is not told which names are taken.
    if zone is None or not context.may_register_in(zone):
        raise NotFound("{name} is in no zone that you may have hosts in", name=shown)
    if taken is not None:
        raise Conflict("host {name} exists already", name=shown)
    if name == zone.origin:
        raise Invalid("{name} is a zone; a host has a name below one", name=shown)
    if not caller.owns(zone.account):
        if not is_well_shaped(name, zone.origin):
            raise Invalid("a host has one label before {origin}", origin=names.to_text(zone.origin))
        if is_reserved_name(name, rules, transaction.name_servers()):
            raise Forbidden("{name} is reserved", name=shown)
        if any(transaction.rrsets(zone.origin, owner) for owner in names.with_below(name)):
            raise Conflict("{name} has records already, and they are not yours", name=shown)
    if in_quarantine(transaction.released(name), account, rules, context.now):
        raise Conflict("{name} was somebody else's not long ago and is not free yet", name=shown)
    transaction.forget_released(context.now - rules.quarantine)
    limit = context.host_limit(known)
    if transaction.count_hosts(account) >= limit:
        raise Exceeded(
            "account {account} may have {limit} hosts and has them", account=account, limit=limit
        )
    returning = transaction.released(name) is not None
    if not returning and transaction.count_released(account) >= GIVEN_UP * limit:
        raise Exceeded(
            "account {account} has given up too many names; they are free for it only",
            account=account,
        )
    return zone
