"""The overview of a person's hosts."""

from __future__ import annotations

from ddns.api.errors import ApiError
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

PAGE = 50
"""Hosts on one page."""


async def overview(visit: Visit) -> Answer:
    """Show the reader's hosts with their addresses and state."""
    return await _page(visit, None)


async def add(visit: Visit) -> Answer:
    """Add a host, and go on to its set-up."""
    request = visit.request
    name, zone = request.field("name").rstrip("."), request.field("zone")
    whole = not zone or name.lower().endswith(f".{zone}")
    try:
        host = await visit.operations.host_add(name if whole else f"{name}.{zone}")
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("hosts", str(host["name"]), "setup", done="added")


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    query = visit.request.query
    search, after = query.get("search", "").strip(), query.get("after", "")
    try:
        found = await visit.operations.host_list(
            account=visit.caller.account,
            search=search or None,
            after=after or None,
            limit=PAGE,
            details=True,
        )
    except MISTAKES as mistake:
        found, error = {"hosts": []}, error or mistake
    zones = await visit.operations.zone_list()
    return visit.page(
        "hosts.html",
        200 if error is None else error.status,
        hosts=found["hosts"],
        following=found.get("next"),
        search=search,
        after=after,
        zones=[zone["origin"] for zone in zones["zones"] if not zone.get("catalog")],
        name=visit.request.field("name"),
        zone=visit.request.field("zone"),
        error=error,
    )
