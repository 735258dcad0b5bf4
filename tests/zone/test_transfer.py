"""Zones as transfers: every record once, messages full, as of one moment."""

from __future__ import annotations

from itertools import islice

import dns.message
import dns.name
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import SOA, TXT, A, RRset, pack_rdatas
from ddns.zone import snapshot as snapshot_module
from ddns.zone.message import TCP_MAX, FormError, parse
from ddns.zone.packing import pack
from ddns.zone.snapshot import Snapshot
from ddns.zone.transfer import RESERVED, TransferWriter, known_serial, zone_slices
from ddns.zone.tsig import Signer, TsigKey, algorithm_name, read_tsig
from ddns.zone.zone import Zone
from tests.zone.strategies import ORIGINS, rrsets, soa, zones
from tests.zone.transferring import Secondary, messages, question, records_in, records_of

ORIGIN = from_text("example.net")
ROOT = b"\0"


def filled(origin: bytes, contents: list[RRset]) -> Zone:
    zone = Zone(origin)
    for rrset in contents:
        zone.put(rrset)
    return zone


@st.composite
def some_zone(draw: st.DrawFn) -> Zone:
    origin = draw(st.sampled_from([*ORIGINS, ROOT]))
    return filled(origin, draw(zones(origin)))


@given(some_zone())
def test_every_record_once_between_its_soa_and_that_again(zone: Zone) -> None:
    wires = messages(question(zone.origin), zone_slices(zone))
    first, *found, last = records_in(wires)
    assert first == last
    assert first[:2] == (zone.origin, SOA)
    assert len(found) == len(set(found))
    assert {first, *found} == records_of(zone.rrsets())
    secondary = Secondary(zone.origin)
    secondary.take(wires)
    assert secondary.records() == records_of(zone.rrsets())


def large(count: int, size: int = 4) -> Zone:
    zone = filled(ORIGIN, [soa(ORIGIN)])
    rdata = pack_rdatas([bytes(size)])
    zone.load((b"\x06%06d" % number + ORIGIN, TXT, 60, rdata) for number in range(count))
    return zone


