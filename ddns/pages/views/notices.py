"""What the reader is told of hosts, where it is sent, and links that switch mails off."""

from __future__ import annotations

from typing import Any

from ddns.api.errors import ApiError
from ddns.model.notices import OF_ACCOUNTS, Kind, Way
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit


async def show(visit: Visit) -> Answer:
    """Show what the reader is told."""
    return await _page(visit, None)


async def change(visit: Visit) -> Answer:
    """Change it, or forget what was said of a host."""
    request = visit.request
    days = whole_number(request.field("silent_days") or "0")
    wanted: dict[str, Any] = {
        "mail": list(request.form.get("mail", ())),
        "targets": list(request.form.get("targets", ())),
        "silent_days": -1 if days is None else days,
    }
    reset = bool(request.field("reset"))
    try:
        await visit.operations.notice_set(
            **_subject(visit), reset=reset, **({} if reset else wanted)
        )
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect(*_place(visit), done="changed")


async def add(visit: Visit) -> Answer:
    """Have notices sent somewhere else too; show a webhook's secret for this once."""
    request = visit.request
    try:
        made = await visit.operations.notice_target_add(
            request.field("way"), request.field("url"), **_subject(visit)
        )
    except MISTAKES as error:
        return await _page(visit, error)
    if made["secret"] is None:
        return visit.redirect(*_place(visit), done="added")
    return visit.page("notice_secret.html", made=made, place=_place(visit))


async def remove(visit: Visit) -> Answer:
    """Send nothing there any more."""
    try:
        await visit.operations.notice_target_remove(
            whole_number(visit.request.field("target")) or 0
        )
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect(*_place(visit), done="removed")


async def off_form(visit: Visit) -> Answer:
    """Ask whether to switch off a kind of mails. Opening the link changes nothing yet: programs
    that look through mails open links, too."""
    token = visit.request.query.get("token", "")
    try:
        unwanted = await visit.operations.notice_link(token)
    except MISTAKES as error:
        return visit.page("notice_off.html", error.status, token="", unwanted=None, error=error)
    return visit.page("notice_off.html", token=token, unwanted=unwanted, error=None)


async def off(visit: Visit) -> Answer:
    """Switch it off: by the form, or at one click in a mail program (RFC 8058), which sends the
    link's own token in its query."""
    token = visit.request.field("token") or visit.request.query.get("token", "")
    try:
        unwanted = await visit.operations.notice_off(token)
    except MISTAKES as error:
        return visit.page("notice_off.html", error.status, token="", unwanted=None, error=error)
    return visit.page("notice_off.html", token="", unwanted=unwanted, error=None)


def _subject(visit: Visit) -> dict[str, Any]:
    name = visit.parameters.get("name")
    return {"host": name} if name else {"account": visit.caller.account}


def _place(visit: Visit) -> tuple[str, ...]:
    name = visit.parameters.get("name")
    return ("hosts", name, "notices") if name else ("account", "notices")


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    found = await visit.operations.notice_show(**_subject(visit))
    kinds = [str(kind) for kind in Kind if not (found["host"] and kind in OF_ACCOUNTS)]
    return visit.page(
        "notices.html",
        200 if error is None else error.status,
        found=found,
        kinds=kinds,
        place=_place(visit),
        ways=[str(way) for way in (Way.WEBHOOK, Way.APPRISE)],
        error=error,
    )
