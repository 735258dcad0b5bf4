"""Nodes of a zone as packed bytes, which go on the wire as they are.

A node is the concatenation of its RRsets in ascending order of type, each of them

    type(2)  count(2)  length(4)  resource records (length octets)

and every record begins with the owner ``C0 0C``, a compression pointer to offset 12, the position
of the question's name in every reply (RFC 1035 4.1.4). So on the fast path an answer is a slice of
its node; for other owner names the pointers are replaced when the reply is packed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ddns.model.records import HTTPS, IN, MX, NS, SRV, SVCB, RRset, pack_rdatas, unpack_rdatas

QUESTION = b"\xc0\x0c"
"""The compression pointer to the name in the question section."""

TARGET_AT = {NS: 0, MX: 2, SRV: 6, SVCB: 2, HTTPS: 2}
"""Offset of the target in rdata, for types with additional section processing (RFC 1035 3.3.9,
3.3.11; RFC 2782; RFC 9460 4.1)."""

SERVICES = (SVCB, HTTPS)
"""Types of these whose target is followed by parameters (RFC 9460 2.2)."""

RRSET = struct.Struct("!HHI")
"""Header of a packed RRset: type, count, length."""

RECORD = struct.Struct("!HHI")
"""Type, class and TTL of a record, between its owner name and RDLENGTH."""


def label_starts(name: bytes) -> list[int]:
    r"""Return the offsets of the labels of a name, without the root.

    >>> label_starts(b"\x01a\x03net\x00")
    [0, 2]
    """
    starts = []
    at = 0
    while length := name[at]:
        starts.append(at)
        at += 1 + length
    return starts


def pick(node: bytes, rtype: int) -> bytes:
    """Return the packed RRset of one type with its header, ``b""`` if there is none."""
    at = 0
    end = len(node)
    while at < end:
        found, _, length = RRSET.unpack_from(node, at)
        if found == rtype:
            return node[at : at + 8 + length]
        at += 8 + length
    return b""


def split(node: bytes) -> Iterator[bytes]:
    """Iterate over the packed RRsets of a node, each with its header."""
    at = 0
    while at < len(node):
        end = at + 8 + int.from_bytes(node[at + 4 : at + 8], "big")
        yield node[at:end]
        at = end


def pack(rtype: int, ttl: int, packed_rdatas: bytes) -> bytes:
    """Pack an RRset for a node; rdatas come from :func:`ddns.model.records.pack_rdatas`."""
    head = QUESTION + RECORD.pack(rtype, IN, ttl)
    records = [head + pack_rdatas((rdata,)) for rdata in unpack_rdatas(packed_rdatas)]
    body = b"".join(records)
    return RRSET.pack(rtype, len(records), len(body)) + body


def unpack(owner: bytes, packed: bytes) -> RRset:
    """Unpack an RRset packed by :func:`pack`."""
    ttl = int.from_bytes(packed[14:18], "big")
    rdatas = []
    at = 8
    while at < len(packed):
        end = at + 12 + int.from_bytes(packed[at + 10 : at + 12], "big")
        rdatas.append(packed[at + 12 : end])
        at = end
    return RRset(owner, int.from_bytes(packed[:2], "big"), ttl, tuple(rdatas))


def records(node: bytes, at: int, end: int) -> Iterator[bytes]:
    """Iterate over the records between two offsets in a node."""
    while at < end:
        start, at = at, at + 12 + int.from_bytes(node[at + 10 : at + 12], "big")
        yield node[start:at]


def merged(node: bytes, rtype: int, packed: bytes) -> bytes:
    """Return a node with one RRset replaced, added or, if *packed* is empty, removed."""
    at = 0
    while at < len(node):
        found, _, length = RRSET.unpack_from(node, at)
        if found >= rtype:
            after = at + 8 + length if found == rtype else at
            return node[:at] + packed + node[after:]
        at += 8 + length
    return node + packed
