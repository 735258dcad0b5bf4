"""The records of a message as they stand in it: owner, type, class, TTL, and where the rdata is."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ddns.model.names import MAX_WIRE
from ddns.zone.message import HEADER, FormError

FIXED = struct.Struct("!HHIH")
"""What stands between owner and rdata: type, class, TTL, RDLENGTH (RFC 1035 3.2.1)."""

_LEAST = 11
"""Octets of the shortest record: an owner of one octet, no rdata."""


class WireRecord(NamedTuple):
    """A record. ``owner`` is in lower case; the record stands from ``start`` to ``end`` in the
    message, its rdata from ``rdata``."""

    owner: bytes
    type: int
    class_: int
    ttl: int
    start: int
    rdata: int
    end: int


def read_records(wire: bytes) -> list[WireRecord]:
    """Return the records of the sections after the question, in their order.

    :raises FormError: for whatever is no message that ends with its last record.
    """
    if len(wire) < HEADER.size:
        raise FormError("no header")
    _, _, questions, *counts = HEADER.unpack_from(wire)
    if sum(counts) * _LEAST > len(wire):
        raise FormError("more records than octets")
    at = HEADER.size
    records = []
    names: dict[int, bytes] = {}
    try:
        for _ in range(questions):
            _, at = read_name(wire, at)
            at += 4
        for _ in range(sum(counts)):
            start = at
            owner, at = read_name(wire, at, names)
            number, klass, ttl, length = FIXED.unpack_from(wire, at)
            rdata = at + FIXED.size
            at = rdata + length
            records.append(WireRecord(owner, number, klass, ttl, start, rdata, at))
    except struct.error:
        raise FormError("a truncated record") from None
    if at != len(wire):
        raise FormError("octets after the last record, or too few")
    return records


def read_name(wire: bytes, at: int, known: dict[int, bytes] | None = None) -> tuple[bytes, int]:
    """Return the name at an offset, in lower case and without compression, and where it ends.

    :param known: names that were read at offsets, so that many pointers to one cost little.
    :raises FormError: for labels of another kind, pointers that do not go backwards, names over 255
        octets, and the end of the message (RFC 1035 4.1.4).
    """
    labels: list[bytes] = []
    size, first, end, here = 1, at, 0, at
    try:
        while length := wire[here]:
            if length > 191:
                target = (length & 63) << 8 | wire[here + 1]
                end = end or here + 2
                if not 12 <= target < first:
                    raise FormError("a pointer that leads nowhere")
                if known is not None and (rest := known.get(target)) is not None:
                    size += len(rest) - 1
                    labels.append(rest)
                    break
                first = here = target
                continue
            if length > 63:
                raise FormError("a label of an unknown kind")
            labels.append(wire[here : here + 1 + length])
            size += 1 + length
            here += 1 + length
            if size > MAX_WIRE:
                break
        else:
            end = end or here + 1
            labels.append(b"\0")
    except IndexError:
        raise FormError("a truncated name") from None
    if size > MAX_WIRE:
        raise FormError("a name over 255 octets")
    name = b"".join(labels).lower()
    if known is not None:
        known[at] = name
    return name, end
