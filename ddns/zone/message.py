"""DNS messages on the query path: reading a request, and what a reply is made of (RFC 1035 4, RFC
6891). Nothing here knows zones; :mod:`ddns.zone.packing` encodes replies.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from ddns.model.names import MAX_WIRE
from ddns.model.records import OPT
from ddns.zone.cookies import COOKIE
from ddns.zone.rrl import ERRORS

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN = range(7)
NOTAUTH = 9
BADVERS = 16

QUERY, NOTIFY, UPDATE = 0, 4, 5

QR, AA, TC, RD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
OPCODE = 0x7800

TSIG = 250

UDP_PLAIN = 512  # octets: what every client takes without EDNS (RFC 1035 4.2.1)
TCP_MAX = 65535  # octets: what the length before a message over TCP can say (RFC 1035 4.2.2)

# A client has no reason to send more than an OPT, a TSIG and, with IXFR, a SOA. More than this many
# records are refused and options left unread, for walking thousands costs more than answering.
_MAX_RECORDS = 16
_MAX_OPTIONS = 32

HEADER = struct.Struct("!6H")
_TWO = struct.Struct("!HH")
_AFTER_OWNER = struct.Struct("!HHIH")  # type, class, TTL, RDLENGTH


class FormError(ValueError):
    """The octets are not a message."""


@dataclass(slots=True)
class Edns:
    """The OPT record of a request: ``payload`` in octets as sent, ``cookie`` the data of its first
    COOKIE option (RFC 7873 5.2), whatever that holds."""

    payload: int
    version: int
    dnssec_ok: bool
    cookie: bytes | None = None


@dataclass(slots=True)
class Query:
    """What a client sent. ``name`` is lower-case; ``question`` is as sent, empty if unreadable.

    ``starts`` are the label starts of ``name``. ``error`` is the rcode that reading alone decided:
    NOERROR or FORMERR. A request without any question is none of those errors.
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

    ``glue`` is additional data without which the reply is of no use (RFC 9471 3). ``cut_short``
    says that there would have been more. ``about`` is what the reply is counted under, unless it is
    an error (:mod:`ddns.zone.rrl`).
    """

    rcode: int = NOERROR
    authoritative: bool = False
    answer: list[tuple[bytes, bytes]] = field(default_factory=list)
    authority: list[tuple[bytes, bytes]] = field(default_factory=list)
    glue: list[tuple[bytes, bytes]] = field(default_factory=list)
    additional: list[tuple[bytes, bytes]] = field(default_factory=list)
    cut_short: bool = False
    about: bytes = ERRORS


def parse(wire: bytes) -> Query | None:
    """Read a request; None for what must not be answered at all.

    Under 12 octets there is no id to reply with, and a reply to a reply could go on forever.
    What stands after the question depends on the opcode, and is read for QUERY and NOTIFY only.
    """
    if len(wire) < 12:
        return None
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(wire)
    if flags & QR:
        return None
    request = Query(wire[:2], flags)
    try:
        if questions > 1:
            raise FormError("several questions")  # RFC 9619 4
        at = _read_question(wire, request) if questions else 12
        if request.opcode in (QUERY, NOTIFY):
            at = _read_records(wire, at, answers + authorities, additionals, request)
            if at != len(wire):
                raise FormError("octets after the last record")
    except (FormError, IndexError, struct.error):
        request.error = FORMERR
    return request


def _read_question(wire: bytes, request: Query) -> int:
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


def _read_records(wire: bytes, at: int, skipped: int, additionals: int, request: Query) -> int:
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
            request.edns = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & 0x8000))
            request.edns.cookie = _find_cookie(wire[at - length : at])
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


def _find_cookie(options: bytes) -> bytes | None:
    at = 0
    found = None
    for _ in range(_MAX_OPTIONS):
        if at == len(options):
            return found
        code, length = _TWO.unpack_from(options, at)
        at += 4 + length
        if code == COOKIE and found is None:
            found = options[at - length : at]
    if at > len(options):
        raise FormError("truncated option")
    return found
