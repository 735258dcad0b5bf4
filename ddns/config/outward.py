"""Settings of the connections that users of this server cause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutwardSettings:
    """``[outward]``. ``allow`` are networks that may be reached though they are not public;
    ``ports`` those of URLs, empty for all; ``ca`` is a PEM file with authorities to trust besides
    the system's. ``timeout`` is seconds."""

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    plain_http: bool = False
    ca: str = ""
    timeout: float = 20.0
    connections: int = 20


@dataclass(frozen=True, slots=True)
class RelaysSettings:
    """``[relays]``. ``enabled`` is ``accounts``, ``operator`` or ``off``; a host may have
    ``per_host`` relays, all hosts of an account ``per_account``; ``at_once`` are delivered to at a
    time."""

    enabled: str = "accounts"
    per_host: int = 5
    per_account: int = 20
    at_once: int = 10
