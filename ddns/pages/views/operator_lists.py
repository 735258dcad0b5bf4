"""Hosts, zones and requests of everybody, as operators see them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ddns.api.caller import Permission
from ddns.api.errors import Invalid
from ddns.model import names
from ddns.model.request_log import LoggedRequest
from ddns.pages.live import live
from ddns.pages.request import Answer, whole_number
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
    """List the last requests, by filters; a script shows those that come."""
    filters, text = _filters(visit), visit.request.query.get("before", "")
    before = whole_number(text)
    if text and before is None:
        raise Invalid("{text} is no number", text=text)
    found = await visit.operations.request_list(**filters, before=before, limit=PAGE)
    return visit.page(
        "operator_requests.html",
        requests=found["requests"],
        next=found.get("next"),
        filters={name: value or "" for name, value in filters.items()},
        seen=_newest(found["requests"]),
        first=before is None,
    )


async def live_requests(visit: Visit) -> Answer:
    """Send the last requests whenever there are new ones; ``seen`` in the query is the newest one
    that the page shows."""
    filters, shown = _filters(visit), visit.request.query.get("seen", "")
    await visit.operations.request_list(**filters, limit=1)  # or refuse the filters

    def concerns(request: LoggedRequest) -> bool:
        hosts = [*map(names.to_text, request.hosts)]
        return filters["host"] is None or filters["host"].lower().rstrip(".") in hosts

    async def part() -> str | None:
        nonlocal shown
        visit.check_session().check(Permission.OPERATOR)
        found = (await visit.operations.request_list(**filters, limit=PAGE))["requests"]
        if _newest(found) == shown:
            return None
        shown = _newest(found)
        return visit.render("operator_request_rows.html", requests=found)

    return live(visit, concerns, part)


def _newest(found: list[dict[str, Any]]) -> str:
    return str(found[0]["id"]) if found else ""


def _filters(visit: Visit) -> dict[str, Any]:
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
