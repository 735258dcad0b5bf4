"""A webhook: the addresses as JSON, signed as notices are."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping

from ddns.model.webhooks import check_secret, signed_post
from ddns.relays.base import Job, Kind, Setting, Steps, by_status, url_setting


def deliver(job: Job) -> Steps:
    """Post the addresses; null is for a family that the host has not."""
    at = datetime.datetime.fromtimestamp(int(job.now), datetime.UTC)
    said = {
        "host": job.host,
        **job.present._asdict(),
        "time": at.isoformat().replace("+00:00", "Z"),
    }
    # Each attempt is a message of its own: it tells what the host has at its time.
    message_id = f"relay-{job.number}-{job.now * 1000:.0f}"
    answer = yield signed_post(
        job.values["url"], job.values["secret"], message_id, job.now, json.dumps(said).encode()
    )
    if not 200 <= answer.status < 300:
        raise by_status(answer)
    return f"taken (HTTP status {answer.status})"


def target(values: Mapping[str, str]) -> str:
    """Return the URL."""
    return values["url"]


KIND = Kind((url_setting(), Setting("secret", secret=True, check=check_secret)), target, deliver)
