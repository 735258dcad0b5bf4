"""A webhook: the addresses as JSON, signed."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from collections.abc import Mapping

from ddns.model.outward import OutwardRequest
from ddns.relays.base import Job, Kind, Setting, Steps, by_status, url_setting

TIMESTAMP, SIGNATURE = "X-DDNS-Timestamp", "X-DDNS-Signature"
"""Headers with the time of sending in seconds since 1970, and ``sha256=`` with the HMAC-SHA256, in
hexadecimal digits, of that time, a dot and the body."""


def deliver(job: Job) -> Steps:
    """Post the addresses; null is for a family that the host has not."""
    at = datetime.datetime.fromtimestamp(int(job.now), datetime.UTC)
    said = {
        "host": job.host,
        **job.present._asdict(),
        "time": at.isoformat().replace("+00:00", "Z"),
    }
    body, stamp = json.dumps(said).encode(), str(int(job.now))
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP: stamp,
        SIGNATURE: f"sha256={sign(job.values['secret'], stamp, body)}",
    }
    answer = yield OutwardRequest("POST", job.values["url"], headers, body)
    if not 200 <= answer.status < 300:
        raise by_status(answer)
    return f"taken (HTTP status {answer.status})"


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body that is sent at a time."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def target(values: Mapping[str, str]) -> str:
    """Return the URL."""
    return values["url"]


KIND = Kind((url_setting(), Setting("secret", secret=True)), target, deliver)
