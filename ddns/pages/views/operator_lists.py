"""Hosts, zones and requests of everybody, as operators see them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

from ddns.api.errors import Invalid
from ddns.pages.request import EVENTS, Answer
from ddns.pages.visit import Visit

PAGE = 50
"""Hosts or requests on one page."""

WORST = 20
"""Reasons that refusals are summed up by."""


async def hosts(visit: Visit) -> Answer:
    """List hosts, by a search."""
    query = visit.request.query
    search = query.get("search", "")
    found = await visit.operations.host_list(
        search=search or None, after=query.get("after") or None, limit=PAGE, details=True
    )
    return visit.page(
        "operator_hosts.html", hosts=found["hosts"], next=found.get("next"), search=search
    )


async def zones(visit: Visit) -> Answer:
    """List zones, and how far each secondary has followed."""
    found = await visit.operations.zone_list()
    secondaries = await visit.operations.secondary_list()
    return visit.page(
        "operator_zones.html", zones=found["zones"], secondaries=secondaries["secondaries"]
    )


async def requests(visit: Visit) -> Answer:
    """List the last requests, by filters; a script adds those that come."""
    filters, before = _filters(visit), visit.request.query.get("before", "")
    if before and not (before.isascii() and before.isdecimal()):
        raise Invalid("{text} is no number", text=before)
    found = await visit.operations.request_list(
        **filters, before=int(before) if before else None, limit=PAGE
    )
    return visit.page(
        "operator_requests.html",
        requests=found["requests"],
        next=found.get("next"),
        filters={name: value or "" for name, value in filters.items()},
        first=not before,
    )


async def live(visit: Visit) -> Answer:
    """Send requests as they come, each as a row of the table."""
    stream = visit.operations.request_stream(**_filters(visit))
    return Answer(_events(visit, stream), content_type=EVENTS)


async def _events(
    visit: Visit, stream: AsyncGenerator[dict[str, Any], None]
) -> AsyncGenerator[str, None]:
    """Yield a server-sent event for each request."""
    try:
        async for one in stream:
            row = visit.render("operator_request.html", one=one)
            yield f"data: {json.dumps(row)}\n\n"
    finally:
        await stream.aclose()


def _filters(visit: Visit) -> dict[str, str | None]:
    query = visit.request.query
    return {name: query.get(name, "").strip() or None for name in ("account", "host", "became")}


async def refusals(visit: Visit) -> Answer:
    """Show blocked accounts, and sum up what was refused of late and to whom."""
    operations = visit.operations
    blocked = await operations.account_list(blocked=True)
    refused = (await operations.request_list(became="refused"))["requests"]
    failed = (await operations.request_list(became="failed"))["requests"]
    counted = Counter((one["reason"], one["peer"], one["agent"]) for one in (*refused, *failed))
    return visit.page(
        "operator_refusals.html",
        blocked=blocked["accounts"],
        worst=counted.most_common(WORST),
        counted=len(refused) + len(failed),
    )
