"""What a host's clients have just asked for: a page that waits for the first request."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from ddns.api.errors import NotFound
from ddns.model import names
from ddns.model.request_log import LoggedRequest
from ddns.pages.diagnosed import in_words
from ddns.pages.live import live
from ddns.pages.request import Answer
from ddns.pages.visit import Visit
from ddns.policy.diagnosis import Diagnosis, Severity

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

    return live(visit, concerns, part)


async def _seen(visit: Visit) -> dict[str, Any]:
    """Return what the page shows."""
    host, diagnosis, _, _ = await visit.operations.host_overview(visit.parameters["name"])
    if diagnosis is None:
        raise NotFound("there is no such page")  # for whose the zone is
    latest = next(iter(host["requests"]), None)
    at = _seconds(latest["at"]) if latest else 0.0
    signs = [(one.rule.id, one.at) for one in diagnosis.findings]
    return {
        "host": host,
        "latest": latest,
        "news": _news(diagnosis, latest, just=visit.service.now() - at < JUST),
        "diagnosis": in_words(visit, diagnosis),
        "seen": hashlib.sha256(repr((at, signs)).encode()).hexdigest()[:16],
    }


def _news(diagnosis: Diagnosis, latest: dict[str, Any] | None, *, just: bool) -> str:
    """Return what there is to say first: requests may also have missed the host's name."""
    at = _seconds(latest["at"]) if latest else 0.0
    errors = [one for one in diagnosis.findings if one.severity is Severity.ERROR]
    if any(one.at > at for one in errors):
        return "refused"
    if latest is None:
        return "nothing"
    if latest["failed"] or latest["reason"]:
        return "refused"
    return "updated" if just else "earlier"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
