"""Signing up, confirming, logging in and out."""

from __future__ import annotations

from ddns.api.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ddns.pages import cookies
from ddns.pages.request import Answer
from ddns.pages.visit import Visit

MISTAKES = (Invalid, Conflict, NotFound, Forbidden, Unauthenticated)
"""Refusals that are shown in the form, for another try."""


async def sign_up_form(visit: Visit) -> Answer:
    """Ask for what an account takes."""
    return visit.page("signup.html", name="", email="", error=None)


async def sign_up(visit: Visit) -> Answer:
    """Ask for an account; a mail with a token goes out."""
    request = visit.request
    name, email = request.field("name"), request.field("email")
    try:
        await visit.operations.register(name, request.secret("password"), email)
    except MISTAKES as error:
        return visit.page("signup.html", error.status, name=name, email=email, error=error)
    return visit.page("signed_up.html", email=email)


async def confirm_form(visit: Visit) -> Answer:
    """Ask for the token from a mail, which its link has brought already.

    Opening the link changes nothing yet: programs that look through mails open links, too.
    """
    return visit.page("confirm.html", token=visit.request.query.get("token", ""), error=None)


async def confirm(visit: Visit) -> Answer:
    """Confirm with the token from a mail."""
    token = visit.request.field("token")
    try:
        await visit.operations.confirm(token)
    except MISTAKES as error:
        return visit.page("confirm.html", error.status, token=token, error=error)
    return visit.redirect("login", done="confirmed")


async def log_in_form(visit: Visit) -> Answer:
    """Ask for name and password."""
    return _log_in_page(visit, None)


def _log_in_page(visit: Visit, error: ApiError | None) -> Answer:
    request = visit.request
    status = 200 if error is None else error.status
    wanted = request.field("next") or request.query.get("next", "")
    return visit.page("login.html", status, name=request.field("name"), next=wanted, error=error)


async def log_in(visit: Visit) -> Answer:
    """Open a session, and go where the reader wanted to."""
    request = visit.request
    try:
        session = await visit.operations.log_in(request.field("name"), request.secret("password"))
    except MISTAKES as error:
        return _log_in_page(visit, error)
    token = str(session["token"])
    visit.headers.append(cookies.header(request, cookies.SESSION, token, cookies.YEAR))
    return visit.redirect(*(request.field("next") or "hosts").split("/"))


async def log_out(visit: Visit) -> Answer:
    """End the session."""
    await visit.operations.log_out()
    visit.headers.append(cookies.header(visit.request, cookies.SESSION, "", None))
    return visit.redirect("")
