"""One-time codes from an app (TOTP, RFC 6238) with the parameters that all apps know: SHA-1, six
digits, a step of 30 seconds."""

from __future__ import annotations

import hmac

import pyotp

DIGITS = 6

WINDOW = 1
"""Steps by which the clock of an app may be wrong (RFC 6238 5.2)."""


def generate_secret() -> str:
    """Generate a secret: 160 bits in Base32, as many as SHA-1 has (RFC 4226 4)."""
    return pyotp.random_base32()


def uri(secret: str, account: str, issuer: str) -> str:
    """Return what a QR code tells an app."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def is_code(text: str) -> bool:
    """Return whether a text without spaces can be one of these codes."""
    return len(text) == DIGITS and text.isascii() and text.isdigit()


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """Return the time step that a code belongs to, if that is close to *now*, in seconds since
    1970, and later than the step *after*."""
    totp = pyotp.TOTP(secret, digits=DIGITS)
    present = int(now) // totp.interval
    found = None
    for step in range(max(0, present - WINDOW), present + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            found = step
    return found