@pytest.mark.parametrize("size", [4, 400, 40_000])
def test_messages_are_full_and_have_room_for_a_signature(size: int) -> None:
    zone = large(4 * 2**16 // (size + 20) + 10, size)
    request = parse(question(ORIGIN).to_wire())
    assert request is not None
    writer = TransferWriter(request)
    answers = [answer for nodes in zone_slices(zone) for answer in writer.add(nodes)]
    assert len(answers) >= 3
    for answer in answers:
        wire = pack(request, answer, TCP_MAX, 1232)
        assert TCP_MAX - RESERVED - size - 20 < len(wire) <= TCP_MAX - RESERVED


def test_the_longest_signature_fits_into_what_is_reserved() -> None:
    asked = question(ORIGIN)
    asked.use_edns(0, payload=1232)
    name = b"".join(b"\x3f" + b"k" * 63 for _ in range(3)) + b"\x3d" + b"k" * 61 + b"\0"
    key = dns.tsig.Key(dns.name.from_wire(name, 0)[0], bytes(64), "hmac-sha512")
    asked.use_tsig(key)
    wire = asked.to_wire()
    request = parse(wire)
    assert request is not None
    signer = Signer(read_tsig(wire, request.tsig), TsigKey(name, "hmac-sha512", bytes(64)))
    assert len(algorithm_name("hmac-md5.sig-alg.reg.int")) - len(algorithm_name("hmac-sha512")) < 64
    options = 44 + 8 + 10  # COOKIE, EXPIRE, ZONEVERSION
    assert signer.size + 11 + options <= RESERVED


# What changes meanwhile ----------------------------------------------------------------------


@given(some_zone(), st.data())
def test_a_snapshot_is_of_one_moment(zone: Zone, data: st.DataObject) -> None:
    snapshot = Snapshot(zone)
    expected = records_of(zone.rrsets())
    assert snapshot.prepare()
    read = Zone(zone.origin)
    while nodes := snapshot.next(data.draw(st.integers(1, 3))):
        for owner, node in nodes:
            assert owner not in read.nodes or owner == zone.origin
            read.nodes[owner] = node
        for rrset in data.draw(st.lists(rrsets(zone.origin), max_size=2)):
            gone = data.draw(st.booleans())
            zone.put(RRset(rrset.owner, rrset.type, rrset.ttl, () if gone else rrset.rdatas))
        there = [one for one in zone.rrsets() if one.type != SOA]
        if there and data.draw(st.booleans()):
            away = data.draw(st.sampled_from(there))
            zone.put(RRset(away.owner, away.type, 0, ()))
    snapshot.close()
    assert records_of(read.rrsets()) == expected
    assert not zone.snapshots


def test_a_transfer_is_of_the_moment_it_begins() -> None:
    zone = large(5000)
    expected = records_of(zone.rrsets())
    slices = zone_slices(zone)
    sent = [next(slices)]
    for number in range(0, 6000, 7):
        owner = b"\x06%06d" % number + ORIGIN
        zone.put(RRset(owner, TXT, 60, (b"\1x",) if number % 2 else ()))
        zone.put(RRset(b"\x01%c" % (97 + number % 26) + owner, A, 60, (bytes(4),)))
        zone.set_serial(number + 2)
        sent += islice(slices, 1 if number % 3 else 0)
    sent += slices
    first, *found, last = records_in(messages(question(ORIGIN), sent))
    assert first == last
    assert {first, *found} == expected
    assert len(found) == len(expected) - 1


def test_a_transfer_that_is_not_read_to_its_end_costs_nothing_after_it() -> None:
    zone = large(500)
    slices = zone_slices(zone)
    next(slices)
    assert zone.snapshots
    slices.close()
    assert not zone.snapshots


def test_it_is_of_the_moment_in_which_it_can_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that come and go while it is prepared move that, but not for ever."""
    monkeypatch.setattr(snapshot_module, "STEP", 10)
    zone = large(5000)
    slices, turns = zone_slices(zone), 0
    while not (first := next(slices)):
        turns += 1
        zone.put(RRset(b"\x04%04d" % turns + ORIGIN, A, 60, (bytes(4),)))
        zone.set_serial(turns + 1)
        expected = records_of(zone.rrsets())
    assert 5 < turns < 15
    zone.put(RRset(b"\x01x" + ORIGIN, A, 60, (bytes(4),)))
    zone.set_serial(turns + 2)
    found = records_in(messages(question(ORIGIN), [first, *slices]))
    assert set(found) == expected
    assert len(found) == len(expected) + 1


def test_addresses_that_change_while_it_is_prepared_do_not_delay_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot_module, "STEP", 10)
    zone = large(500)
    expected = records_of(zone.rrsets())
    slices, turns = zone_slices(zone), 0
    while not (first := next(slices)):
        zone.put(RRset(b"\x06%06d" % turns + ORIGIN, TXT, 60, (b"\1x",)))
        turns += 1
    assert turns == 50
    assert set(records_in(messages(question(ORIGIN), [first, *slices]))) == expected


# What is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize("serial", [0, 1, 2**31, 2**32 - 1])
def test_the_serial_of_an_ixfr(serial: int) -> None:
    assert known_serial(question(ORIGIN, serial).to_wire()) == serial


def test_the_serial_behind_compressed_names() -> None:
    asked = dns.message.make_query("example.net", "IXFR")
    text = "ns.example.net. host.example.net. 77 1 2 3 4"
    asked.authority.append(dns.rrset.from_text("example.net.", 60, "IN", "SOA", text))
    assert known_serial(asked.to_wire()) == 77


@pytest.mark.parametrize("records", ["", "example.net. 60 IN A 192.0.2.1"])
def test_an_ixfr_without_an_soa(records: str) -> None:
    asked = dns.message.make_query("example.net", "IXFR")
    if records:
        owner, ttl, klass, kind, rdata = records.split()
        asked.authority.append(dns.rrset.from_text(owner, int(ttl), klass, kind, rdata))
    with pytest.raises(FormError):
        known_serial(asked.to_wire())
