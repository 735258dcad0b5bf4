"""AXFR and IXFR over sockets, as dnspython takes them."""

from __future__ import annotations

import dns.edns
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.zone
import pytest
from dns.edns import EDECode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddns.model.account import ZoneInfo
from ddns.model.names import from_text
from ddns.model.records import SOA, is_later, soa_serial
from ddns.net.dns import transfer_handler
from tests.house import HOME, ORIGIN
from tests.net.dns.primary import KEY, Primary
from tests.net.dns_fakes import framed, read_message
from tests.net.reactors import PATIENCE
from tests.zone.transferring import Record, question, records_in

NAME = dns.name.from_text("example.net")


def take(primary: Primary, zone: dns.zone.Zone) -> set[Record]:
    dns.query.inbound_xfr("127.0.0.1", zone, port=primary.port, lifetime=PATIENCE)
    return contents(zone)


def contents(zone: dns.zone.Zone) -> set[Record]:
    return {
        (name.to_wire(), int(rdataset.rdtype), rdataset.ttl, rdata.to_wire())
        for name, rdataset in zone.iterate_rdatasets()
        for rdata in rdataset
    }


def empty() -> dns.zone.Zone:
    return dns.zone.Zone(NAME, relativize=False)


# What comes ----------------------------------------------------------------------------------


def test_the_whole_zone_then_each_change(primary: Primary) -> None:
    zone = empty()
    assert take(primary, zone) == primary.records()
    for last in range(1, 5):
        primary.update(last)
        assert take(primary, zone) == primary.records()
    assert take(primary, zone) == primary.records()


def test_changes_are_one_sequence(primary: Primary) -> None:
    primary.update(1)
    old = primary.serial()
    for last in (2, 3, 4):
        primary.update(last)
    new = primary.serial()
    found = records_in([primary.ask(question(ORIGIN, old))])
    told = [(one[1], soa_serial(one[3]) if one[1] == SOA else one[3][-1]) for one in found]
    assert told == [(SOA, new), (SOA, old), (1, 1), (SOA, new), (1, 4), (SOA, new)]
    assert is_later(new, old)


def test_who_is_up_to_date_gets_the_soa_alone(primary: Primary) -> None:
    (only,) = records_in([primary.ask(question(ORIGIN, primary.serial()))])
    assert only in primary.records()
    assert only[:2] == (ORIGIN, SOA)


@pytest.mark.parametrize("ahead", [-1000, 1, 2**31])
def test_a_serial_of_which_nothing_is_known_gets_the_whole_zone(
    primary: Primary, ahead: int
) -> None:
    serial = (primary.serial() + ahead) % 2**32
    first, *found, last = records_in([primary.ask(question(ORIGIN, serial))])
    assert first == last
    assert {first, *found} == primary.records()
    assert first[1] != found[0][1]


