"""Hosts that follow another one of their account into the prefixes of its LAN."""

from __future__ import annotations

import dataclasses
import operator
from functools import partial

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.errors import Conflict, Exceeded, Invalid
from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import AAAA
from ddns.policy.addresses import usable_in
from ddns.policy.following import MAX_FOLLOWERS, moved, prefixes_for


def with_lan(
    context: WriteContext,
    host: Host,
    interface_id: str | None,
    follows: str | None,
    follows_address: bool | None,
) -> Host:
    """Return a host with another interface identifier or one that it follows; an empty text stands
    for none, and what is None stays.

    :raises ApiError: when it cannot follow that one.
    """
    if interface_id is not None:
        host = dataclasses.replace(host, interface_id=parsing.interface_id(interface_id))
    if follows is not None:
        name = parsing.host_name(follows) if follows.strip() else None
        if name is not None and name != host.follows:
            _check_leader(context, host, name)
        host = dataclasses.replace(host, follows=name)
    if follows_address is not None:
        host = dataclasses.replace(host, follows_address=follows_address)
    return host if host.follows else dataclasses.replace(host, follows_address=False)


def _check_leader(context: WriteContext, host: Host, name: bytes) -> None:
    """Check that a host can follow another one. None follows one that follows itself, so that it is
    plain whose client moves a host."""
    shown, leader = names.to_text(name), context.transaction.host(name)
    if name == host.name:
        raise Invalid("a host cannot follow itself")
    if leader is None or leader.account != host.account:
        raise Invalid("account {account} has no host {name}", account=host.account, name=shown)
    if leader.follows is not None:
        raise Conflict(
            "{name} follows {other}; follow that one",
            name=shown,
            other=names.to_text(leader.follows),
        )
    if followers(context, host):
        raise Conflict("other hosts follow {name}", name=names.to_text(host.name))
    if len(followers(context, leader)) >= MAX_FOLLOWERS:
        raise Exceeded("{most} hosts follow {name} already", most=MAX_FOLLOWERS, name=shown)


def followers(context: ReadContext, host: Host) -> list[Host]:
    """Return the hosts of its account that follow a host."""
    found = context.transaction.followers(host.name)
    return [one for one in found if one.account == host.account]


def take_prefixes(context: WriteContext, before: Host, host: Host) -> None:
    """Move a host whose place in a LAN has changed into the prefixes that are known of the one that
    it follows, if any are."""
    lan = operator.attrgetter("interface_id", "follows", "follows_address")
    if lan(host) == lan(before):
        return
    transaction = context.transaction
    leader = transaction.host(host.follows) if host.follows else None
    if leader is None or leader.account != host.account:
        return
    there = transaction.rrset(leader.zone, leader.name, AAAA)
    prefixes = prefixes_for(host, leader.prefixes, there.rdatas if there else ())
    rrsets = partial(transaction.rrsets, host.zone)
    for rrset in moved(host, prefixes, rrsets, usable_in(transaction.zone(host.zone))) or ():
        transaction.put_rrset(host.zone, rrset)
