"""Zone transfers: what an IXFR asks for, and records to full messages (RFC 1995, RFC 5936)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from ddns.model.records import SOA, pack_rdatas
from ddns.zone.difference import Difference
from ddns.zone.message import HEADER, TCP_MAX, Answer, FormError, Packed, Query
from ddns.zone.node import RRSET, merged, pack, pick, records
from ddns.zone.packing import zone_options
from ddns.zone.sections import read_records
from ddns.zone.snapshot import Snapshot
from ddns.zone.zone import Zone

RESERVED = 512
"""Octets of a message that are left for what follows the answers: a TSIG of 371 at most, an OPT."""

SLICE = 200
"""Names, or RRsets, that are packed at a time: of common hosts in some 0.03 ms."""

TWO_RECORDS = RRSET.size + 2 * 12
"""Octets of a node with two records, at least."""

_SHORTEST_SOA = 22


def known_serial(wire: bytes) -> int:
    """Return the serial of the version that the sender of an IXFR has (RFC 1995 3).

    :raises FormError: if the authority section has no SOA.
    """
    _, _, _, answers, authorities, _ = HEADER.unpack_from(wire)
    for record in read_records(wire)[answers : answers + authorities]:
        # However its names are compressed, the rdata ends with the serial and four more numbers.
        if record.type == SOA and record.end - record.rdata >= _SHORTEST_SOA:
            return int.from_bytes(wire[record.end - 20 : record.end - 16], "big")
    raise FormError("an IXFR without an SOA")


class TransferWriter:
    """Fills messages of a transfer with records, in the order they come.

    Every message has the question, so records in nodes begin with a pointer to the zone's name
    already: what an owner name has before that is put in front of them.

    :param request: whose question names the zone.
    """

    def __init__(self, request: Query) -> None:
        self._request = request
        self._options: bytes | None = None
        self._room = TCP_MAX - RESERVED - HEADER.size - len(request.question)
        self._count = self._size = 0
        self._octets: list[bytes] = []

    def add(self, nodes: Iterable[tuple[bytes, bytes]]) -> Iterator[Answer]:
        """Take records, by owner name: a node, or one packed RRset; yield the messages that are
        full. The first of all is the SOA (RFC 5936 2.2, RFC 1995 4)."""
        below, unpack = -len(self._request.name), RRSET.unpack_from
        found: list[bytes] = []  # of each record the labels of its owner name, and the rest
        for owner, node in nodes:
            labels, at, end = owner[:below], 0, len(node)
            if 0 < end < TWO_RECORDS:
                found += labels, node[8:]
                continue
            while at < end:
                _, count, length = unpack(node, at)
                start, at = at + 8, at + 8 + length
                if count == 1:
                    found += labels, node[start:at]
                else:
                    for record in records(node, start, at):
                        found += labels, record
        if self._options is None and found:
            self._options = zone_options(self._request, self._request.name, found[1])
        octets = b"".join(found)
        if self._size + len(octets) <= self._room:
            self._put(len(found) // 2, octets)
            return
        for labels, record in zip(found[::2], found[1::2], strict=True):
            if self._size + len(labels) + len(record) > self._room:
                yield self.finish()
            self._put(1, labels + record)

    def _put(self, count: int, octets: bytes) -> None:
        self._count += count
        self._size += len(octets)
        self._octets.append(octets)

    def finish(self) -> Answer:
        """Return the message that is not full."""
        packed = Packed(self._count, b"".join(self._octets))
        self._count, self._size, self._octets = 0, 0, []
        return Answer(authoritative=True, packed=packed, options=self._options or b"")


def zone_slices(zone: Zone) -> Generator[list[tuple[bytes, bytes]], None, None]:
    """Yield the nodes of a zone at one moment, between its SOA and that very record again; before
    them empty slices while that is prepared."""
    snapshot = Snapshot(zone)
    try:
        while not snapshot.prepare():
            yield []
        ((origin, apex),) = snapshot.next(1)  # it is always the first
        soa = [(origin, pick(apex, SOA))]
        yield soa
        yield [(origin, merged(apex, SOA, b""))]
        while nodes := snapshot.next(SLICE):
            yield nodes
        yield soa
    finally:
        snapshot.close()


def difference_slices(
    difference: Difference,
) -> Generator[list[tuple[bytes, bytes]], None, None]:
    """Yield the RRsets of an answer to IXFR, the present SOA first."""
    rrsets = difference.rrsets()
    for at in range(0, len(rrsets), SLICE):
        yield [
            (rrset.owner, pack(rrset.type, rrset.ttl, pack_rdatas(rrset.rdatas)))
            for rrset in rrsets[at : at + SLICE]
        ]
