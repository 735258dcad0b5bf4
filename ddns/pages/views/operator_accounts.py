"""Accounts, as operators see and change them."""

from __future__ import annotations

from ddns.api.errors import ApiError, Invalid
from ddns.pages.request import Answer, whole_number
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

PAGE = 50
"""Accounts on one page."""


async def listing(visit: Visit) -> Answer:
    """List accounts, by a search."""
    query = visit.request.query
    search, blocked = query.get("search", ""), query.get("blocked") == "1"
    found = await visit.operations.account_list(
        search or None, query.get("after") or None, PAGE, blocked
    )
    return visit.page(
        "operator_accounts.html",
        accounts=found["accounts"],
        next=found.get("next"),
        search=search,
        blocked=blocked,
    )


async def show(visit: Visit) -> Answer:
    """Show an account."""
    return await _page(visit, "", None)


async def _page(visit: Visit, part: str, error: ApiError | None) -> Answer:
    """Return an account's page, with a mistake shown in one part of it."""
    account = await visit.operations.account_show(visit.parameters["name"])
    return visit.page(
        "operator_account.html",
        200 if error is None else error.status,
        account=account,
        part=part,
        error=error,
        typed={name: visit.request.field(name) for name in ("reason", "days")},
    )


async def block(visit: Visit) -> Answer:
    """Block an account, whose owner is shown the reason."""
    name, form = visit.parameters["name"], visit.request.field
    try:
        await visit.operations.account_block(name, form("reason"), _days(form("days")))
    except MISTAKES as error:
        return await _page(visit, "block", error)
    return visit.redirect("operator", "accounts", name, done="blocked")


async def unblock(visit: Visit) -> Answer:
    """Lift a block."""
    name = visit.parameters["name"]
    await visit.operations.account_unblock(name)
    return visit.redirect("operator", "accounts", name, done="unblocked")


async def limits(visit: Visit) -> Answer:
    """Set how many hosts an account may have."""
    name, text = visit.parameters["name"], visit.request.field("hosts")
    try:
        await visit.operations.account_set(name, hosts=_hosts(text))
    except MISTAKES as error:
        return await _page(visit, "limits", error)
    return visit.redirect("operator", "accounts", name, done="limits")


async def right(visit: Visit) -> Answer:
    """Give an account the operator's right, or take it."""
    name = visit.parameters["name"]
    given = visit.request.field("operator") == "1"
    await visit.operations.account_set(name, operator=given)
    return visit.redirect("operator", "accounts", name, done="right" if given else "no-right")


async def remove_second_factors(visit: Visit) -> Answer:
    """Let somebody in by the password alone who has lost everything else."""
    name = visit.parameters["name"]
    await visit.operations.second_factor_remove(name)
    return visit.redirect("operator", "accounts", name, done="second-factors")


def _days(text: str) -> float | None:
    """Return a number of days that was typed, None for nothing.

    :raises Invalid: for no number.
    """
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid("{text} is no number", text=text) from None


def _hosts(text: str) -> int | str:
    """Return a number of hosts that was typed, nothing for as many as others; or what is none."""
    number = whole_number(text)
    return (text or "default") if number is None else number
