"""The answer engine: a datagram or TCP message in, a message out, and nothing else.

Nearly all questions are the same question: one name, a type that answers with itself alone, no EDNS
or an OPT that only states a size. The engine knows those by their octets and answers with slices of
the node. Everything else is read, decided and packed by :meth:`Engine.respond_in_full`, which gives
the very same reply to the plain questions as well.
"""

from __future__ import annotations

import struct

from ddns.model.names import MAX_WIRE, WILDCARD
from ddns.model.records import CNAME, DS, IN, MX, NS, OPT, SRV
from ddns.zone.answer import solve
from ddns.zone.message import (
    AA,
    BADVERS,
    FORMERR,
    NOERROR,
    NOTAUTH,
    NOTIFY,
    NOTIMP,
    NXDOMAIN,
    QR,
    QUERY,
    REFUSED,
    TCP_MAX,
    UDP_PLAIN,
    UPDATE,
    Answer,
    Request,
    opt_record,
    pack,
    parse,
)
from ddns.zone.zone import Zones

PAYLOAD = 1232
"""Octets of UDP that pass any path without fragments (DNS Flag Day 2020)."""

IXFR, AXFR = 251, 252


class Engine:
    """Answers DNS from zones. It has no clock, does no I/O and raises for no input."""

    def __init__(self, zones: Zones, *, payload: int = PAYLOAD) -> None:
        """*payload*: the most octets sent over UDP, and the size announced with EDNS."""
        self.zones = zones
        self.payload = payload
        self._plain = _plain_headers(payload)

    def respond(self, wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        """The reply to one message, or None where silence is the answer.

        *source* is the client's address, 4 or 16 octets.
        """
        return self._respond_plainly(wire) or self.respond_in_full(wire, source, tcp)

    def _respond_plainly(self, wire: bytes) -> bytes | None:
        """The reply to a plain question; None where that takes more than slices."""
        plain = self._plain.get(wire[2:12])
        if plain is None:
            return None
        hit, nodata, nxdomain, after, tails = plain
        end = wire.find(b"\0", 12) + 1
        tail = tails.get(wire[end + 2 :])
        qtype = wire[end : end + 2]
        if tail is None or qtype not in _ALONE or end > _NAME_END:
            return None
        room, opt = tail
        # Whether these octets are a name is not known yet: they end at a zero, but that may stand
        # within a label. Of what is equal to a name, though, it is known: lower() leaves the length
        # octets of names alone and makes none out of others, letters being above 63.
        name = rest = wire[12:end].lower()
        origins = self.zones.origins
        zone = None
        for _ in _NEAR:
            zone = origins.get(rest)
            if zone is not None or not rest:
                break
            rest = rest[1 + rest[0] :]
        if zone is None or (negative := zone.negative) is None:
            return None
        nodes = zone.nodes
        node = nodes.get(name)
        encloser = name
        if node is None:
            # Up to the closest encloser (RFC 4592 3.3.1); the same way came to the apex before, so
            # there is one. Good labels in front of a name are a name.
            while encloser not in nodes:
                if encloser[0] > 63:
                    return None
                encloser = encloser[1 + encloser[0] :]
            node = nodes.get(WILDCARD + encloser)
        if zone.cuts and zone.may_be_cut(encloser):
            return None
        if node is None:
            head = nxdomain
        else:
            head = nodata
            at = 0
            while found := node[at : at + 2]:
                body = at + 8
                at = body + int.from_bytes(node[at + 4 : body], "big")
                if found == qtype:
                    if end + at - body > room:
                        return None
                    count = node[body - 6 : body - 4]
                    question = wire[12 : end + 4]
                    return b"".join((wire[:2], hit, count, after, question, node[body:at], opt))
                if found == _CNAME:
                    return None
        if end + 2 + len(negative) > room:
            return None
        pointer = _POINTERS[end - len(zone.origin)]
        return b"".join((wire[:2], head, wire[12 : end + 4], pointer, negative, opt))

    def respond_in_full(self, wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        """As :meth:`respond`, by the long way."""
        request = parse(wire)
        if request is None:
            return None
        limit = TCP_MAX
        if not tcp:
            limit = UDP_PLAIN
            if request.edns is not None:
                limit = max(UDP_PLAIN, min(request.edns.payload, self.payload))
        return pack(request, self._decide(request), limit, self.payload)

    def _decide(self, request: Request) -> Answer:
        if request.opcode not in _OPCODES:
            return Answer(NOTIMP)
        if request.error:
            return Answer(FORMERR)
        if request.edns is not None and request.edns.version:
            return Answer(BADVERS)
        if request.tsig:
            return Answer(NOTAUTH)  # no key is known here (RFC 8945 5.2.1)
        if request.opcode != QUERY:
            return Answer(_OPCODES[request.opcode])
        if request.class_ != IN or request.type in (AXFR, IXFR):
            return Answer(REFUSED)
        return solve(self.zones, request.name, request.starts, request.type)


_OPCODES = {QUERY: NOERROR, NOTIFY: NOTAUTH, UPDATE: REFUSED}

_NEAR = range(6)  # how many labels up the short way looks for a zone; it is no way for long names

_NAME_END = 12 + MAX_WIRE  # where the question's name ends at the latest

_CNAME = struct.pack("!H", CNAME)

# Types that bring nothing along: no addresses in the additional section, and no rule of their own.
_ALONE = frozenset(
    struct.pack("!H", rtype)
    for rtype in (*range(1, 128), 256, 257)
    if rtype not in (NS, MX, SRV, DS, OPT)
)

_POINTERS = [struct.pack("!H", 0xC000 | at) for at in range(12 + MAX_WIRE + 1)]

# Sizes that resolvers announce. A size that is not here only takes the long way.
_SIZES = (512, 1024, 1200, 1220, 1232, 1280, 1352, 1400, 1410, 1432, 1440, 1452, 1460, 1472, 1480)
_LARGE_SIZES = (1500, 2048, 3072, 4000, 4096, 8192, 16384, 32768, 65494, 65535)

Tails = dict[bytes, tuple[int, bytes]]
"""From a query's class and OPT to the room that header, name and answer have together (the limit
less type, class and our OPT, in octets), and to our OPT."""

Plain = tuple[bytes, bytes, bytes, bytes, Tails]
"""For a query's header: what stands in the reply between id and ANCOUNT; between id and question
for NODATA and NXDOMAIN; between ANCOUNT and question; and the tails that go with that header."""


def _plain_headers(payload: int) -> dict[bytes, Plain]:
    """Octets 2 to 12 of plain queries: one question, no answers, an OPT or none, any RD, AD, CD."""
    klass = struct.pack("!H", IN)
    bare: Tails = {klass: (UDP_PLAIN - 4, b"")}
    with_opt: Tails = {}
    for size in _SIZES + _LARGE_SIZES:
        for dnssec_ok in (False, True):
            opt = opt_record(payload, NOERROR, dnssec_ok)
            limit = max(UDP_PLAIN, min(size, payload))
            with_opt[klass + opt_record(size, NOERROR, dnssec_ok)] = (limit - 4 - len(opt), opt)
    found = {}
    for rd in (0, 0x0100):
        for ad in (0, 0x0020):
            for cd in (0, 0x0010):
                for opts, tails in enumerate((bare, with_opt)):
                    flags = QR | AA | rd | cd
                    found[struct.pack("!5H", rd | ad | cd, 1, 0, 0, opts)] = (
                        struct.pack("!2H", flags, 1),
                        struct.pack("!5H", flags, 1, 0, 1, opts),
                        struct.pack("!5H", flags | NXDOMAIN, 1, 0, 1, opts),
                        struct.pack("!2H", 0, opts),
                        tails,
                    )
    return found
