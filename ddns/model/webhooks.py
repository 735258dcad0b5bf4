"""What is posted to others, signed as the Standard Webhooks have it: receivers verify it with
libraries that are there already.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import secrets

from ddns.model.outward import OutwardRequest

SECRET_SIZE = 32
"""Octets of a secret that is made here."""

SIZES = range(24, 65)
"""Octets that a secret may have."""

PREFIX = "whsec_"
"""What a secret begins with as it is shown, before its Base64."""


def new_secret() -> str:
    """Return a secret as whoever verifies signatures gets it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_SIZE)).decode()


def check_secret(text: str) -> None:
    """Check a secret that somebody else has made; it may lack the prefix.

    :raises ValueError: when no signature could be made with it, or one that is easily forged.
    """
    octets = b""
    with contextlib.suppress(ValueError):
        octets = _octets(text)
    # Other decoders refuse what Python's forgives.
    is_exact = base64.b64encode(octets).decode() == text.removeprefix(PREFIX)
    if len(octets) not in SIZES or not is_exact:
        raise ValueError(f"expected {PREFIX} and {SIZES[0]} to {SIZES[-1]} octets in Base64")


def signed_post(url: str, secret: str, message_id: str, at: float, body: bytes) -> OutwardRequest:
    """Return the request that posts JSON: HMAC-SHA256 over the message's id, the time, and the
    body, with dots between them.

    :param secret: as :func:`new_secret` returns it.
    :param message_id: without a dot; the same for each attempt with the same body, so that a
        receiver knows what it has already.
    :param at: when this attempt is made, in seconds since 1970; receivers refuse old ones.
    """
    moment = str(int(at))
    signed = b".".join((message_id.encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.digest(_octets(secret), signed, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": message_id,
        "Webhook-Timestamp": moment,
        "Webhook-Signature": f"v1,{signature}",
    }
    return OutwardRequest("POST", url, headers, body)


def _octets(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
