"""The protocols of services to which hosts are passed on: what to ask, and what answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ddns.model.outward import place_of
from ddns.model.relays import RelayKind
from ddns.relays import cloudflare, desec, duckdns, dyndns2, rfc2136, webhook
from ddns.relays.base import Kind

KINDS: Final[dict[RelayKind, Kind]] = {
    RelayKind.DYNDNS2: dyndns2.KIND,
    RelayKind.DUCKDNS: duckdns.KIND,
    RelayKind.CLOUDFLARE: cloudflare.KIND,
    RelayKind.DESEC: desec.KIND,
    RelayKind.RFC2136: rfc2136.KIND,
    RelayKind.WEBHOOK: webhook.KIND,
}


def endpoint_of(kind: RelayKind, settings: Mapping[str, str]) -> str:
    """Return what relays have in common that ask the same of the same server. It may hold a secret.
    A server alone is less than that: whoever names a slow page of it must not hold up others."""
    try:
        return f"{kind} {KINDS[kind].target(settings)}"
    except (ValueError, KeyError):  # of a database that somebody else made
        return str(kind)


def service_of(kind: RelayKind, settings: Mapping[str, str]) -> str:
    """Return the host that a relay leads to, with its port if it is another than usual; ``""`` if
    its settings do not tell.

    >>> service_of(RelayKind.WEBHOOK, {"url": "https://Hook.example:8443/x"})
    'hook.example:8443'
    """
    try:
        return place_of(KINDS[kind].target(settings))
    except (ValueError, KeyError):  # of a database that somebody else made
        return ""
