"""Zones: the list of them, each with its settings, its changes and its file."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

from ddns.api.errors import ApiError
from ddns.api.operations import Operations
from ddns.model import masterfile
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

PIECE = 20
"""RRsets in one piece of a file, which take a millisecond."""

CHANGES = 50
"""Changes that are listed."""


async def overview(visit: Visit) -> Answer:
    """List the zones of the reader, and those that the reader may have hosts in."""
    found = (await visit.operations.zone_list())["zones"]
    own = [zone for zone in found if zone["account"] == visit.caller.account]
    others = [zone for zone in found if zone["account"] != visit.caller.account]
    return visit.page("zones.html", own=own, others=[] if visit.caller.operator else others)


async def show(visit: Visit) -> Answer:
    """Show a zone, and how far its secondaries have followed."""
    return await _page(visit, {}, None)


async def change(visit: Visit) -> Answer:
    """Change the settings of a zone."""
    origin, form = visit.parameters["origin"], visit.request.field
    zone = await visit.operations.zone_show(origin, ask=False)
    # What stays as it is, is not sent: opening a zone has to bring its address policy along.
    typed: dict[str, Any] = {
        name: form(name)
        for name in ("registration", "addresses", "account")
        if name in visit.request.form and form(name) != (zone[name] or "")
    }
    typed |= {
        name: form(name).split()
        for name in ("secondaries", "update_from")
        if name in visit.request.form and form(name).split() != zone.get(name, [])
    }
    try:
        await visit.operations.zone_set(origin, **typed)
    except MISTAKES as error:
        return await _page(visit, typed, error)
    return visit.redirect("zones", origin, done="changed")


async def _page(visit: Visit, typed: dict[str, Any], error: ApiError | None) -> Answer:
    zone = await visit.operations.zone_show(visit.parameters["origin"])
    status = 200 if error is None else error.status
    return visit.page("zone.html", status, zone=zone, typed={**zone, **typed}, error=error)


async def changes(visit: Visit) -> Answer:
    """List the last changes of a zone."""
    return await _changes_page(visit, None)


async def undo(visit: Visit) -> Answer:
    """Undo one of the last changes."""
    origin, position = visit.parameters["origin"], whole_number(visit.request.field("position"))
    try:
        await visit.operations.zone_undo(origin, -1 if position is None else position)
    except MISTAKES as error:
        return await _changes_page(visit, error)
    return visit.redirect("zones", origin, "changes", done="undone")


async def _changes_page(visit: Visit, error: ApiError | None) -> Answer:
    origin = visit.parameters["origin"]
    zone = await visit.operations.zone_show(origin, ask=False)
    history = await visit.operations.zone_history(origin, limit=CHANGES)
    status = 200 if error is None else error.status
    return visit.page("zone_changes.html", status, zone=zone, events=history["events"], error=error)


async def export(visit: Visit) -> Answer:
    """Give the reader a zone as a master file."""
    origin = visit.parameters["origin"]
    lines = _master_file(visit.operations, origin)
    await anext(lines)  # or refuse
    name = re.sub(r"[^a-z0-9.-]", "_", origin.lower())
    headers = (("Content-Disposition", f'attachment; filename="{name}.zone"'),)
    return Answer(lines, content_type="text/dns; charset=utf-8", headers=headers)


async def _master_file(operations: Operations, origin: str) -> AsyncGenerator[str, None]:
    """Yield a zone's master file (RFC 4027), an empty piece first: from then on whoever closes
    this closes the scan.

    :raises ApiError: when there is no such zone, or another one is being read.
    """
    soa, scan = await operations.zone_scan(origin)
    try:
        yield ""
        rows = [soa]
        while scanned := await scan.next(PIECE):
            rows += [row for part in scanned for row in part.rows if row[:2] != soa[:2]]
            yield "".join(f"{line}\n" for line in masterfile.write(rows))
            rows = []
    finally:
        await scan.close()
