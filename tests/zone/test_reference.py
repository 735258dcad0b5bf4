"""The engine against a resolver that follows the RFCs word by word."""

from __future__ import annotations

import dns.flags
import dns.rcode
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.model.records import RRset
from ddns.zone.engine import Engine
from ddns.zone.zone import Zone, Zones
from tests.zone.building import read, records
from tests.zone.reference import Reference, name_of
from tests.zone.strategies import names, opt, qtypes, query, servers


def engine_of(server: dict[bytes, list[RRset]]) -> Engine:
    zones = Zones()
    for origin, rrsets in server.items():
        zone = Zone(origin)
        for rrset in rrsets:
            zone.put(rrset)
        zones.add(zone)
    return Engine(zones)


@settings(max_examples=250, deadline=None)
@given(servers(), st.lists(st.tuples(names(), qtypes), min_size=1, max_size=30))
def test_answers_are_those_of_the_reference(
    server: dict[bytes, list[RRset]], questions: list[tuple[bytes, int]]
) -> None:
    engine = engine_of(server)
    reference = Reference(server)
    # Every owner is asked for as well, and a name below it.
    everything = [rrset for rrsets in server.values() for rrset in rrsets]
    questions = questions + [(rrset.owner, rrset.type) for rrset in everything]
    questions += [(b"\x01z" + rrset.owner, 1) for rrset in everything if len(rrset.owner) < 254]
    for name, rtype in questions:
        reply = engine.respond(query(name, rtype, opt()), b"\x7f\0\0\1", True)
        assert reply is not None
        message = read(reply)
        wanted = reference.resolve(name_of(name), rtype)
        assert dns.rcode.to_text(message.rcode()) == wanted.rcode
        assert bool(message.flags & dns.flags.AA) == wanted.authoritative
        assert set(records(message.answer)) == wanted.answer
        assert set(records(message.authority)) == wanted.authority
        # Nothing twice: RRsets are sets.
        assert len(records(message.answer)) == len(wanted.answer)
        assert len(records(message.authority)) == len(wanted.authority)


@settings(max_examples=250, deadline=None)
@given(
    servers(),
    st.lists(st.tuples(names(deepest=7), qtypes), min_size=1, max_size=30),
    st.sampled_from([b"", opt(1232), opt(512), opt(600), opt(65535), opt(0)]),
    st.sampled_from([0, 0x0100, 0x0130, 0x8000, 0x0200, 0x2800]),
    st.booleans(),
)
def test_the_short_way_leads_where_the_long_one_does(
    server: dict[bytes, list[RRset]],
    questions: list[tuple[bytes, int]],
    options: bytes,
    flags: int,
    tcp: bool,
) -> None:
    engine = engine_of(server)
    for name, rtype in questions:
        for spelt in (name, name.upper()):
            wire = query(spelt, rtype, options, flags)
            assert engine.respond(wire, b"", tcp) == engine.respond_in_full(wire, b"", tcp)
