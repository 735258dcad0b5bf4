"""What a POST or a PUT says of a zone besides its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ddns.model import names
from ddns.tools.base import ToolError
from ddns.tools.powerdns.rrset_changes import UNPROCESSABLE, absolute_name

_KINDS = frozenset({"native", "master", "primary"})
"""Kinds of zones that have their records here. The difference between them, whether secondaries are
told of changes, is that between zones with and without secondaries."""

_REFUSED = {
    "masters": "a zone has its records here and transfers them from nobody",
    "catalog": "a catalog lists all zones of this server, without being named",
    "dnssec": "this server does not sign zones",
    "nsec3param": "this server does not sign zones",
    "presigned": "this server does not sign zones",
    "zone": "records are given in rrsets, and not as a master file",
}
"""What cannot be asked for, and why not."""


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """Settings of a zone: whose it is, an empty text for the operator and None for whoever it was;
    its ``name_servers``, and its ``rrsets`` as they came."""

    account: str | None
    name_servers: tuple[str, ...]
    rrsets: object


def zone_settings(given: Mapping[str, Any]) -> ZoneSettings:
    """Read the settings of a zone. How its serial changes is passed over: there is one way here.

    :raises ToolError: for what a zone cannot have here.
    """
    for member, why in _REFUSED.items():
        if given.get(member):
            raise ToolError(UNPROCESSABLE, f"{member}: {why}")
    kind = given.get("kind")
    if kind is not None and str(kind).lower() not in _KINDS:
        known = ", ".join(sorted(_KINDS))
        raise ToolError(UNPROCESSABLE, f"kind: {kind!r} is none of {known}")
    account = given.get("account")
    if account is not None and not isinstance(account, str):
        raise ToolError(UNPROCESSABLE, "account: expected a text")
    servers = given.get("nameservers") or []
    if not isinstance(servers, list) or not all(isinstance(one, str) for one in servers):
        raise ToolError(UNPROCESSABLE, "nameservers: expected a list of names")
    named = tuple(names.to_text(absolute_name(one)) for one in servers)
    return ZoneSettings(account, named, given.get("rrsets") or [])


def zone_name(given: Mapping[str, Any]) -> bytes:
    """Return the origin of a zone that is to be made.

    :raises ToolError: when there is none.
    """
    name = given.get("name")
    if not isinstance(name, str):
        raise ToolError(UNPROCESSABLE, "name: expected a text")
    return absolute_name(name)
