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
