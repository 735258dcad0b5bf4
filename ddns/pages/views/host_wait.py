"""What a host's clients have just asked for: a page that waits for the first request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ddns.model import names
from ddns.model.request_log import LoggedRequest
from ddns.pages.live import live
from ddns.pages.request import EVENTS, Answer
from ddns.pages.visit import Visit

JUST = 600.0
"""Seconds for which a request is news."""


async def show(visit: Visit) -> Answer:
    """Show the latest request, and wait for more."""
    return visit.page("wait.html", **await _seen(visit))


async def events(visit: Visit) -> Answer:
    """Send what the page shows whenever that changes; ``seen`` in the query is what it shows."""
    host = (await _seen(visit))["host"]
    owner, account = names.from_text(host["name"]), host["account"]
    shown = visit.request.query.get("seen", "")

    def concerns(request: LoggedRequest) -> bool:
        return owner in request.hosts or request.account == account

    async def part() -> str | None:
        nonlocal shown
        seen = await _seen(visit)
        if seen["seen"] == shown:
            return None
        shown = seen["seen"]
        return visit.render("wait_seen.html", **seen)

    return Answer(live(visit, concerns, part), content_type=EVENTS)


async def _seen(visit: Visit) -> dict[str, Any]:
    """Return what the page shows."""
    host = await visit.operations.host_show(visit.parameters["name"])
    latest = next(iter(host["requests"]), None)
    return {
        "host": host,
        "latest": latest,
        "just": latest is not None and visit.service.now() - _seconds(latest["at"]) < JUST,
        "seen": latest["at"] if latest else "",
    }


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
