"""Operations on zones."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from ddns.api import catalogs, parsing, zone_parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.caller import OPERATOR
from ddns.api.errors import Conflict, Forbidden, Invalid
from ddns.api.serializers import Json, Texts, secondary_json, time_json, zone_json
from ddns.model import names, records
from ddns.model.account import Addresses, Registration, ZoneInfo
from ddns.model.records import AAAA, NS, SOA, ZONE_TTL, A, RRset
from ddns.policy import catalog as catalog_zones

SOA_TTL = 10
SOA_TIMES = (3600, 600, 1209600, 10)
"""Refresh, retry, expire and negative TTL in seconds. SOA_TTL and the last decide for how long a
resolver believes that a new host does not exist (RFC 2308 5), so both are the hosts' TTL."""


class ZoneOperations(BaseOperations):
    """Zones that this server is authoritative for."""

    async def zone_list(self) -> Json:
        """List all zones. People see their own and those that they may register hosts in, strangers
        those that are open to all accounts."""

        def work(context: ReadContext) -> Json:
            zones = filter(context.may_see, context.transaction.zones())
            return {"zones": [zone_json(zone, context.caller) for zone in zones]}

        return await self._read(work)

    async def zone_add(
        self,
        origin: str,
        ns: Sequence[Texts] | None = None,
        account: str | None = None,
        addresses: str | None = None,
        registration: str = Registration.CLOSED,
        secondaries: list[str] | None = None,
        catalog: bool = False,
    ) -> Json:
        """Create a zone with SOA and NS records. *ns* is a list of ``{"name", "address"}``;
        *registration* says who may register hosts in it, *addresses* whether clients may give hosts
        any address or only public ones. The default is any in a closed zone, public in others.
        *secondaries* are as in ``zone_set``. A *catalog* is a zone that lists all others for its
        secondaries (RFC 9432)."""
        apex, servers = parsing.name(origin), zone_parsing.servers(ns or [])
        owner = parsing.optional(parsing.account_name, account)
        policy = parsing.optional(zone_parsing.addresses, addresses)
        who = zone_parsing.registration(registration)
        followers = zone_parsing.secondaries(secondaries or [])
        if catalog:
            if servers or owner is not None or who is not Registration.CLOSED:
                raise Invalid("a catalog has no name servers, no owner and no hosts")
            servers = [(catalog_zones.NAME_SERVER, None)]

        def work(context: WriteContext) -> Json:
            transaction = context.transaction
            if transaction.zone(apex) is not None:
                raise Conflict("zone {origin} exists already", origin=names.to_text(apex))
            if owner is not None:
                context.known_account(owner)
            check_no_hosts_below(context, apex)
            rules = policy or _default_addresses(who), who, followers
            zone = ZoneInfo(apex, 1, owner, context.now, *rules, catalog=catalog)
            transaction.put_zone(zone)
            for rrset in initial_rrsets(apex, servers):
                transaction.put_rrset(apex, rrset)
            catalogs.zone_added(context, zone)
            return zone_json(context.known_zone(apex), OPERATOR)

        return await self._transact(work, bulk=catalog)

    async def zone_show(self, origin: str, ask: bool = True) -> Json:
        """Show a zone and how far its secondaries have followed, those of catalogs among them. Each
        is asked, so this takes some seconds if one does not answer; unless *ask* is false, which
        leaves them out."""
        apex = parsing.name(origin)

        def work(context: ReadContext) -> Json:
            zone = context.own_zone(apex)
            return {
                **zone_json(zone, context.caller),
                "created": time_json(zone.created),
                "rrsets": context.transaction.count_rrsets(apex),
            }

        shown = await self._read(work)
        if not ask:
            return shown
        states = await self._secondary_states(apex)
        return {**shown, "followed_by": [secondary_json(state) for state in states]}

    async def zone_set(
        self,
        origin: str,
        account: str | None = None,
        addresses: str | None = None,
        registration: str | None = None,
        secondaries: list[str] | None = None,
        update_from: list[str] | None = None,
    ) -> Json:
        """Change a zone's owner, ``""`` for the operator, the addresses that its hosts may have,
        who may register them, its secondaries, ``ADDRESS[#PORT][,KEY]`` each, or the networks from
        which it takes unsigned DNS UPDATEs. What is not given stays as it is, but a zone that is
        opened gets public addresses only. Only the operator may change the owner and the last
        two. The former owner's keys that are limited to the zone are for it no longer."""
        apex = parsing.name(origin)
        changed: dict[str, Any] = {}
        if account is not None:
            changed["account"] = parsing.account_name(account) if account else None
        if addresses is not None:
            changed["addresses"] = zone_parsing.addresses(addresses)
        if registration is not None:
            changed["registration"] = zone_parsing.registration(registration)
        if secondaries is not None:
            changed["secondaries"] = zone_parsing.secondaries(secondaries)
        if update_from is not None:
            changed["update_from"] = parsing.networks(update_from)

        def work(context: WriteContext) -> Json:
            before = context.own_zone(apex)
            if before.catalog and changed.keys() - {"secondaries"}:
                raise Conflict("of a catalog only the secondaries can be changed")
            if "account" in changed and not context.caller.operator:
                raise Forbidden("only the operator may give a zone to another account")
            if changed.keys() & {"secondaries", "update_from"} and not context.caller.operator:
                raise Forbidden("only the operator says who may transfer or update a zone unsigned")
            zone = dataclasses.replace(before, **changed)
            if before.registration is Registration.CLOSED is not zone.registration:
                policy = changed.get("addresses", _default_addresses(zone.registration))
                zone = dataclasses.replace(zone, addresses=policy)
            if zone.account is not None:
                context.known_account(zone.account)
            if zone.account != before.account:
                _take_from_keys(context, before)
            context.transaction.put_zone(zone)
            return zone_json(context.known_zone(apex), context.caller)

        return await self._transact(work)

    async def zone_remove(self, origin: str) -> Json:
        """Remove a zone with its hosts and records. The names of its hosts stay reserved for their
        accounts for some time, in case that the zone comes back."""
        apex = parsing.name(origin)

        def work(context: WriteContext) -> Json:
            zone = context.known_zone(apex)
            context.transaction.forget_released(context.now - context.rules.quarantine)
            catalogs.zone_removed(context, zone)
            _take_from_keys(context, zone)
            context.transaction.remove_zone(apex)
            return zone_json(zone, OPERATOR)

        return await self._transact(work, bulk=True)


