"""Requests of ours to other name servers, and what their replies say: NOTIFY (RFC 1996), and the
query for an SOA."""

from __future__ import annotations

import struct
from typing import NamedTuple

import dns.rcode

from ddns.model.records import IN, SOA
from ddns.zone.message import AA, HEADER, NOERROR, NOTIFY, OPCODE, QR, TSIG, FormError
from ddns.zone.sections import WireRecord, read_records
from ddns.zone.tsig import TsigKey, read_tsig, request_signer, verify

_QUESTION = struct.Struct("!HH")
_SOA_LEAST = 22  # octets of rdata: two roots, five numbers


class Reply(NamedTuple):
    """What a reply says: the serial of the SOA in its answer section, None without one, and what
    is wrong with it, the name of an RCODE for instance, or nothing."""

    serial: int | None
    problem: str = ""


class Request:
    """A request about the zone of this origin: a NOTIFY if *soa* is given, else a query.

    :param soa: the zone's SOA as a record whose owner points to the question.
    :param key: signs it, if given; then replies have to be signed by it as well.
    :param now: seconds since 1970.

    ``wire`` is the message.
    """

    __slots__ = ("_head", "_key", "_mac", "_question", "wire")

    def __init__(
        self, id_: int, origin: bytes, soa: bytes, key: TsigKey | None, now: float
    ) -> None:
        flags = NOTIFY << 11 | AA if soa else 0  # AA as RFC 1996 3.6 has it
        self._head = id_, flags & OPCODE
        self._question = origin + _QUESTION.pack(SOA, IN)
        self._key = key
        self._mac = b""
        self.wire = HEADER.pack(id_, flags, 1, bool(soa), 0, 0) + self._question + soa
        if key is not None:
            start = len(self.wire)
            self.wire = request_signer(key).sign(self.wire, now)
            self._mac = read_tsig(self.wire, start).mac

    def read(self, wire: bytes, now: float) -> Reply | None:
        """Return what a message says, None if it is no reply to this request.

        An error counts without a signature, since who does not know the key cannot sign, and
        without a question: NSD refuses a NOTIFY with a mere header.
        """
        if len(wire) < HEADER.size:
            return None
        id_, flags, questions, answers, _, _ = HEADER.unpack_from(wire)
        if (id_, flags & OPCODE) != self._head or not flags & QR or questions > 1:
            return None
        question = wire[HEADER.size : HEADER.size + len(self._question)].lower()
        if question != self._question if questions else flags & 0xF == NOERROR:
            return None
        try:
            records = read_records(wire)
            problem = self._wrong_with(wire, records, flags & 0xF, now)
        except FormError:
            return None
        serial = None
        for one in records[:answers]:
            soa = (one.type, one.class_, one.owner) == (SOA, IN, self._question[:-4])
            if soa and one.end - one.rdata >= _SOA_LEAST and not problem:
                serial = int.from_bytes(wire[one.end - 20 : one.end - 16], "big")
        return Reply(serial, problem)

    def _wrong_with(self, wire: bytes, records: list[WireRecord], rcode: int, now: float) -> str:
        problem = "" if rcode == NOERROR else dns.rcode.to_text(dns.rcode.Rcode(rcode))
        if self._key is None:
            return problem
        if not records or records[-1].type != TSIG:
            return problem or "not signed"
        tsig = read_tsig(wire, records[-1].start)
        if tsig.error:
            known = tsig.error < 4096  # RFC 6891 6.1.3: 12 bits
            return dns.rcode.to_text(dns.rcode.Rcode(tsig.error), tsig=True) if known else "error"
        good = tsig.name == self._key.name
        if not good or verify(tsig, self._key, now, self._mac) != NOERROR:
            return problem or "wrongly signed"
        return problem
