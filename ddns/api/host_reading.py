"""What is read of hosts, as JSON."""

from __future__ import annotations

from ddns.api.access import ReadContext
from ddns.api.following import followers
from ddns.api.serializers import Json, event_json, host_json, request_json, rrset_json, time_json
from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import AAAA, ADDRESS_TYPES, CNAME, A, rdata_to_text
from ddns.model.request_log import RequestEntry

Requests = list[tuple[bool, RequestEntry]]
"""Requests of clients, newest first, each with whether it failed for its credentials."""


def requests_of(context: ReadContext, host: Host, most: int | None = None) -> Requests:
    """Return the last requests for a host, if it is the caller's own and not just the zone; all, or
    at most so many that failed and that did not."""
    owns = context.caller.owns(host.account)
    return context.transaction.requests_of_host(host.name, most) if owns else []


def shown(context: ReadContext, host: Host, requests: Requests) -> Json:
    """Return a host with its records and the given requests; to its own account with the hosts that
    follow it and the prefixes that its clients have told. If it goes offline when nothing is heard
    of it, ``expires`` is when, or up to an hour later."""
    rrsets = [
        rrset
        for each in names.with_below(host.name)
        for rrset in context.transaction.rrsets(host.zone, each)
    ]
    known = context.caller.owns(host.account)
    following = [names.to_text(one.name) for one in followers(context, host)] if known else []
    is_online = any(one.owner == host.name and one.type in ADDRESS_TYPES for one in rrsets)
    expires = host.expires if known and is_online else None
    prefixes = list(map(str, host.prefixes)) if known else []
    wildcard = (names.WILDCARD + host.name, CNAME, (host.name,))
    return {
        **host_json(host),
        "wildcard": any((one.owner, one.type, one.rdatas) == wildcard for one in rrsets),
        "records": [rrset_json(rrset) for rrset in rrsets],
        "requests": [request_json(*one) for one in requests],
        **({} if expires is None else {"expires": time_json(expires)}),
        **({"followers": following} if following else {}),
        **({"prefixes": prefixes} if prefixes else {}),
    }


def history(context: ReadContext, host: Host, limit: int) -> list[Json]:
    """Return the latest changes of a host since its account has it, newest first."""
    return [event_json(one) for one in context.transaction.host_history(host, limit)]


def details_of(context: ReadContext, host: Host) -> Json:
    """Return what a list shows of a host: what it leads to, and what became of the last request."""
    found = {
        number: context.transaction.rrset(host.zone, host.name, number)
        for number in (*ADDRESS_TYPES, CNAME)
    }
    shown = {
        number: [] if rrset is None else [rdata_to_text(number, one) for one in rrset.rdatas]
        for number, rrset in found.items()
    }
    requests = requests_of(context, host, 1)
    return {
        "addresses": [*shown[A], *shown[AAAA]],
        "alias": next(iter(shown[CNAME]), None),
        "last": request_json(*requests[0]) if requests else None,
    }
