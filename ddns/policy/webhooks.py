"""Signatures of what is posted to others, as the Standard Webhooks have them: receivers verify them
with libraries that are there already.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import secrets

SECRET_SIZE = 32
"""Octets of a secret."""

PREFIX = "whsec_"
"""What a secret begins with as it is shown, before its Base64."""


def new_secret() -> str:
    """Return a secret as whoever verifies signatures gets it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_SIZE)).decode()


def signed_headers(secret: str, message_id: str, at: float, body: bytes) -> dict[str, str]:
    """Return the headers that go with a body: HMAC-SHA256 over the message's id, the time, and the
    body, with dots between them.

    :param secret: as :func:`new_secret` returns it.
    :param message_id: the same for each attempt, so that a receiver knows what it has already.
    :param at: when this attempt is made, in seconds since 1970; receivers refuse old ones.
    """
    moment = str(int(at))
    signed = b".".join((message_id.encode(), moment.encode(), body))
    digest = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, "sha256")
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": moment,
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