def test_so_does_a_difference_that_is_larger_than_the_zone(
    primary: Primary, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = primary.serial()
    for last in range(1, 4):
        primary.update(last)
    assert len(records_in([primary.ask(question(ORIGIN, serial))])) == 5
    monkeypatch.setattr(transfer_handler, "SMALL", 0)
    texts = [f"t{number}" for number in range(20)]
    primary.house.api("record_set", owner="a.example.net", type="TXT", rdatas=texts)
    first, *found, _ = records_in([primary.ask(question(ORIGIN, serial))])
    assert {first, *found} == primary.records()


def test_so_do_more_changes_than_are_condensed(
    primary: Primary, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = primary.serial()
    for last in range(1, 4):
        primary.update(last)
    monkeypatch.setattr(transfer_handler, "EVENTS", 2)
    first, *found, _ = records_in([primary.ask(question(ORIGIN, serial))])
    assert {first, *found} == primary.records()


def test_so_does_a_zone_that_was_replaced(primary: Primary) -> None:
    zone = empty()
    take(primary, zone)
    primary.replace(3000)
    assert take(primary, zone) == primary.records()


def test_over_udp(primary: Primary) -> None:
    """IXFR tells the present serial, AXFR is not for it (RFC 1995 2, RFC 5936 4.2)."""
    for serial in (primary.serial(), 77):
        (only,) = records_in([primary.ask(question(ORIGIN, serial), tcp=False)])
        assert only in primary.records()
    assert primary.refusal(question(ORIGIN), tcp=False) == ("REFUSED", EDECode.NOT_SUPPORTED)


def test_options(primary: Primary) -> None:
    asked = question(ORIGIN)
    options = [dns.edns.GenericOption(dns.edns.OptionType(code), b"") for code in (9, 19)]
    asked.use_edns(0, options=options)
    answer = dns.message.from_wire(primary.ask(asked), xfr=True)
    serial = primary.serial().to_bytes(4, "big")
    told = {int(option.otype): option.to_wire() for option in answer.options}
    assert told == {9: (1209600).to_bytes(4, "big"), 19: b"\2\0" + serial}


def test_several_in_a_row_on_one_connection(primary: Primary) -> None:
    with primary.client() as client:
        serial = primary.serial()
        wires = [question(ORIGIN, number).to_wire() for number in (serial, 7, serial)]
        client.sendall(b"".join(map(framed, wires)))
        sizes = [len(records_in([read_message(client)])) for _ in wires]
        assert sizes == [1, len(primary.records()) + 1, 1]


# Who gets it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("serial", [None, 7])
@pytest.mark.parametrize("tcp", [True, False])
def test_strangers(primary: Primary, serial: int | None, tcp: bool) -> None:
    primary.allow("192.0.2.53", "127.0.0.1,xfr.example")
    assert primary.refusal(question(ORIGIN, serial), tcp) == ("REFUSED", EDECode.PROHIBITED)
    for elsewhere in (from_text("else.example"), HOME):
        refusal = primary.refusal(question(elsewhere, serial), tcp)
        assert refusal == ("NOTAUTH", EDECode.NOT_AUTHORITATIVE)


def test_a_zone_that_has_gone(primary: Primary) -> None:
    primary.house.api("zone_remove", origin="example.net")
    assert primary.rcode(question(ORIGIN)) == dns.rcode.NOTAUTH


def test_a_zone_that_is_not_there_yet(primary: Primary) -> None:
    other = from_text("other.example")
    secondaries = primary.house.directory.secondaries
    secondaries.put(ZoneInfo(other, 1, secondaries=tuple(secondaries.of(ORIGIN))))
    assert primary.refusal(question(other)) == ("SERVFAIL", EDECode.NOT_READY)


def test_an_ixfr_that_names_no_version(primary: Primary) -> None:
    assert primary.rcode(dns.message.make_query(NAME, "IXFR")) == dns.rcode.FORMERR


@pytest.mark.parametrize("listed", [True, False])
def test_a_key(primary: Primary, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is named for the secondary, or has the right: all messages are signed with it."""
    monkeypatch.setattr("time.time", lambda: 1000.0)
    if listed:
        primary.make_key(rights=["notify"])
        primary.allow("127.0.0.1,xfr.example")
    else:
        primary.house.api("zone_set", origin="example.net", account="alice")
        primary.make_key(rights=["transfer"])
        primary.allow()
    primary.replace(9000)
    assert primary.rcode(question(ORIGIN)) == dns.rcode.REFUSED
    asked = question(ORIGIN)
    asked.use_tsig(KEY)
    zone = empty()
    dns.query.inbound_xfr("127.0.0.1", zone, asked, port=primary.port, lifetime=PATIENCE)
    assert contents(zone) == primary.records()
    primary.update(9)
    asked = question(ORIGIN, primary.serial() - 1)
    asked.use_tsig(KEY)
    dns.query.inbound_xfr("127.0.0.1", zone, asked, port=primary.port, lifetime=PATIENCE)
    assert contents(zone) == primary.records()


# Bad input -----------------------------------------------------------------------------------


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_answered_with_an_rcode(primary: Primary, data: st.DataObject) -> None:
    """Octets of a real IXFR that are others, missing or more, from one who may ask."""
    wire = bytearray(question(ORIGIN, data.draw(st.sampled_from([1, 7, 2**31]))).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, len(wire) - 1))
        if data.draw(st.booleans()):
            wire[at] = data.draw(st.integers(0, 255))
        else:
            wire[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for tcp in (True, False):
        reply = primary.engine.respond(bytes(wire), bytes((127, 0, 0, 1)), tcp)
        assert reply is None or isinstance(reply, bytes) or tcp
        if isinstance(reply, bytes):
            assert reply[:2] == wire[:2]
