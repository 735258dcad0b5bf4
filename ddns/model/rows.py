"""Binary form in which whole zones travel between the command and a server.

A row is one RRset: length of the owner name (1 octet), owner name, type (2), TTL (4), length of
the rdatas (4), rdatas as :func:`ddns.model.records.pack_rdatas` packs them; numbers are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from ddns.model import names
from ddns.model.records import MAX_TTL

Row = tuple[bytes, int, int, bytes]
"""Owner name, type, TTL and packed rdatas (:func:`ddns.model.records.pack_rdatas`) of an RRset."""

_FIXED = struct.Struct("!HII")


class BadRows(ValueError):
    """The octets are not valid rows."""


def pack_rows(rows: Iterable[Row]) -> bytes:
    """Encode rows."""
    return b"".join(
        [
            bytes((len(owner),)) + owner + _FIXED.pack(number, ttl, len(rdatas)) + rdatas
            for owner, number, ttl, rdatas in rows
        ]
    )


def unpack_rows(data: bytes) -> Iterator[Row]:
    """Decode rows and check what the engine relies on.

    :raises BadRows: if the octets end early, or a name, TTL or length is invalid.
    """
    at = 0
    while at < len(data):
        start = at + 1 + data[at]
        owner = data[at + 1 : start]
        if len(data) < start + _FIXED.size:
            raise BadRows("a row is cut short")
        number, ttl, length = _FIXED.unpack_from(data, start)
        at = start + _FIXED.size + length
        rdatas = data[start + _FIXED.size : at]
        if len(rdatas) != length or not is_whole(rdatas):
            raise BadRows("rdatas are cut short")
        if not names.is_wire_form(owner) or ttl > MAX_TTL:
            raise BadRows("an owner name or TTL is malformed")
        yield owner, number, ttl, rdatas


def is_whole(rdatas: bytes) -> bool:
    """Return whether these octets are packed rdatas, at least one, and nothing else."""
    at = 0
    while at + 2 <= len(rdatas):
        at += 2 + int.from_bytes(rdatas[at : at + 2], "big")
    return at == len(rdatas) > 0
