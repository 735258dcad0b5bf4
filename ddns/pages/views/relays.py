"""The services elsewhere to which a host is passed on."""

from __future__ import annotations

from ddns.api.errors import ApiError, Invalid
from ddns.api.relays import settings_of
from ddns.model.relays import RelayKind
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit


async def show(visit: Visit) -> Answer:
    """Show the relays of a host, and a form for one of the kind that was chosen."""
    return await _page(visit, None)


async def add(visit: Visit) -> Answer:
    """Set a relay. The secret that a webhook gets is shown for this once."""
    name, form = visit.parameters["name"], visit.request.field
    kind = form("kind")
    given = {one.name: form(one.name) for one in settings_of(kind) if form(one.name)}
    try:
        added = await visit.operations.relay_add(name, kind, given)
    except MISTAKES as error:
        return await _page(visit, error)
    if "secret" in added:
        return await _page(visit, None, added["secret"])
    return visit.redirect("hosts", name, "relays", done="added")


async def remove(visit: Visit) -> Answer:
    """Remove a relay."""
    try:
        await visit.operations.relay_remove(_number(visit))
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("hosts", visit.parameters["name"], "relays", done="removed")


async def retry(visit: Visit) -> Answer:
    """Deliver to a relay now."""
    try:
        await visit.operations.relay_retry(_number(visit))
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("hosts", visit.parameters["name"], "relays", done="retried")


def _number(visit: Visit) -> int:
    """Return the number of a relay.

    :raises Invalid: if it is none.
    """
    text = visit.parameters["number"]
    number = whole_number(text)
    if number is None:
        raise Invalid("{text} is no whole number", text=text)
    return number


async def _page(visit: Visit, error: ApiError | None, secret: str = "") -> Answer:
    request, name = visit.request, visit.parameters["name"]
    found = await visit.operations.relay_list(name)
    kind = request.field("kind") or request.query.get("kind", "")
    settings = settings_of(kind)
    return visit.page(
        "relays.html",
        200 if error is None else error.status,
        name=name,
        relays=found["relays"],
        may_add=visit.operations.may_set_relays(),
        kinds=list(RelayKind),
        kind=kind if settings else "",
        settings=[] if secret else settings,
        typed={one.name: request.field(one.name) or one.default or "" for one in settings},
        secret=secret,
        error=error,
    )
