"""Keys: the secrets that clients update hosts with."""

from __future__ import annotations

from typing import Any

from ddns.api.errors import ApiError
from ddns.model.account import KeyKind, Right
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit
from ddns.policy.secrets import ALGORITHMS


async def overview(visit: Visit) -> Answer:
    """Show all keys of the reader."""
    return await _page(visit, None)


async def add(visit: Visit) -> Answer:
    """Make a key, and show its secret for this once."""
    request = visit.request
    kind = request.field("kind")
    terms: dict[str, Any] = {}
    if kind in (KeyKind.UPDATE, KeyKind.TSIG):
        terms = {
            "zones": _words(request.field("zones")) or None,
            "types": _words(request.field("types")) or None,
            "rights": list(request.form.get("rights", ())) or None,
        }
    if kind == KeyKind.TSIG:
        terms["name"] = request.field("key_name") or None
        terms["algorithm"] = request.field("algorithm") or None
    hosts = _words(request.field("hosts"))
    try:
        made = await visit.operations.key_add(
            account=visit.caller.account, hosts=hosts or None, kind=kind, **terms
        )
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.page("key.html", key=made)


async def disable(visit: Visit) -> Answer:
    """Have clients refused that use a key."""
    return await _changed(visit, "disabled", visit.operations.key_disable)


async def enable(visit: Visit) -> Answer:
    """Let clients use a key again."""
    return await _changed(visit, "enabled", visit.operations.key_enable)


async def revoke(visit: Visit) -> Answer:
    """Remove a key."""
    return await _changed(visit, "revoked", visit.operations.key_revoke)


async def regenerate(visit: Visit) -> Answer:
    """Give a key another secret, and show it for this once."""
    try:
        made = await visit.operations.key_regenerate(_number(visit))
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.page("key.html", key=made)


async def _changed(visit: Visit, done: str, change: Any) -> Answer:
    try:
        await change(_number(visit))
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect("keys", done=done)


def _number(visit: Visit) -> int:
    """Return the number of a key in the path; 0, which none has, for what is no number."""
    return whole_number(visit.parameters["number"]) or 0


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    found = await visit.operations.key_list(account=visit.caller.account)
    request = visit.request
    return visit.page(
        "keys.html",
        200 if error is None else error.status,
        keys=found["keys"],
        kinds=list(map(str, KeyKind)),
        algorithms=ALGORITHMS,
        rights=[str(right) for right in Right if right is not Right.OPERATOR],
        typed={
            field: request.field(field)
            for field in ("kind", "hosts", "key_name", "algorithm", "zones", "types")
        },
        chosen=list(request.form.get("rights", (Right.UPDATE,))),
        acme_dns=visit.operations.rules.acme_dns.zone is not None,
        error=error,
    )
