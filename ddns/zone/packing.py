"""Encode replies: header, the question as the client sent it, and RRsets as packed in nodes
(:mod:`ddns.zone.node`; RFC 1035 4.1, RFC 6891 6.1).
"""

from __future__ import annotations

import struct

from ddns.model.leases import Lease
from ddns.model.records import CNAME, MX, NS, OPT, SOA, SRV
from ddns.zone.cookies import COOKIE
from ddns.zone.message import (
    AA,
    AXFR,
    EXPIRE,
    HEADER,
    IXFR,
    LEASE,
    NOTIMP,
    OPCODE,
    QR,
    RD,
    TC,
    ZONEVERSION,
    Answer,
    Query,
)
from ddns.zone.node import QUESTION, label_starts

SOA_SERIAL = 0  # the type of a zone's version (RFC 9660 7.2)

MAX_POINTED = 0x3FFF  # a pointer has 14 bits for its offset (RFC 1035 4.1.4)

_OPT = struct.Struct("!BHHBBHH")  # root, OPT, payload, extended rcode, version, flags, RDLENGTH
_OPTION = struct.Struct("!HH")

_NAME_AT = {CNAME: 0, NS: 0, MX: 2, SRV: 6}
"""Offset of names at the end of rdata that can be owner names later in the message."""


def opt_record(payload: int, rcode: int, dnssec_ok: bool, options: bytes = b"") -> bytes:
    """Return the OPT of a reply (RFC 6891 6.1.2-3): version 0, no flag but the client's DO.

    DO is copied as RFC 3225 3 requires; it promises no signatures.
    """
    flags = 0x8000 if dnssec_ok else 0
    return _OPT.pack(0, OPT, payload, rcode >> 4, 0, flags, len(options)) + options


def cookie_option(cookie: bytes) -> bytes:
    """Return a COOKIE option: a client cookie, or client and server cookie (RFC 7873 4)."""
    return _OPTION.pack(COOKIE, len(cookie)) + cookie


def zone_options(request: Query, origin: bytes, soa: bytes) -> bytes:
    """Return the options that a request asks for about the zone that answers it: EXPIRE (RFC 7314
    3.2) and ZONEVERSION (RFC 9660 3.2), as far as *soa*, a record or its rdata, tells them."""
    options, edns = b"", request.edns
    if edns is None:
        return options
    if edns.asks_expire and request.type in (SOA, IXFR, AXFR) and request.name == origin:
        options += _OPTION.pack(EXPIRE, 4) + soa[-8:-4]
    if edns.asks_version:
        labels = len(label_starts(origin))
        options += _OPTION.pack(ZONEVERSION, 6) + bytes((labels, SOA_SERIAL)) + soa[-20:-16]
    return options


def lease_option(lease: Lease) -> bytes:
    """Return an Update Lease option, with KEY-LEASE if the lease has one (RFC 9664 4)."""
    given = [lease.seconds] if lease.key is None else [lease.seconds, lease.key]
    return _OPTION.pack(LEASE, 4 * len(given)) + b"".join(
        seconds.to_bytes(4, "big") for seconds in given
    )


def pack(request: Query, reply: Answer, limit: int, payload: int, options: bytes = b"") -> bytes:
    """Encode a reply of at most *limit* octets; *payload* and *options* are for its OPT, if any.

    RRsets that do not fit are omitted whole: the first one in answer, authority or glue sets TC and
    ends the message; others in the additional section are skipped silently (RFC 2181 9).
    """
    opt = b""
    if request.edns is not None:
        opt = opt_record(payload, reply.rcode, request.edns.dnssec_ok, options)
    message = _Message(request, limit - len(opt))
    if reply.packed is not None:
        message.put(*reply.packed)
    complete = (
        message.add_all(0, reply.answer)
        and message.add_all(1, reply.authority)
        and message.add_all(2, reply.glue)
    )
    if complete:
        for owner, rrset in reply.additional:
            message.add(2, owner, rrset)
    # RD is of queries and their like; who does not know the opcode does not know what it means.
    copied = OPCODE if reply.rcode == NOTIMP else OPCODE | RD
    flags = QR | request.flags & copied | reply.rcode & 0x0F
    if reply.authoritative:
        flags |= AA
    if reply.truncated or not complete:
        flags |= TC
    answers, authorities, additionals = message.counts
    header = HEADER.pack(
        0, flags, bool(request.question), answers, authorities, additionals + bool(opt)
    )
    return b"".join((request.id, header[2:], *message.parts, opt))


class _Message:
    """The sections of a reply under construction, after its header and question."""

    __slots__ = ("_limit", "_name", "_name_at", "_offsets", "_size", "counts", "parts")

    def __init__(self, request: Query, limit: int) -> None:
        self.parts = [request.question]
        self.counts = [0, 0, 0]
        self._limit = limit
        self._size = 12 + len(request.question)
        # Owner names are compressed to pointers to earlier names: the current name of the alias
        # chain, its ancestors, and names in rdata.
        self._name = request.name
        self._name_at = 12
        self._offsets = {request.name: 12}

    def put(self, records: int, octets: bytes) -> None:
        """Take an answer section that is packed and known to fit."""
        self.parts.append(octets)
        self._size += len(octets)
        self.counts[0] += records

    def add_all(self, section: int, rrsets: list[tuple[bytes, bytes]]) -> bool:
        """Add RRsets in order; stop and return False at the first that does not fit."""
        return all(self.add(section, owner, rrset) for owner, rrset in rrsets)

    def add(self, section: int, owner: bytes, rrset: bytes) -> bool:
        """Add one RRset; return False if it does not fit."""
        count = int.from_bytes(rrset[2:4], "big")
        records = rrset[8:]
        pointer = self._pointer(owner)
        if pointer != QUESTION:
            parts: list[bytes] = []
            at = 0
            while at < len(records):
                end = at + 12 + int.from_bytes(records[at + 10 : at + 12], "big")
                parts += (pointer, records[at + 2 : end])
                at = end
            records = b"".join(parts)
        if self._size + len(records) > self._limit:
            return False
        rtype = int.from_bytes(rrset[:2], "big")
        if rtype in _NAME_AT:
            self._note_names(records, len(pointer) + 10, _NAME_AT[rtype], rtype == CNAME)
        self.parts.append(records)
        self._size += len(records)
        self.counts[section] += count
        return True

    def _pointer(self, owner: bytes) -> bytes:
        at = self._offsets.get(owner)
        if at is None and self._name.endswith(owner):
            # All owner names but targets in rdata are the current name or its ancestors, so an
            # equal suffix starts at a label.
            at = self._name_at + len(self._name) - len(owner)
        if at is None or at > MAX_POINTED:
            return owner
        return (0xC000 | at).to_bytes(2, "big")

    def _note_names(self, records: bytes, before: int, name_at: int, alias: bool) -> None:
        at = 0
        while at < len(records):
            rdata = at + before
            end = rdata + int.from_bytes(records[rdata - 2 : rdata], "big")
            name = records[rdata + name_at : end].lower()
            offset = self._size + rdata + name_at
            self._offsets.setdefault(name, offset)
            if alias:
                self._name, self._name_at = name, offset
            at = end
