"""Invitations to a zone, its members, and joining one."""

from __future__ import annotations

from ddns.api.errors import ApiError, Invalid
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit


async def listing(visit: Visit) -> Answer:
    """List the invitations to a zone and its members."""
    return await _page(visit, None)


async def add(visit: Visit) -> Answer:
    """Make an invitation; its link is shown in the answer, and never again."""
    origin, form = visit.parameters["origin"], visit.request.field
    try:
        made = await visit.operations.invitation_add(
            origin, _number(form("uses")), _number(form("days"))
        )
    except MISTAKES as error:
        return await _page(visit, error)
    zone = await visit.operations.zone_show(origin, ask=False)
    link = f"{visit.service.url() or visit.request.origin}/join/{made['code']}"
    return visit.page("invitation.html", zone=zone, invitation=made, link=link)


async def revoke(visit: Visit) -> Answer:
    """Revoke an invitation."""
    origin = visit.parameters["origin"]
    await visit.operations.invitation_revoke(origin, _number(visit.parameters["number"]))
    return visit.redirect("zones", origin, "invitations", done="revoked")


async def remove_member(visit: Visit) -> Answer:
    """End a membership."""
    origin = visit.parameters["origin"]
    await visit.operations.member_remove(origin, visit.parameters["account"])
    return visit.redirect("zones", origin, "invitations", done="removed")


async def join_form(visit: Visit) -> Answer:
    """Ask whether the reader wants to join: opening the link changes nothing yet."""
    return visit.page("join.html", code=visit.parameters["code"], error=None)


async def join(visit: Visit) -> Answer:
    """Become a member of the zone that an invitation is for."""
    code = visit.parameters["code"]
    try:
        await visit.operations.invitation_redeem(code)
    except MISTAKES as error:
        return visit.page("join.html", error.status, code=code, error=error)
    return visit.redirect("zones", done="joined")


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    origin, form = visit.parameters["origin"], visit.request.field
    zone = await visit.operations.zone_show(origin, ask=False)
    invitations = await visit.operations.invitation_list(origin)
    members = await visit.operations.member_list(origin)
    return visit.page(
        "zone_invitations.html",
        200 if error is None else error.status,
        zone=zone,
        invitations=invitations["invitations"],
        members=members["members"],
        typed={"uses": form("uses") or "1", "days": form("days") or "7"},
        error=error,
    )


def _number(text: str) -> int:
    """Return a number that was typed.

    :raises Invalid: for anything else.
    """
    number = whole_number(text)
    if number is None:
        raise Invalid("{text} is no number", text=text)
    return number
