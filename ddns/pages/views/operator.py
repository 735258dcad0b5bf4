"""What operators see of the server as a whole: health, plots, check, and a copy of the database."""

from __future__ import annotations

from typing import Any

from ddns.pages.plots import plots
from ddns.pages.request import Answer
from ddns.pages.visit import Visit


async def overview(visit: Visit) -> Answer:
    """Show how the server is, and what was measured over the last hour or day."""
    return await _page(visit, None)


async def check(visit: Visit) -> Answer:
    """Check the database, and show what is wrong with it."""
    return await _page(visit, await visit.operations.check())


async def _page(visit: Visit, checked: dict[str, Any] | None) -> Answer:
    span = "day" if visit.request.query.get("span") == "day" else "hour"
    sampled = (await visit.operations.sample_list()).get(span)
    return visit.page(
        "operator.html",
        server=await visit.operations.status(),
        span=span,
        plots=plots(sampled) if sampled else [],
        checked=checked,
    )


async def backup(visit: Visit) -> Answer:
    """Send a copy of the database."""
    size, pieces = await visit.operations.backup_download()
    headers = (
        ("Content-Disposition", 'attachment; filename="ddns.sqlite"'),
        ("Content-Length", str(size)),
    )
    return Answer(pieces, content_type="application/vnd.sqlite3", headers=headers)
