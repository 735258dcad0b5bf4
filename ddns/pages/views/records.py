"""The records of a zone, and the editor of one RRset."""

from __future__ import annotations

import json
from typing import Any

from ddns.api.errors import ApiError, Invalid, NotFound
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

PAGE = 50
"""Names on one page."""


async def listing(visit: Visit) -> Answer:
    """List the records of a zone."""
    return await _listing(visit, _typed(visit), None)


async def save(visit: Visit) -> Answer:
    """Add an RRset, or replace it."""
    typed = _typed(visit)
    again = _editor if visit.request.field("editing") else _listing
    try:
        found = await _checked(visit, typed)
        if any(one["error"] for one in found):
            return await again(visit, typed, None, found)
        await visit.operations.record_set(
            typed["owner"], typed["type"], typed["rdatas"], _ttl(typed["ttl"])
        )
    except MISTAKES as error:
        return await again(visit, typed, error)
    return visit.redirect("zones", visit.parameters["origin"], "records", done="saved")


async def edit(visit: Visit) -> Answer:
    """Show the editor of an RRset."""
    owner, kind = visit.parameters["owner"], visit.parameters["type"]
    shown = await visit.operations.record_show(owner)
    for rrset in shown["records"]:
        if rrset["type"] == kind.upper():
            return await _editor(visit, {**rrset, "name": rrset["owner"]}, None)
    raise NotFound("{owner} has no {type} records", owner=owner, type=kind)


async def remove(visit: Visit) -> Answer:
    """Remove an RRset."""
    typed = _typed(visit)
    try:
        await visit.operations.record_delete(typed["owner"], typed["type"])
    except MISTAKES as error:
        return await _editor(visit, typed, error)
    return visit.redirect("zones", visit.parameters["origin"], "records", done="removed")


async def check(visit: Visit) -> Answer:
    """Tell a script what is wrong with what has been typed so far."""
    try:
        problems = _problems(visit, await _checked(visit, _typed(visit)))
    except MISTAKES as error:
        problems = [visit.say(error.message, **error.parameters)]
    body = json.dumps({"problems": problems}).encode()
    return Answer(body, content_type="application/json")


def _typed(visit: Visit) -> dict[str, Any]:
    """Return what a form of an RRset has in it."""
    form, origin = visit.request.field, visit.parameters["origin"]
    return {
        "name": form("name"),
        "owner": _owner(form("name"), origin),
        "type": form("type"),
        "ttl": form("ttl"),
        "rdatas": [line.strip() for line in form("rdatas").splitlines() if line.strip()],
    }


def _owner(name: str, origin: str) -> str:
    """Return an owner name as it was typed: in the zone, unless it ends with a dot or the origin.

    >>> _owner("www", "example.net"), _owner("@", "example.net"), _owner("a.b.", "example.net")
    ('www.example.net', 'example.net', 'a.b.')
    """
    if name in ("", "@"):
        return origin
    if name.endswith(".") or f".{name}".lower().endswith(f".{origin}".lower()):
        return name
    return f"{name}.{origin}"


def _ttl(text: str) -> int | None:
    """Return a TTL in seconds, None for the usual one.

    :raises Invalid: for no number.
    """
    if not text:
        return None
    seconds = whole_number(text)
    if seconds is None:
        raise Invalid("a TTL is a number of seconds")
    return seconds


async def _checked(visit: Visit, typed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is wrong with each line of rdata."""
    if not typed["type"]:
        raise Invalid("choose a type")
    found = await visit.operations.record_check(
        typed["owner"], typed["type"], typed["rdatas"], zone=visit.parameters["origin"]
    )
    records: list[dict[str, Any]] = found["records"]
    return records


def _problems(visit: Visit, checked: list[dict[str, Any]]) -> list[str]:
    return [
        visit.say("line {number}: {problem}", number=number, problem=one["error"])
        for number, one in enumerate(checked, 1)
        if one["error"]
    ]


async def _listing(
    visit: Visit,
    typed: dict[str, Any],
    error: ApiError | None,
    checked: list[dict[str, Any]] | None = None,
) -> Answer:
    query, origin = visit.request.query, visit.parameters["origin"]
    search = query.get("search", "")
    zone = await visit.operations.zone_show(origin, ask=False)
    found = await visit.operations.record_list(
        origin, search or None, query.get("after") or None, PAGE
    )
    problems = _problems(visit, checked or [])
    return visit.page(
        "zone_records.html",
        400 if problems else 200 if error is None else error.status,
        zone=zone,
        records=found["records"],
        next=found.get("next"),
        search=search,
        typed=typed,
        problems=problems,
        error=error,
    )


async def _editor(
    visit: Visit,
    typed: dict[str, Any],
    error: ApiError | None,
    checked: list[dict[str, Any]] | None = None,
) -> Answer:
    zone = await visit.operations.zone_show(visit.parameters["origin"], ask=False)
    problems = _problems(visit, checked or [])
    status = 400 if problems else 200 if error is None else error.status
    return visit.page(
        "zone_record.html", status, zone=zone, typed=typed, problems=problems, error=error
    )
