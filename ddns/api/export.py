"""Everything that is kept of a person, for them to take away, part by part and page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from ddns.api import parsing
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Invalid
from ddns.api.notice_json import notice_json, target_json, terms_json
from ddns.api.relays import relays_of
from ddns.api.serializers import (
    Json,
    account_json,
    host_json,
    invitation_json,
    journal_json,
    key_json,
    member_json,
    named,
    registration_json,
    request_json,
    rrset_json,
    second_factors_json,
    session_json,
    time_json,
    zone_json,
)
from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.store.paging import Page, RegistrationPage

PAGE = 100
"""Hosts, RRsets or events in a page."""

SPAN = 20_000
"""Events of the journal that are looked through for those of a person in one page."""


_BAD_AFTER = "after: expected the next of another page"


class _Page(NamedTuple):
    """Items of one part, and after what the next page of it goes on, ``""`` when it is done."""

    items: list[Json]
    after: str = ""


class ExportOperations(BaseOperations):
    """What is kept of people."""

    async def account_export(self, name: str, after: str | None = None) -> Json:
        """Return what is kept of an account, without secrets, a page at a time: ``items`` of one
        ``part``, of which there may be several pages. ``next`` is what to give as *after* for the
        next page, null at the end. The parts are the account, its second factors, sessions, keys,
        registrations of acme-dns, what it is told and how, zones and their records, memberships,
        invitations, hosts with their records, relays and requests, other requests, names that it
        has given up, and its changes in the journal."""
        await self._flush_request_log()
        known = parsing.account_name(name)
        part, _, key = (after or next(iter(_PARTS))).partition("/")
        if part not in _PARTS:
            raise Invalid(_BAD_AFTER)

        def work(context: ReadContext) -> Json:
            context.own_account(known)
            try:
                page = _PARTS[part](context, known, key)
            except (ValueError, OverflowError):  # from the key, which is a client's
                raise Invalid(_BAD_AFTER) from None
            following = f"{part}/{page.after}" if page.after else _FOLLOWING[part]
            return {"part": part, "items": page.items, "next": following}

        return await self._read(work)


def _account(context: ReadContext, name: str, after: str) -> _Page:
    account = context.known_account(name)
    host_limit = context.host_limit(account)
    created = time_json(account.created)
    return _Page([{**account_json(account), "created": created, "host_limit": host_limit}])


def _second_factors(context: ReadContext, name: str, after: str) -> _Page:
    return _Page([second_factors_json(context.second_factors(name))])


def _sessions(context: ReadContext, name: str, after: str) -> _Page:
    mine = context.caller.session
    found = context.transaction.sessions(name)
    return _Page([session_json(session, current=session.digest == mine) for session in found])


def _keys(context: ReadContext, name: str, after: str) -> _Page:
    return _Page([key_json(key) for key in context.transaction.keys(name)])


def _acme_dns(context: ReadContext, name: str, after: str) -> _Page:
    page = RegistrationPage(PAGE + 1, after, name)
    found = context.transaction.acme_dns_registrations(page)
    items = [registration_json(one) for one in found[:PAGE]]
    return _Page(items, found[PAGE - 1].subdomain if len(found) > PAGE else "")


def _notices(context: ReadContext, name: str, after: str) -> _Page:
    """What the account is told, where it is sent, and what waits to be; of each there are few."""
    transaction = context.transaction
    terms = [{"terms": terms_json(one)} for one in transaction.all_notice_terms(name)]
    targets = [{"target": target_json(one)} for one in transaction.notice_targets(name)]
    waiting = [{"waiting": notice_json(one)} for one in transaction.notices(name)]
    return _Page([*terms, *targets, *waiting])


def _zones(context: ReadContext, name: str, after: str) -> _Page:
    return _Page([zone_json(zone, context.caller) for zone in _own_zones(context, name)])


def _records(context: ReadContext, name: str, after: str) -> _Page:
    """Records of the account's zones that belong to no host: those of others' hosts are theirs."""
    origin, owner, number = _rrset_key(after)
    for zone in _own_zones(context, name):
        if zone.origin < origin:
            continue
        begin = (owner, number) if zone.origin == origin else None
        found = context.transaction.own_rrsets(zone.origin, begin, PAGE)
        if found:
            of, last = names.to_text(zone.origin), found[-1]
            key = f"{zone.origin.hex()}.{last.owner.hex()}.{last.type:04x}"
            return _Page([{"zone": of, **rrset_json(rrset)} for rrset in found], key)
    return _Page([])


def _memberships(context: ReadContext, name: str, after: str) -> _Page:
    zones = context.transaction.zones()
    members = (context.transaction.member(zone.origin, name) for zone in zones)
    return _Page([member_json(member) for member in members if member is not None])


def _invitations(context: ReadContext, name: str, after: str) -> _Page:
    """Invitations to the account's zones, and those that it made to others."""
    return _Page(
        [
            invitation_json(one)
            for zone in context.transaction.zones()
            for one in context.transaction.invitations(zone.origin)
            if name in (zone.account, one.by)
        ]
    )


def _hosts(context: ReadContext, name: str, after: str) -> _Page:
    transaction, begin = context.transaction, bytes.fromhex(after) or None
    hosts = transaction.hosts(name, page=Page(PAGE + 1, begin))
    items = [
        {
            **host_json(host),
            "created": time_json(host.created),
            "prefixes": list(map(str, host.prefixes)),
            "records": [
                rrset_json(one)
                for owner in names.with_below(host.name)
                for one in transaction.rrsets(host.zone, owner)
            ],
            "relays": relays_of(context, host.name),
            "requests": [request_json(*one) for one in transaction.requests_of_host(host.name)],
        }
        for host in hosts[:PAGE]
    ]
    return _Page(items, hosts[PAGE - 1].name.hex() if len(hosts) > PAGE else "")


def _requests(context: ReadContext, name: str, after: str) -> _Page:
    found = context.transaction.requests_of_account(name)
    return _Page([request_json(*one) for one in found])


def _released(context: ReadContext, name: str, after: str) -> _Page:
    found = context.transaction.released_by(name)
    return _Page([{**named("name", one.name), "at": time_json(one.at)} for one in found])


def _events(context: ReadContext, name: str, after: str) -> _Page:
    found, further = context.transaction.events_by(name, int(after or "0", 16), SPAN, PAGE)
    items = [journal_json(event) for event in found]
    return _Page(items, "" if further is None else f"{further:x}")


_PARTS: Final[dict[str, Callable[[ReadContext, str, str], _Page]]] = {
    "account": _account,
    "second_factors": _second_factors,
    "sessions": _sessions,
    "keys": _keys,
    "acme_dns": _acme_dns,
    "notices": _notices,
    "zones": _zones,
    "records": _records,
    "memberships": _memberships,
    "invitations": _invitations,
    "hosts": _hosts,
    "requests": _requests,
    "released": _released,
    "events": _events,
}
_FOLLOWING = dict(zip(_PARTS, [*list(_PARTS)[1:], None], strict=True))


def _own_zones(context: ReadContext, name: str) -> Iterable[ZoneInfo]:
    return (zone for zone in context.transaction.zones() if zone.account == name)


def _rrset_key(key: str) -> tuple[bytes, bytes, int]:
    """Parse the zone, owner name and type of an RRset; those before all others from ``""``.

    :raises ValueError: for anything else.
    """
    if not key:
        return b"", b"", 0
    origin, owner, number = (bytes.fromhex(part) for part in key.split("."))
    return origin, owner, int.from_bytes(number[:2], "big")
