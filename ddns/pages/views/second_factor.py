"""Passkeys, one-time codes and recovery codes of an account, and logging in with a passkey."""

from __future__ import annotations

import json
from typing import Any

from ddns.api.errors import Invalid
from ddns.pages.request import Answer, whole_number
from ddns.pages.views import account
from ddns.pages.views.entry import MISTAKES, after_log_in
from ddns.pages.visit import Visit

JSON = "application/json"


async def totp_add(visit: Visit) -> Answer:
    """Make a secret for one-time codes, and show it this once."""
    try:
        made = await visit.operations.totp_add(visit.request.secret("password"))
    except MISTAKES as error:
        return await account.page(visit, "totp", error)
    return visit.page("totp.html", secret=made["secret"], uri=made["uri"], error=None)


async def totp_confirm(visit: Visit) -> Answer:
    """Switch one-time codes on, with the first of them; show the recovery codes this once."""
    try:
        made = await visit.operations.totp_confirm(visit.request.field("code"))
    except MISTAKES as error:
        return visit.page("totp.html", error.status, secret="", error=error)
    return _added(visit, made["recovery_codes"], "totp-on")


async def totp_disable(visit: Visit) -> Answer:
    """Switch one-time codes off."""
    try:
        await visit.operations.totp_disable(visit.request.secret("password"))
    except MISTAKES as error:
        return await account.page(visit, "totp", error)
    return visit.redirect("account", done="totp")


async def recovery_codes(visit: Visit) -> Answer:
    """Replace the recovery codes, and show the new ones this once."""
    try:
        made = await visit.operations.recovery_codes_add(visit.request.secret("password"))
    except MISTAKES as error:
        return await account.page(visit, "recovery", error)
    return visit.page("recovery_codes.html", codes=made["recovery_codes"])


async def passkey_options(visit: Visit) -> Answer:
    """Tell a script what to ask an authenticator for a new passkey."""
    return await _as_json(visit, visit.operations.passkey_options(visit.request.secret("password")))


async def passkey_add(visit: Visit) -> Answer:
    """Keep a new passkey."""
    try:
        added = await visit.operations.passkey_add(visit.request.field("name"), _credential(visit))
    except MISTAKES as error:
        return await account.page(visit, "passkeys", error)
    return _added(visit, added["recovery_codes"], "passkey")


def _added(visit: Visit, codes: list[str] | None, done: str) -> Answer:
    """Show the recovery codes, which are made with the first second factor."""
    if codes is None:
        return visit.redirect("account", done=done)
    return visit.page("recovery_codes.html", codes=codes)


async def passkey_remove(visit: Visit) -> Answer:
    """Forget a passkey."""
    number = whole_number(visit.request.field("passkey"))
    if number is None:
        raise Invalid("there is no such passkey")
    await visit.operations.passkey_remove(number)
    return visit.redirect("account", done="passkey-removed")


async def log_in_options(visit: Visit) -> Answer:
    """Tell a script what to ask an authenticator for to log in."""
    return await _as_json(visit, visit.operations.passkey_login_options())


async def log_in(visit: Visit) -> Answer:
    """Log in with a passkey."""
    try:
        session = await visit.operations.passkey_log_in(_credential(visit))
    except MISTAKES as error:
        return visit.page("login.html", error.status, name="", next="", error=error)
    return after_log_in(visit, session)


def _credential(visit: Visit) -> dict[str, Any]:
    """Return what a script got of an authenticator.

    :raises Invalid: for anything else.
    """
    try:
        given = json.loads(visit.request.secret("credential"))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid("the browser sent no passkey")
    return given


async def _as_json(visit: Visit, asked: Any) -> Answer:
    try:
        status, answer = 200, await asked
    except MISTAKES as error:
        status, answer = error.status, {"error": visit.reason(error)}
    return Answer(json.dumps(answer).encode(), status, JSON)