def initial_rrsets(origin: bytes, servers: Sequence[tuple[bytes, str | None]]) -> Iterator[RRset]:
    """Yield a new zone's SOA and NS, and addresses of name servers within the zone.

    :param servers: names of name servers, ``ns1`` in the zone if there are none, and their
        addresses; a server with several addresses comes once for each.
    :raises Invalid: for the address of a name server that is in another zone.
    """
    targets = list(dict.fromkeys(server for server, _ in servers))
    targets = targets or [parsing.below(b"\x03ns1", origin)]
    hostmaster = parsing.below(b"\x0ahostmaster", origin)
    soa = targets[0] + hostmaster + struct.pack("!5I", 0, *SOA_TIMES)
    yield RRset(origin, SOA, SOA_TTL, (soa,))
    yield RRset(origin, NS, ZONE_TTL, tuple(targets))
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
                    "{target} is not in {origin}: its address belongs into its own zone",
                    target=names.to_text(target),
                    origin=names.to_text(origin),
                )
            yield RRset(target, number, ZONE_TTL, found)


def _default_addresses(registration: Registration) -> Addresses:
    """Return the address policy of a zone for which none is given: where strangers have names,
    these must not lead into anybody's own network."""
    return Addresses.ANY if registration is Registration.CLOSED else Addresses.PUBLIC


def _take_from_keys(context: WriteContext, zone: ZoneInfo) -> None:
    """Take a zone that is not to be its owner's any more out of their keys that are limited to it.

    Such a key is for all of a zone of the operator's, as he alone gives those; but this zone its
    owner gave, and it may be the operator's next.
    """
    for key in () if zone.account is None else context.transaction.keys(zone.account):
        if key.hosts is None and key.zones is not None and zone.origin in key.zones:
            left = dataclasses.replace(key, zones=key.zones - {zone.origin})
            context.transaction.change_key(left)


def check_no_hosts_below(context: WriteContext, origin: bytes) -> None:
    """Refuse a zone cut that would occlude hosts of the zone above.

    :raises Conflict: naming one of them.
    """
    parent = context.transaction.zone_of(origin)
    if parent is None:
        return
    for host in context.transaction.hosts(zone=parent.origin):
        if names.is_subdomain(host.name, origin):
            raise Conflict(
                "host {name} of zone {origin} is there; remove it first",
                name=names.to_text(host.name),
                origin=names.to_text(parent.origin),
            )
