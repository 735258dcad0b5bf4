"""A person's account: address, password, language, data, and leaving."""

from __future__ import annotations

import json

from ddns.api.errors import ApiError
from ddns.pages import cookies
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit


async def overview(visit: Visit) -> Answer:
    """Show everything about the account."""
    return await page(visit)


async def page(visit: Visit, part: str = "", error: ApiError | None = None) -> Answer:
    """Return the account's page, with a mistake shown in one part of it."""
    operations, name = visit.operations, visit.caller.logged_in_account()
    account = await operations.account_show(name)
    sessions = await operations.session_list()
    factors = await operations.second_factor_show()
    return visit.page(
        "account.html",
        200 if error is None else error.status,
        account=account,
        sessions=sessions["sessions"],
        factors=factors,
        part=part,
        error=error,
    )


async def change_email(visit: Visit) -> Answer:
    """Ask for another address; a mail with a token goes there."""
    request = visit.request
    email = request.field("email")
    try:
        await visit.operations.email_change(email, request.secret("password"))
    except MISTAKES as error:
        return await page(visit, "email", error)
    return visit.page("signed_up.html", email=email)


async def change_password(visit: Visit) -> Answer:
    """Change the password: every other session ends, and this one goes on as a new one."""
    request = visit.request
    try:
        session = await visit.operations.password_change(
            request.secret("old"), request.secret("new")
        )
    except MISTAKES as error:
        return await page(visit, "password", error)
    visit.keep_session(str(session["token"]))
    return visit.redirect("account", done="password")


async def change_language(visit: Visit) -> Answer:
    """Choose the language of pages, on every device."""
    chosen = visit.request.field("language")
    await visit.operations.account_change(language=chosen)
    visit.keep_language(chosen)
    return visit.redirect("account", done="language")


async def close_session(visit: Visit) -> Answer:
    """End another session, or all others."""
    number = visit.request.field("session")
    if number == "others":
        await visit.operations.session_close_others()
    else:
        await visit.operations.session_close(number)
    return visit.redirect("account", done="session")


async def export(visit: Visit) -> Answer:
    """Give the reader a file with everything that is stored about the account."""
    name = visit.caller.logged_in_account()
    parts = [await visit.operations.account_export(name)]
    while (after := parts[-1].get("next")) is not None:
        parts.append(await visit.operations.account_export(name, after=after))
    body = json.dumps(parts[0] if len(parts) == 1 else parts, indent=1).encode()
    headers = (("Content-Disposition", 'attachment; filename="ddns-account.json"'),)
    return Answer(body, content_type="application/json", headers=headers)


async def leave_form(visit: Visit) -> Answer:
    """Say what goes, and ask for the password."""
    return visit.page("leave.html", error=None)


async def leave(visit: Visit) -> Answer:
    """Remove the account with its hosts and keys."""
    name = visit.caller.logged_in_account()
    try:
        await visit.operations.account_leave(name, visit.request.secret("password"))
    except MISTAKES as error:
        return visit.page("leave.html", error.status, error=error)
    visit.headers.append(cookies.header(visit.request, cookies.SESSION, "", None))
    return visit.redirect("", done="left")
