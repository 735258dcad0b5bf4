"""Cloudflare, by version 4 of its API."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ddns.model.outward import OutwardAnswer, OutwardRequest
from ddns.relays.base import (
    Failed,
    Job,
    Kind,
    Setting,
    Steps,
    ascii_only,
    by_status,
    host_there,
    url_setting,
    wire_name,
)

URL = "https://api.cloudflare.com/client/v4"

_Found = Generator[OutwardRequest, OutwardAnswer, Any]


def deliver(job: Job) -> Steps:
    """Have a record for each address, and none for one that the host has no more."""
    gone = job.gone()
    if not (any(job.present) or any(gone)):
        return "nothing to do"
    ask, name = _Asking(job.values), wire_name(job.values["hostname"])
    zone = yield from _zone(ask, job.values["zone"], name)
    done = []
    for kind, address, old in zip(("A", "AAAA"), job.present, gone, strict=True):
        if address is None and old is None:
            continue
        path = f"/zones/{zone}/dns_records"
        found = yield from ask("GET", path, {"type": kind, "name": name})
        record = found[0] if found else None
        if address is None:
            if record is not None:
                yield from ask("DELETE", f"{path}/{_identifier(record)}")
                done.append(f"{kind} removed")
        elif record is None:
            body = {"type": kind, "name": name, "content": address, "ttl": 1}
            yield from ask("POST", path, body=body)
            done.append(f"{kind} added")
        elif record.get("content") != address:
            yield from ask("PATCH", f"{path}/{_identifier(record)}", body={"content": address})
            done.append(f"{kind} changed")
    return ", ".join(done) or "it has the addresses already"


class _Asking:
    """Asks the API, and returns the result in an answer."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._base = target(values)
        self._headers = {"Authorization": f"Bearer {values['token']}"}

    def __call__(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> _Found:
        url = self._base + path + (f"?{urlencode(query)}" if query else "")
        headers, octets = self._headers, b""
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
            octets = json.dumps(body).encode()
        answer = yield OutwardRequest(method, url, headers, octets)
        try:
            said = json.loads(answer.body)
            result = said["result"] if said["success"] is True else None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise by_status(answer) from None
        if result is None or answer.status >= 300:
            raise by_status(answer)
        if method == "GET" and not (
            isinstance(result, list) and all(isinstance(one, dict) for one in result)
        ):
            raise by_status(answer)
        return result


def _zone(ask: _Asking, zone: str, name: str) -> _Found:
    """Return the identifier of the zone: that of the settings, or the nearest above the name."""
    labels = name.split(".")
    above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    for origin in [wire_name(zone)] if zone else above[:10]:
        found = yield from ask("GET", "/zones", {"name": origin})
        if found:
            return _identifier(found[0])
    raise Failed("the token reaches no zone for the name", lasting=True)


def _identifier(thing: Mapping[str, object]) -> str:
    """Return an identifier as a segment of a path."""
    text = thing.get("id")
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise Failed("it answered with an identifier that is none")
    return quote(text)


def target(values: Mapping[str, str]) -> str:
    """Return the URL of the API."""
    return values["url"].partition("?")[0].rstrip("/")


KIND = Kind(
    (
        host_there(),
        Setting("token", secret=True, check=ascii_only),
        host_there("zone")._replace(default=""),
        url_setting(URL),
    ),
    target,
    deliver,
)
