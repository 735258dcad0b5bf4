"""Catalog zones: the list of our zones as a zone that secondaries read (RFC 9432)."""

from __future__ import annotations

import hashlib
import struct

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.records import PTR, TXT, RRset

NAME_SERVER = names.from_text("invalid")
"""The one name server of a catalog, which does not exist (RFC 9432 4.1)."""

PROPERTIES = (b"\x05group", b"\x03coo")
"""Labels of what an operator may say of a zone in a catalog, below its entry (RFC 9432 4.4)."""

_TTL = 0  # they are not asked for one by one (RFC 9432 4.1)
_LABEL = 32  # octets of a unique label


def version(catalog: bytes) -> RRset:
    """Return the record that makes the zone with this origin a catalog (RFC 9432 4.2.1).

    :raises ddns.model.names.BadName: if the origin is too long for one.
    """
    names.below(max(PROPERTIES) + _member("x" * _LABEL), catalog)
    return RRset(names.below(b"\x07version", catalog), TXT, _TTL, (b"\x012",))


def entry(catalog: bytes, zone: ZoneInfo) -> RRset:
    """Return the record by which a catalog lists a zone (RFC 9432 4.1).

    Its unique label stays the same for as long as the zone exists. One that is added again gets
    another, so that nobody keeps the state of the former. Nobody can guess the labels, so asking
    for them does not tell which zones there are.
    """
    made = hashlib.sha256(zone.origin + struct.pack("!d", zone.created)).hexdigest()
    return RRset(names.below(_member(made[:_LABEL]), catalog), PTR, _TTL, (zone.origin,))


def _member(unique: str) -> bytes:
    return bytes((len(unique),)) + unique.encode() + b"\x05zones"
