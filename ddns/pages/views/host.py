"""One host: whether and why not it is updated, its records, settings, keys and changes."""

from __future__ import annotations

from ddns.api.errors import ApiError, Invalid
from ddns.pages.diagnosed import in_words
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.views.host_records import TYPES
from ddns.pages.visit import Visit

_SETTINGS = {
    "ttl": 0,
    "wildcard": False,
    "expire_after": 0,
    "interface_id": "",
    "follows": "",
    "follows_address": False,
}
"""The settings of a host, and what those are that it has not."""


async def show(visit: Visit) -> Answer:
    """Show a host."""
    return await _page(visit, None)


async def change(visit: Visit) -> Answer:
    """Change how a host behaves."""
    request, name = visit.request, visit.parameters["name"]
    try:
        await visit.operations.host_set(
            name,
            ttl=_number(request.field("ttl")),
            wildcard=bool(request.field("wildcard")),
            expire_after=_number(request.field("expire_after") or "0"),
            interface_id=request.field("interface_id"),
            follows=request.field("follows"),
            follows_address=bool(request.field("follows_address")),
        )
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("hosts", name, done="changed")


async def remove(visit: Visit) -> Answer:
    """Remove a host."""
    name = visit.parameters["name"]
    try:
        await visit.operations.host_remove(name)
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("hosts", done="removed")


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    name = visit.parameters["name"]
    found = await visit.operations.host_overview(name)
    host, diagnosis = found.host, found.diagnosis
    relays = (await visit.operations.relay_list(name))["relays"] if diagnosis else []
    request = visit.request
    now = {key: host.get(key, default) for key, default in _SETTINGS.items()}
    typed = {key: request.field(key) for key in _SETTINGS} if request.form else now
    return visit.page(
        "host.html",
        200 if error is None else error.status,
        host=host,
        diagnosis=diagnosis and in_words(visit, diagnosis),
        types=TYPES,
        keys=found.keys,
        events=found.events,
        relays=relays,
        may_relay=visit.operations.may_set_relays(),
        error=error,
        **typed,
    )


def _number(text: str) -> int:
    """Return a whole number.

    :raises Invalid: if that is none.
    """
    number = whole_number(text)
    if number is None:
        raise Invalid("{text} is no whole number", text=text)
    return number
