"""Rdata that nobody checked before it came into a zone: the engine answers all the same."""

from __future__ import annotations

import dns.rcode
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddns.model.records import CNAME, DNAME, HTTPS, MX, NS, SOA, SRV, SVCB, TXT, A, RRset
from ddns.zone.engine import Engine
from ddns.zone.zone import Zone, Zones
from tests.zone.building import read
from tests.zone.strategies import opt, query, soa

ORIGIN = b"\x01t\0"
OWNER = b"\x01a" + ORIGIN
BELOW = b"\x01b" + OWNER


def engine_with(*rrsets: RRset) -> Engine:
    zone = Zone(ORIGIN)
    for rrset in (soa(ORIGIN), *rrsets):
        zone.put(rrset)
    return Engine(Zones([zone]))


NO_NAMES = [
    b"",
    b"\x01",
    b"\x01x",
    b"\x01x\x01t",
    b"\x40" + b"x" * 64 + b"\0",
    b"\xc0\x0c",
    b"\x01x\0\0",
    (b"\x3f" + b"x" * 63) * 4 + b"\0",
    b"\x01x\0" + ORIGIN,
]


@pytest.mark.parametrize("rdata", NO_NAMES)
@pytest.mark.parametrize(("rtype", "name"), [(CNAME, OWNER), (DNAME, BELOW)])
def test_an_alias_to_what_is_no_name_is_servfail(rdata: bytes, rtype: int, name: bytes) -> None:
    engine = engine_with(RRset(OWNER, rtype, 10, (rdata,)))
    for extra in (b"", opt()):
        reply = engine.respond(query(name, A, extra), b"", False)
        assert reply is not None
        message = read(reply)
        assert message.rcode() == dns.rcode.SERVFAIL
        assert not message.answer
        assert not message.authority


@pytest.mark.parametrize("rdata", NO_NAMES)
def test_targets_that_are_no_names_bring_no_addresses(rdata: bytes) -> None:
    for rtype, before in (
        (NS, b""),
        (MX, b"\0\1"),
        (SRV, bytes(6)),
        (SVCB, b"\0\1"),
        (HTTPS, b"\0\0"),
    ):
        engine = engine_with(
            RRset(OWNER, rtype, 10, (before + rdata, before + b"\x01x" + ORIGIN)),
            RRset(b"\x01x" + ORIGIN, A, 10, (b"abcd",)),
        )
        reply = engine.respond(query(OWNER, rtype), b"", False)
        assert reply is not None
        assert reply[3] & 15 == dns.rcode.NOERROR
        assert reply.endswith(b"abcd")
        assert reply[10:12] == b"\0\1"


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([A, NS, CNAME, SOA, MX, TXT, SRV, SVCB, HTTPS, DNAME]),
    st.sampled_from([ORIGIN, OWNER, b"\x01*" + OWNER]),
    st.one_of(st.binary(max_size=40), st.sampled_from(NO_NAMES)),
    st.sampled_from([OWNER, BELOW, ORIGIN, b"\x01c" + BELOW]),
    st.sampled_from([A, NS, CNAME, SOA, MX, SRV, SVCB, HTTPS, DNAME, 255]),
)
@example(SOA, ORIGIN, b"", b"\x01z" + ORIGIN, A)
def test_no_rdata_makes_the_engine_raise(
    rtype: int, owner: bytes, rdata: bytes, name: bytes, qtype: int
) -> None:
    engine = engine_with(RRset(owner, rtype, 10, (rdata,)))
    wire = query(name, qtype)
    for tcp in (False, True):
        reply = engine.respond(wire, b"", tcp)
        assert reply is not None
        assert reply == engine.respond_in_full(wire, b"", tcp)
        assert reply[:2] == wire[:2]
        assert len(reply) >= len(wire)
