"""DuckDNS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from ddns.model.outward import OutwardAnswer, OutwardRequest
from ddns.relays.base import Asked, Failed, Job, Kind, Setting, Steps, by_status, url_setting

URL = "https://www.duckdns.org/update"


def deliver(job: Job) -> Steps:
    """Send the addresses. It takes away all at once only, so others are set again after that."""
    present, gone = job.present, job.gone()
    if any(gone):
        yield from _ask(job, clear="true")
    if present.ipv4 and present.ipv6:
        yield from _ask(job, ip=present.ipv4, ipv6=present.ipv6)
    elif only := present.ipv4 or present.ipv6:  # without any address it takes that of this server
        yield from _ask(job, ip=only)
    elif not any(gone):
        return "nothing to do"
    return "OK"


def _ask(job: Job, **more: str) -> Asked:
    query = {"domains": _domain(job.values), "token": job.values["token"], **more}
    answer: OutwardAnswer = yield OutwardRequest("GET", f"{target(job.values)}?{urlencode(query)}")
    said = answer.body[:100].strip()
    if said.startswith(b"KO"):
        raise Failed("it refuses the token, or does not know the domain (KO)", lasting=True)
    if said.split()[:1] != [b"OK"] or answer.status != 200:
        raise by_status(answer)
    return answer


def target(values: Mapping[str, str]) -> str:
    """Return the URL without its query."""
    return values["url"].partition("?")[0]


def _domain(values: Mapping[str, str]) -> str:
    return values["domain"].lower().removesuffix(".duckdns.org")


def _is_domain(text: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,63}(\.duckdns\.org)?", text):
        raise ValueError("expected one name, with or without .duckdns.org")


KIND = Kind(
    (Setting("domain", check=_is_domain), Setting("token", secret=True), url_setting(URL)),
    target,
    deliver,
)
