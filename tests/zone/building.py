"""Zones from text and messages to text, through dnspython: what the tests of the engine share."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.zone

from ddns.model.names import from_text
from ddns.model.records import RRset
from ddns.zone.zone import Zone

Section = list[tuple[str, int, str, str]]
"""Records as (owner in lower case, TTL, type, rdata in lower case), in ascending order."""


def rrsets_of(origin: str, text: str) -> list[RRset]:
    """The RRsets of zone text; names are relative to *origin*, the default TTL is 60."""
    zone = dns.zone.from_text(
        "$TTL 60\n" + text, dns.name.from_text(origin), relativize=False, check_origin=False
    )
    return [
        RRset(
            name.to_wire().lower(),
            int(rdataset.rdtype),
            rdataset.ttl,
            tuple(rdata.to_wire() for rdata in rdataset),
        )
        for name, rdataset in zone.iterate_rdatasets()
    ]


def zone_of(origin: str, text: str) -> Zone:
    """A zone put together from text, RRset by RRset."""
    zone = Zone(from_text(origin))
    for rrset in rrsets_of(origin, text):
        zone.put(rrset)
    return zone


def records(section: list[dns.rrset.RRset]) -> Section:
    """The records of one section of a parsed message."""
    return sorted(
        (
            rrset.name.to_text().lower(),
            int(rrset.ttl),
            dns.rdatatype.to_text(rrset.rdtype),
            rdata.to_text().lower(),
        )
        for rrset in section
        for rdata in rrset
    )


def read(wire: bytes) -> dns.message.Message:
    """Parse a reply, strictly: octets left over and records out of place are errors. A TSIG is not
    verified."""
    return dns.message.from_wire(wire, keyring=False, one_rr_per_rrset=True)
