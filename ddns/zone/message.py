"""DNS messages: parse a request, and the contents of a reply (RFC 1035 4, RFC 6891).

:mod:`ddns.zone.packing` encodes replies.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from ddns.model.names import MAX_WIRE
from ddns.model.records import OPT
from ddns.zone.cookies import COOKIE
from ddns.zone.reasons import Reason
from ddns.zone.rrl import ERRORS

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH, NOTZONE = range(6, 11)  # RFC 2136 2.2
BADVERS = 16

QUERY, NOTIFY, UPDATE = 0, 4, 5

QR, AA, TC, RD = 0x8000, 0x0400, 0x0200, 0x0100
OPCODE = 0x7800

TSIG, IXFR, AXFR = 250, 251, 252

EXPIRE, ZONEVERSION = 9, 19  # EDNS options

LEASE = 2
"""The EDNS option Update Lease (RFC 9664)."""

UDP_PLAIN = 512  # octets: limit without EDNS (RFC 1035 4.2.1)
TCP_MAX = 65535  # octets: limit of the length prefix over TCP (RFC 1035 4.2.2)

# A client has no reason to send more than an OPT, a TSIG and, with IXFR, an SOA. More records are
# refused and more options ignored, since parsing thousands would cost more than answering.
_MAX_RECORDS = 16
_MAX_OPTIONS = 32

_MAX_UPDATED = 6000
"""Records of an UPDATE: what fits into a message."""

HEADER = struct.Struct("!6H")
_TWO = struct.Struct("!HH")
_AFTER_OWNER = struct.Struct("!HHIH")  # type, class, TTL, RDLENGTH


class FormError(ValueError):
    """The octets are not a well-formed message."""


@dataclass(slots=True)
class Edns:
    """The OPT record of a request.

    ``payload`` is the client's UDP payload size as sent; ``cookie`` is the data of the first COOKIE
    option (RFC 7873 5.2), ``lease`` that of the first Update Lease option (RFC 9664 4); neither is
    validated. ``asks_expire`` and ``asks_version`` tell of the options EXPIRE (RFC 7314) and
    ZONEVERSION (RFC 9660).
    """

    payload: int
    version: int
    dnssec_ok: bool
    cookie: bytes | None = None
    asks_expire: bool = False
    asks_version: bool = False
    lease: bytes | None = None


@dataclass(slots=True)
class Query:
    """A parsed request.

    ``size`` is that of the message in octets. ``name`` is lower-case and ``starts`` are its label
    starts; ``question`` is the question section as sent, empty if malformed. ``tsig`` is where the
    TSIG record begins, 0 without one; ``key`` is the name of the key that signed the message, and
    ``mac`` tells its signature from others, once that is verified. ``error`` is FORMERR for a
    malformed message, else NOERROR; a missing question is not malformed.
    """

    id: bytes
    flags: int
    size: int
    question: bytes = b""
    name: bytes = b""
    starts: list[int] = field(default_factory=list)
    type: int = 0
    class_: int = 0
    edns: Edns | None = None
    tsig: int = 0
    key: bytes = b""
    mac: bytes = b""
    error: int = NOERROR

    @property
    def opcode(self) -> int:
        return (self.flags & OPCODE) >> 11


class Packed(NamedTuple):
    """An answer section as it goes on the wire behind the question."""

    records: int
    octets: bytes


@dataclass(slots=True)
class Answer:
    """A reply before encoding; RRsets are pairs of an owner name and a packed RRset.

    ``glue`` is required additional data (RFC 9471 3). ``truncated`` sets TC. ``rrl_key`` is the key
    for rate limiting, unless the reply is an error (:mod:`ddns.zone.rrl`). ``packed`` is an answer
    section instead of ``answer``, ``options`` are packed for an OPT, ``reason`` tells of an error.
    """

    rcode: int = NOERROR
    authoritative: bool = False
    answer: list[tuple[bytes, bytes]] = field(default_factory=list)
    authority: list[tuple[bytes, bytes]] = field(default_factory=list)
    glue: list[tuple[bytes, bytes]] = field(default_factory=list)
    additional: list[tuple[bytes, bytes]] = field(default_factory=list)
    truncated: bool = False
    rrl_key: bytes = ERRORS
    packed: Packed | None = None
    options: bytes = b""
    reason: Reason | None = None


def parse(wire: bytes) -> Query | None:
    """Parse a request; return None if it must not be answered.

    That is a message shorter than a header, and a response, since two servers could reply to each
    other forever. The sections after the question are parsed for QUERY, NOTIFY and UPDATE; with
    other opcodes they may hold anything, and are only looked through for an OPT and a TSIG.
    """
    if len(wire) < 12:
        return None
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(wire)
    if flags & QR:
        return None
    request = Query(wire[:2], flags, len(wire))
    try:
        if questions > 1:
            raise FormError("several questions")  # RFC 9619 4
        at = _read_question(wire, request) if questions else 12
        most = _MAX_UPDATED if request.opcode == UPDATE else _MAX_RECORDS
        if answers + authorities + additionals > most:
            raise FormError("too many records")
        at = _read_records(wire, at, answers + authorities, additionals, request)
        if at != len(wire):
            raise FormError("octets after the last record")
    except (FormError, IndexError, struct.error):
        if request.opcode in (QUERY, NOTIFY, UPDATE):
            request.error = FORMERR
        else:
            request.edns, request.tsig = None, 0
    return request


def _read_question(wire: bytes, request: Query) -> int:
    # As many octets as a name can have. lower() does not change length octets, which are below 64.
    octets = wire[12 : 12 + MAX_WIRE].lower()
    starts = []
    at = 0
    while length := octets[at]:
        # There is no earlier name that a pointer could refer to; 01 and 10 are not label types
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
    for number in range(skipped + additionals):
        owner = at
        at = _skip_name(wire, at)
        rtype, klass, ttl, length = _AFTER_OWNER.unpack_from(wire, at)
        at += 10 + length
        if at > len(wire):
            raise FormError("truncated record")
        if rtype == OPT:
            if request.edns is not None or wire[owner] or number < skipped:
                # At most one, at the root, in the additional section (RFC 6891 6.1.1-2).
                raise FormError("an OPT where none may be")
            request.edns = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & 0x8000))
            _read_options(request.edns, wire[at - length : at])
        elif rtype == TSIG:
            if number < skipped or number != skipped + additionals - 1:
                raise FormError("a TSIG where none may be")  # RFC 8945 5.2
            request.tsig = owner
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


def _read_options(edns: Edns, options: bytes) -> None:
    at = 0
    for _ in range(_MAX_OPTIONS):
        if at == len(options):
            return
        code, length = _TWO.unpack_from(options, at)
        at += 4 + length
        if code == COOKIE and edns.cookie is None:
            edns.cookie = options[at - length : at]
        elif code == EXPIRE:
            edns.asks_expire = True
        elif code == ZONEVERSION:
            edns.asks_version = True
        elif code == LEASE and edns.lease is None:
            edns.lease = options[at - length : at]
    if at > len(options):
        raise FormError("truncated option")
