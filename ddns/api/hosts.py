"""Operations on hosts: the names that clients update."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from ddns.api import paging, parsing, zone_parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Forbidden, Invalid
from ddns.api.following import take_prefixes, with_lan
from ddns.api.host_reading import details_of, history, requests_of, shown
from ddns.api.new_host import new_host
from ddns.api.records import replace_rrset
from ddns.api.serializers import Json, Texts, host_json
from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import CNAME, RRset
from ddns.policy.authorize import is_occluded
from ddns.policy.expiry import heard


class HostOperations(BaseOperations):
    """Registering, changing and removing hosts."""

    async def host_list(
        self,
        account: str | None = None,
        zone: str | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int | None = None,
        details: bool = False,
    ) -> Json:
        """List hosts: all, those of an account, or those in a zone. People see their own, and all
        in a zone of theirs. *search* leaves those with that in their names, *details* gives each
        one its addresses and the last request of its clients. With either, or with *limit*, 1 to
        100, the list comes in pages, sorted by first labels: ``next`` is what *after* has to be for
        the next one, if there is any."""
        of_account = parsing.optional(parsing.account_name, account)
        origin = parsing.optional(parsing.name, zone)
        page = paging.page(search, after, paging.MAX_LISTED if details and limit is None else limit)
        if details:
            await self._flush_request_log()

        def work(context: ReadContext) -> Json:
            whose: str | None = None
            if origin is not None and context.caller.operator:
                context.known_zone(origin)
            info = None if origin is None else context.transaction.zone(origin)
            if of_account is not None or info is None or not context.caller.owns(info.account):
                whose = context.account_filter(of_account)
            wanted = page and dataclasses.replace(page, limit=page.limit + 1)
            found = context.transaction.hosts(whose, origin, wanted)
            hosts = found[: page.limit] if page else found
            shown = [host_json(one) for one in hosts]
            if details:
                shown = [{**host_json(one), **details_of(context, one)} for one in hosts]
            more = {"next": names.to_text(hosts[-1].name)} if len(hosts) < len(found) else {}
            return {"hosts": shown, **more}

        return await self._read(work)

    async def host_show(self, name: str) -> Json:
        """Show a host with its records and the latest requests of its clients."""
        owner = parsing.host_name(name)
        await self._flush_request_log()

        def work(context: ReadContext) -> Json:
            host = context.visible_host(owner)
            return shown(context, host, requests_of(context, host))

        return await self._read(work)

    async def host_history(self, name: str, limit: int = 20) -> Json:
        """Show the changes of a host since its account has it, newest first: when, by whom and by
        which way what was changed. *limit* is 1 to 100 events."""
        owner, most = parsing.host_name(name), paging.listed(limit)

        def work(context: ReadContext) -> Json:
            events = history(context, context.own_host(owner), most)
            return {"name": names.to_text(owner), "events": events}

        return await self._read(work)

    async def host_add(
        self,
        name: str,
        account: str | None = None,
        ttl: int | None = None,
        records: Sequence[Texts] | None = None,
        wildcard: bool = False,
    ) -> Json:
        """Register a host for an account in the zone that its name lies in, with the given records:
        a list of ``{"type", "rdata"}`` in presentation form. With *wildcard* all names below it
        lead to it. People register hosts for themselves and need not name the account."""
        owner, whose = parsing.host_name(name), self._account_or_own(account)
        seconds, given = zone_parsing.ttl(ttl), zone_parsing.texts_by_type(records or [])

        def work(context: WriteContext) -> Json:
            host = new_host(context, owner, whose, seconds)
            origin = host.zone
            for number, texts in given.items():
                rdatas = zone_parsing.rdatas(number, texts, origin)
                replace_rrset(context, owner, number, rdatas, None)
            if wildcard:
                _add_wildcard(context, host)
            rrsets = partial(context.transaction.rrsets, origin)
            if is_occluded(owner, origin, rrsets):  # by NS records just given
                raise Invalid(
                    "{owner} would be a delegation, and no host of this zone",
                    owner=names.to_text(owner),
                )
            return host_json(host)

        return await self._transact(work)

    async def host_set(
        self,
        name: str,
        account: str | None = None,
        ttl: int | None = None,
        wildcard: bool | None = None,
        expire_after: int | None = None,
        interface_id: str | None = None,
        follows: str | None = None,
        follows_address: bool | None = None,
    ) -> Json:
        """Change a host: its TTL, together with that of records that had the former one; whether
        all names below it lead to it; after how many days without an update or confirmation by its
        clients it goes offline, 0 for never; or, for the operator, its account. *interface_id* is
        what its IPv6 address has beyond a prefix; *follows* is the host of its account whose
        clients tell the prefix, or with *follows_address* an address in it; either is empty for
        none. What is not given stays as it is."""
        await self._flush_request_log()
        owner = parsing.host_name(name)
        self._limit_changes(owner)
        new_account = parsing.optional(parsing.account_name, account)
        new_ttl = zone_parsing.ttl(ttl)
        days = parsing.optional(parsing.days, expire_after)

        def work(context: WriteContext) -> Json:
            transaction = context.transaction
            before = host = context.visible_host(owner)
            if new_account is not None:
                if not context.caller.operator:
                    raise Forbidden("only the operator may give a host to another account")
                known = context.known_account(new_account)
                if known.name != host.account:  # it is in another LAN now
                    host = dataclasses.replace(host, follows=None, prefixes=())
                host = dataclasses.replace(host, account=known.name)
            if new_ttl is not None:
                host = dataclasses.replace(host, ttl=context.check_ttl(new_ttl))
            if days is not None:
                host = dataclasses.replace(host, expire_after=days, expires=None)
                host = heard(host, context.now)
            host = with_lan(context, host, interface_id, follows, follows_address)
            if host != before:
                transaction.put_host(host)
                take_prefixes(context, before, host)
            if host.ttl != before.ttl:
                for each in names.with_below(owner):
                    for rrset in transaction.rrsets(host.zone, each):
                        if rrset.ttl == before.ttl:
                            changed = dataclasses.replace(rrset, ttl=host.ttl)
                            transaction.put_rrset(host.zone, changed)
            if wildcard:
                _add_wildcard(context, host)
            elif wildcard is False:
                empty = RRset(names.WILDCARD + owner, CNAME, host.ttl, ())
                transaction.put_rrset(host.zone, empty)
            return host_json(host)

        return await self._transact(work)

    async def host_remove(self, name: str) -> Json:
        """Remove a host with its records. For some time only the same account may register the name
        again."""
        owner = parsing.host_name(name)

        def work(context: WriteContext) -> Json:
            host = context.visible_host(owner)
            context.transaction.forget_released(context.now - context.rules.quarantine)
            context.transaction.remove_host(owner)
            return host_json(host)

        return await self._transact(work)


def _add_wildcard(context: WriteContext, host: Host) -> None:
    """Make all names below a host aliases of it (RFC 4592)."""
    owner = names.WILDCARD + host.name
    if len(owner) > names.MAX_WIRE:
        raise Invalid("the wildcard's name would be over 255 octets")
    replace_rrset(context, owner, CNAME, (host.name,), None)
