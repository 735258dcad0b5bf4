"""deSEC, by its interface for dynamic DNS."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from ddns.model.outward import OutwardRequest
from ddns.relays.base import (
    Job,
    Kind,
    Setting,
    Steps,
    ascii_only,
    host_there,
    url_setting,
    wire_name,
)
from ddns.relays.words import read_words

URL = "https://update.dedyn.io/"

PRESERVE = "preserve"
"""What leaves the addresses of a family as they are; an empty text takes them away."""


def deliver(job: Job) -> Steps:
    """Send the addresses, and take away those that the host has no more."""
    gone = job.gone()
    if not (any(job.present) or any(gone)):
        return "nothing to do"
    sent = (new or ("" if old else PRESERVE) for new, old in zip(job.present, gone, strict=True))
    query = {
        "hostname": wire_name(job.values["hostname"]),
        **dict(zip(("myipv4", "myipv6"), sent, strict=True)),
    }
    answer = yield OutwardRequest(
        "GET",
        f"{target(job.values)}?{urlencode(query)}",
        {"Authorization": f"Token {job.values['token']}"},
    )
    return read_words(answer, job.present)


def target(values: Mapping[str, str]) -> str:
    """Return the URL without its query."""
    return values["url"].partition("?")[0]


KIND = Kind(
    (host_there(), Setting("token", secret=True, check=ascii_only), url_setting(URL)),
    target,
    deliver,
)
