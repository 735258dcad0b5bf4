"""dyndns2: the protocol of dyndns.org, which this server speaks as well."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from ddns.model.outward import OutwardRequest
from ddns.relays.base import Job, Kind, Setting, Steps, host_there, url_setting, wire_name
from ddns.relays.words import read_words

PATH = "/nic/update"


def deliver(job: Job) -> Steps:
    """Send the addresses; take away those of families that the host has no more only where the
    server is said to know how."""
    present, gone, values = job.present, job.gone(), job.values
    can_remove = bool(values["offline"])
    query = {"hostname": wire_name(values["hostname"])}
    if any(present):
        query["myip"] = present.ipv4 or present.ipv6 or ""
        if present.ipv4 and present.ipv6:
            query["myipv6"] = present.ipv6
        if can_remove:
            query |= {
                name: ""
                for name, old in zip(("myipv4", "myipv6"), gone, strict=True)
                if old is not None
            }
    elif can_remove and any(gone):
        query["offline"] = "YES"
    else:
        return "the host is offline; there it stays as it was" if any(gone) else "nothing to do"
    answer = yield OutwardRequest("GET", f"{target(values)}?{urlencode(query)}", _login(values))
    word = read_words(answer, present)
    return f"{word}; {' '.join(filter(None, gone))} stays there" if _stays(job) else word


def _stays(job: Job) -> bool:
    return any(job.gone()) and not job.values["offline"]


def _login(values: Mapping[str, str]) -> dict[str, str]:
    pair = f"{values['user']}:{values['password']}".encode()
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def target(values: Mapping[str, str]) -> str:
    """Return the URL without its query; that of a server alone has the usual path."""
    url = values["url"].partition("?")[0]
    return url if urlsplit(url).path.strip("/") else url.rstrip("/") + PATH


def _flag(text: str) -> None:
    if text != "yes":
        raise ValueError('expected "yes" or nothing')


KIND = Kind(
    (
        url_setting(),
        Setting("user"),
        Setting("password", secret=True),
        host_there(),
        Setting("offline", default="", check=_flag),
    ),
    target,
    deliver,
)
