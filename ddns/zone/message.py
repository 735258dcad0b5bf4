"""DNS messages on the query path: read a request, pack a reply (RFC 1035 4, RFC 6891).

Nothing here knows zones. A reply is made from RRsets as they stand in a zone's nodes
(:mod:`ddns.zone.node`), put behind the question octet for octet as the client sent it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from ddns.model.names import MAX_WIRE
from ddns.model.records import CNAME, OPT
from ddns.zone.node import QUESTION, TARGET_AT

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN = range(7)
NOTAUTH = 9
BADVERS = 16

QUERY, NOTIFY, UPDATE = 0, 4, 5

QR, AA, TC, RD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
OPCODE = 0x7800

TSIG = 250

UDP_PLAIN = 512  # octets: what every client takes without EDNS (RFC 1035 4.2.1)
TCP_MAX = 65535  # octets: what the length before a message over TCP can say (RFC 1035 4.2.2)
MAX_POINTED = 0x3FFF  # a pointer has 14 bits for its offset (RFC 1035 4.1.4)

# A client has no reason to send more than an OPT, a TSIG and, with IXFR, a SOA. More than this many
# records are refused and options left unread, for walking thousands costs more than answering.
_MAX_RECORDS = 16
_MAX_OPTIONS = 32

_HEADER = struct.Struct("!6H")
_TWO = struct.Struct("!HH")
_AFTER_OWNER = struct.Struct("!HHIH")  # type, class, TTL, RDLENGTH
_OPT = struct.Struct("!BHHBBHH")  # root, OPT, payload, extended rcode, version, flags, RDLENGTH

_NAME_AT = {CNAME: 0, **TARGET_AT}
"""Where the name begins in rdata whose name can become an owner further on in the message."""


class FormError(ValueError):
    """The octets are not a message."""


@dataclass(slots=True)
class Edns:
    """The OPT record of a request: ``payload`` in octets as sent, ``options`` its raw rdata."""

    payload: int
    version: int
    dnssec_ok: bool
    options: bytes


@dataclass(slots=True)
class Request:
    """What a client sent. ``name`` is lower-case; ``question`` is as sent, empty if unreadable.

    ``starts`` are the label starts of ``name``. ``error`` is the rcode that reading alone decided:
    NOERROR or FORMERR.
    """

    id: bytes
    flags: int
    question: bytes = b""
    name: bytes = b""
    starts: list[int] = field(default_factory=list)
    type: int = 0
    class_: int = 0
    edns: Edns | None = None
    tsig: bool = False
    error: int = NOERROR

    @property
    def opcode(self) -> int:
        return (self.flags & OPCODE) >> 11


@dataclass(slots=True)
class Answer:
    """What to reply, not yet encoded: RRsets are pairs of an owner and a packed RRset.

    ``glue`` is additional data without which the reply is of no use (RFC 9471 3).
    """

    rcode: int = NOERROR
    authoritative: bool = False
    answer: list[tuple[bytes, bytes]] = field(default_factory=list)
    authority: list[tuple[bytes, bytes]] = field(default_factory=list)
    glue: list[tuple[bytes, bytes]] = field(default_factory=list)
    additional: list[tuple[bytes, bytes]] = field(default_factory=list)


def parse(wire: bytes) -> Request | None:
    """Read a request; None for what must not be answered at all.

    Under 12 octets there is no id to reply with, and a reply to a reply could go on forever.
    What stands after the question depends on the opcode, and is read for QUERY and NOTIFY only.
    """
    if len(wire) < 12:
        return None
    _, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(wire)
    if flags & QR:
        return None
    request = Request(wire[:2], flags)
    try:
        if questions > 1:
            raise FormError("several questions")  # RFC 9619 4
        at = _read_question(wire, request) if questions else 12
        if request.opcode in (QUERY, NOTIFY):
            at = _read_records(wire, at, answers + authorities, additionals, request)
            if at != len(wire):
                raise FormError("octets after the last record")
        if not questions:
            raise FormError("no question")
    except (FormError, IndexError, struct.error):
        request.error = FORMERR
    return request


def _read_question(wire: bytes, request: Request) -> int:
    # The longest name, and lower() of its octets: it leaves length octets, all below 64, alone.
    octets = wire[12 : 12 + MAX_WIRE].lower()
    starts = []
    at = 0
    while length := octets[at]:
        # Nothing stands before this name that a pointer could mean; 01 and 10 are no label types
        # (RFC 1035 4.1.4; RFC 6891 5).
        if length > 63:
            raise FormError("not a name")
        starts.append(at)
        at += 1 + length
    request.name = octets[: at + 1]
    request.starts = starts
    at += 13
    request.type, request.class_ = _TWO.unpack_from(wire, at)
    request.question = wire[12 : at + 4]
    return at + 4


def _read_records(wire: bytes, at: int, skipped: int, additionals: int, request: Request) -> int:
    if skipped + additionals > _MAX_RECORDS:
        raise FormError("too many records")
    for number in range(skipped + additionals):
        owner = at
        at = _skip_name(wire, at)
        rtype, klass, ttl, length = _AFTER_OWNER.unpack_from(wire, at)
        at += 10 + length
        if at > len(wire):
            raise FormError("truncated record")
        if rtype == OPT:
            if request.edns is not None or wire[owner] or number < skipped:
                # One, of the root, in the additional section (RFC 6891 6.1.1-2).
                raise FormError("an OPT where none may be")
            options = wire[at - length : at]
            request.edns = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & 0x8000), options)
            _check_options(options)
        elif rtype == TSIG:
            request.tsig = True
    return at


def _skip_name(wire: bytes, at: int) -> int:
    first = at
    while length := wire[at]:
        if length > 63:
            target = (length & 0x3F) << 8 | wire[at + 1]
            if length < 0xC0 or not 12 <= target < first:
                raise FormError("not a name")
            return at + 2
        at += 1 + length
        if at - first > 254:
            raise FormError("name over 255 octets")
    return at + 1


def _check_options(options: bytes) -> None:
    at = 0
    for _ in range(_MAX_OPTIONS):
        if at == len(options):
            return
        _, length = _TWO.unpack_from(options, at)
        at += 4 + length
    if at > len(options):
        raise FormError("truncated option")


def opt_record(payload: int, rcode: int, dnssec_ok: bool) -> bytes:
    """The OPT of a reply (RFC 6891 6.1.2-3): version 0, no options, no flag but the client's DO.

    DO is copied as RFC 3225 3 asks; it promises nothing about signatures.
    """
    return _OPT.pack(0, OPT, payload, rcode >> 4, 0, 0x8000 if dnssec_ok else 0, 0)


def pack(request: Request, reply: Answer, limit: int, payload: int) -> bytes:
    """Encode a reply of at most *limit* octets; *payload* is the size our OPT announces.

    What does not fit is left out in whole RRsets: from answer, authority and glue with TC set and
    nothing after it, from the rest of the additional section silently (RFC 2181 9).
    """
    opt = b""
    if request.edns is not None:
        opt = opt_record(payload, reply.rcode, request.edns.dnssec_ok)
    message = _Message(request, limit - len(opt))
    whole = (
        message.add_all(0, reply.answer)
        and message.add_all(1, reply.authority)
        and message.add_all(2, reply.glue)
    )
    if whole:
        for owner, rrset in reply.additional:
            message.add(2, owner, rrset)
    flags = QR | request.flags & (OPCODE | RD | CD) | reply.rcode & 0x0F
    if reply.authoritative:
        flags |= AA
    if not whole:
        flags |= TC
    answers, authorities, additionals = message.counts
    header = _HEADER.pack(
        0, flags, bool(request.question), answers, authorities, additionals + bool(opt)
    )
    return b"".join((request.id, header[2:], *message.parts, opt))


class _Message:
    """The sections of a reply as they grow behind its header and question."""

    __slots__ = ("_limit", "_name", "_name_at", "_offsets", "_size", "counts", "parts")

    def __init__(self, request: Request, limit: int) -> None:
        self.parts = [request.question]
        self.counts = [0, 0, 0]
        self._limit = limit
        self._size = 12 + len(request.question)
        # Owners are compressed to pointers at names that stand in the message already: the name
        # that the chain of aliases has come to, any ancestor of it, and names in rdata.
        self._name = request.name
        self._name_at = 12
        self._offsets = {request.name: 12}

    def add_all(self, section: int, rrsets: list[tuple[bytes, bytes]]) -> bool:
        """Add RRsets in order; False at the first that does not fit."""
        return all(self.add(section, owner, rrset) for owner, rrset in rrsets)

    def add(self, section: int, owner: bytes, rrset: bytes) -> bool:
        """Add one RRset unless it does not fit."""
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
            # All owners of a reply but the targets in rdata are the name that was reached or
            # ancestors of it, so the end that is equal begins at a label.
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
