"""Cookies (RFC 6265bis), and the token that proves that a form is ours.

Hosts of our own zones are siblings of this server as far as browsers care, and may set cookies for
it. So over HTTPS names have the prefix ``__Host-``, which a sibling cannot set.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from ddns.pages.request import PageRequest

SESSION, VISITOR, LANGUAGE = "ddns", "ddns-visitor", "ddns-language"
YEAR = 31_536_000


def _name(request: PageRequest, name: str) -> str:
    return f"__Host-{name}" if request.secure else name


def read(request: PageRequest, name: str) -> str:
    """Return a cookie of ours; empty if there is none."""
    return request.cookies.get(_name(request, name), "")


def header(request: PageRequest, name: str, value: str, age: int | None) -> tuple[str, str]:
    """Return the header that sets a cookie for *age* seconds, None for until the browser ends; an
    empty value removes it. Scripts cannot read it, and other sites cannot have it sent."""
    parts = [f"{_name(request, name)}={value}", "Path=/", "HttpOnly", "SameSite=Strict"]
    if request.secure:
        parts.append("Secure")
    if age is not None or not value:
        parts.append(f"Max-Age={age if value else 0}")
    return "Set-Cookie", "; ".join(parts)


def new_visitor() -> str:
    """Return a cookie for somebody who has not logged in."""
    return secrets.token_urlsafe(24)


def form_token(cookie: str) -> str:
    """Return the token that a form has to bring back: it shows that whoever made the form knows the
    cookie, and does not tell it."""
    digest = hmac.digest(cookie.encode("utf-8", "surrogateescape"), b"form", hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()


def is_form_token(cookie: str, given: str) -> bool:
    """Return whether a form with this token was made for the owner of the cookie."""
    expected = form_token(cookie).encode()
    return bool(cookie) and hmac.compare_digest(expected, given.encode("utf-8", "replace"))
