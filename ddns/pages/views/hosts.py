"""The overview of a person's hosts."""

from __future__ import annotations

from ddns.api.errors import ApiError
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit


async def overview(visit: Visit) -> Answer:
    """Show all hosts of the reader with their addresses and state."""
    return await _page(visit, "", None)


async def add(visit: Visit) -> Answer:
    """Add a host, and go on to its set-up."""
    name = visit.request.field("name")
    try:
        host = await visit.operations.host_add(name)
    except MISTAKES as error:
        return await _page(visit, name, error)
    return visit.redirect("hosts", str(host["name"]), "setup", done="added")


async def _page(visit: Visit, name: str, error: ApiError | None) -> Answer:
    found = await visit.operations.host_list()
    zones = await visit.operations.zone_list()
    status = 200 if error is None else error.status
    return visit.page(
        "hosts.html", status, hosts=found["hosts"], zones=zones["zones"], name=name, error=error
    )
