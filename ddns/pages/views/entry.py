"""Signing up, confirming, logging in and out, and forgotten passwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ddns.api.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    SecondFactorNeeded,
    TooMany,
    Unauthenticated,
    WrongCode,
)
from ddns.pages import cookies
from ddns.pages.request import Answer
from ddns.pages.visit import Visit, segments_of

MISTAKES = (Invalid, Conflict, NotFound, Forbidden, Unauthenticated, TooMany)
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
    """Open a session, or ask for a second factor first."""
    request = visit.request
    try:
        session = await visit.operations.log_in(request.field("name"), request.secret("password"))
    except SecondFactorNeeded as needed:
        return _code_page(visit, needed.ticket, needed.ways, None)
    except MISTAKES as error:
        return _log_in_page(visit, error)
    return after_log_in(visit, session)


async def log_in_code(visit: Visit) -> Answer:
    """Open a session with a one-time or recovery code, after the right password."""
    ticket = visit.request.secret("ticket")
    try:
        session = await visit.operations.log_in_code(ticket, visit.request.field("code"))
    except (WrongCode, TooMany) as error:
        return _code_page(visit, ticket, [], error)
    except MISTAKES as error:
        return _log_in_page(visit, error)
    return after_log_in(visit, session)


def _code_page(visit: Visit, ticket: str, ways: Sequence[str], error: ApiError | None) -> Answer:
    """Ask for a code, which an app or a list of recovery codes has, or for a passkey."""
    values = {"ticket": ticket, "ways": ways, "next": visit.request.field("next")}
    return visit.page("code.html", 200 if error is None else error.status, error=error, **values)


def after_log_in(visit: Visit, session: dict[str, Any]) -> Answer:
    """Keep a new session, and go where the reader wanted to."""
    visit.keep_session(str(session["token"]))
    if session["language"] is not None:
        visit.keep_language(session["language"])
    return visit.redirect(*segments_of(visit.request.field("next") or "hosts"))


async def log_out(visit: Visit) -> Answer:
    """End the session."""
    await visit.operations.log_out()
    visit.headers.append(cookies.header(visit.request, cookies.SESSION, "", None))
    return visit.redirect("")


async def forgotten_form(visit: Visit) -> Answer:
    """Ask whose password was forgotten."""
    return visit.page("forgotten.html", error=None)


async def forgotten(visit: Visit) -> Answer:
    """Send a mail with a token for another password, if there is such an account."""
    subject = visit.request.field("name")
    try:
        await visit.operations.password_reset_request(subject)
    except MISTAKES as error:
        return visit.page("forgotten.html", error.status, error=error)
    return visit.redirect("reset", done="sent")


async def reset_form(visit: Visit) -> Answer:
    """Ask for the token from the mail and another password."""
    return visit.page("reset.html", token=visit.request.query.get("token", ""), error=None)


async def reset(visit: Visit) -> Answer:
    """Set another password."""
    request = visit.request
    token = request.field("token")
    try:
        await visit.operations.password_reset(token, request.secret("password"))
    except MISTAKES as error:
        return visit.page("reset.html", error.status, token=token, error=error)
    return visit.redirect("login", done="reset")
