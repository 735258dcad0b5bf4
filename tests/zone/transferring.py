"""Transfers as a secondary reads them: dnspython is the judge."""

from __future__ import annotations

from collections.abc import Iterable

import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.xfr
import dns.zone

from ddns.model.records import RRset, soa_serial
from ddns.zone.message import TCP_MAX, parse
from ddns.zone.packing import pack
from ddns.zone.transfer import TransferWriter

Record = tuple[bytes, int, int, bytes]
"""Owner name, type, TTL and rdata."""


def question(origin: bytes, serial: int | None = None) -> dns.message.QueryMessage:
    """An AXFR, or an IXFR from that serial."""
    name = dns.name.from_wire(origin, 0)[0]
    if serial is None:
        return dns.message.make_query(name, "AXFR")
    message = dns.message.make_query(name, "IXFR")
    soa = dns.rdata.from_text("IN", "SOA", f". . {serial} 0 0 0 0")
    message.find_rrset(message.authority, name, soa.rdclass, soa.rdtype, create=True).add(soa)
    return message


def messages(
    asked: dns.message.QueryMessage, slices: Iterable[list[tuple[bytes, bytes]]]
) -> list[bytes]:
    """The answer to it in messages."""
    request = parse(asked.to_wire())
    assert request is not None
    writer = TransferWriter(request)
    answers = [answer for nodes in slices for answer in writer.add(nodes)]
    return [pack(request, answer, TCP_MAX, 1232) for answer in (*answers, writer.finish())]


def records_in(wires: Iterable[bytes]) -> list[Record]:
    """All records of a transfer, in their order."""
    found = []
    for wire in wires:
        message = dns.message.from_wire(wire, one_rr_per_rrset=True, xfr=True)
        assert message.question
        found += [
            (rrset.name.to_wire(), int(rrset.rdtype), rrset.ttl, rrset[0].to_wire())
            for rrset in message.answer
        ]
    return found


def records_of(rrsets: Iterable[RRset]) -> set[Record]:
    return {(one.owner, one.type, one.ttl, rdata) for one in rrsets for rdata in one.rdatas}


class Secondary:
    """A zone that dnspython keeps up to date by transfers."""

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.zone = dns.zone.Zone(dns.name.from_wire(origin, 0)[0], relativize=False)
        self.serial: int | None = None

    def take(self, wires: Iterable[bytes]) -> None:
        """Take a whole zone, or changes since the last one; it raises if they do not fit."""
        kind = dns.rdatatype.AXFR if self.serial is None else dns.rdatatype.IXFR
        with dns.xfr.Inbound(self.zone, kind, self.serial) as inbound:
            for wire in wires:
                message = dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True)
                done = inbound.process_message(message)
        assert done
        (self.serial,) = (soa_serial(one[3]) for one in self.records() if one[1] == 6)

    def records(self) -> set[Record]:
        return {
            (name.to_wire(), int(rdataset.rdtype), rdataset.ttl, rdata.to_wire())
            for name, rdataset in self.zone.iterate_rdatasets()
            for rdata in rdataset
        }
