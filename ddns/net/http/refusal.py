"""What a client is told that is not listened to any longer."""

from __future__ import annotations

import json


def refusal(status: bytes) -> bytes:
    """Return an answer with a status such as ``b"400 Bad Request"``, in whatever API it was asked
    for: most have errors in this form, and other clients read the status."""
    body = json.dumps({"error": status[4:].decode()}).encode()
    head = (
        b"HTTP/1.1 %s" % status,
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    )
    return b"\r\n".join((*head, b"", body))
