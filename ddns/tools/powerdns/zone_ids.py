"""Ids of zones as they stand in paths: names with their final dot, and ``=XX`` for characters that
paths or programs stumble over."""

from __future__ import annotations

import re

from ddns.model import names

_OTHERS = re.compile(r"[^A-Za-z0-9.-]")
_ESCAPED = re.compile(r"=([0-9A-Fa-f]{2})")


def dotted(name: bytes) -> str:
    """Return the presentation form of a name with its final dot."""
    return "." if name == names.ROOT else f"{names.to_text(name)}."


def to_id(origin: bytes) -> str:
    """Return the id of a zone.

    >>> to_id(names.from_text("0/25.2.0.192.in-addr.arpa")), to_id(names.ROOT)
    ('0=2F25.2.0.192.in-addr.arpa.', '=2E')
    """
    if origin == names.ROOT:
        return "=2E"
    return _OTHERS.sub(lambda found: f"={ord(found[0]):02X}", dotted(origin))


def from_id(text: str) -> bytes:
    """Return the origin that an id is of; the final dot may be missing, and so may escapes.

    :raises BadName: when it is no name.
    """
    return names.from_text(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
