"""AXFR and IXFR over sockets, as dnspython takes them."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.zone
import pytest
from twisted.logger import LogEvent, globalLogPublisher

from ddns.model.account import ZoneInfo
from ddns.model.names import from_text
from ddns.model.records import SOA, TXT, is_later, pack_rdatas, soa_serial
from ddns.model.rows import Row, pack_rows
from ddns.net.dns import transfer_handler
from ddns.net.dns.transfer_handler import TransferHandler
from ddns.zone.engine import Engine
from ddns.zone.tsig import Signatures, TsigKey
from tests.house import HOME, ORIGIN, House, change, house_at, update
from tests.net.dns_fakes import ask, framed, listening, read_message, tcp_client, udp_client
from tests.net.reactors import PATIENCE, RunningReactor
from tests.processes import eventually
from tests.zone.transferring import Record, question, records_in, records_of

NAME = dns.name.from_text("example.net")
KEY = dns.tsig.Key("xfr.example.", bytes(32), "hmac-sha256")


class Primary:
    """A house with zone example.net, of which 127.0.0.1 is a secondary, and its DNS listener."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.engine = Engine(house.zones, signatures=Signatures(self._key, lambda: 1000.0))
        self.engine.transfer = TransferHandler(
            house.zones, house.directory, house.store, house.running.reactor
        )
        self.secret = house.fill()
        self.allow("127.0.0.1")
        self.port = 0

    def allow(self, *secondaries: str) -> None:
        self.house.api("zone_set", origin="example.net", secondaries=list(secondaries))

    def _key(self, name: bytes) -> TsigKey | None:
        key = self.house.directory.tsig_key(name)
        return None if key is None else TsigKey(name, "hmac-sha256", KEY.secret)

    def make_key(self, **more: Any) -> None:
        secret = base64.b64encode(KEY.secret).decode()
        self.house.api(
            "key_add", account="alice", kind="tsig", name="xfr.example", secret=secret, **more
        )

    def update(self, last: int) -> None:
        (outcome,) = self.house.update(
            update("alice", self.secret, change("home.example.net", f"192.0.2.{last}"))
        )
        assert outcome.results

    def replace(self, names: int, text: bytes = b"\x01x") -> None:
        """Have that many names with a TXT in the zone instead of what the operator had."""
        found = self.house.on_disk()
        assert found is not None
        rows: list[Row] = [row for row in found[1] if row[0] == ORIGIN]
        rdatas = pack_rdatas([text])
        rows += [(b"\x06%06d" % number + ORIGIN, TXT, 60, rdatas) for number in range(names)]
        self.house.api("zone_import", origin="example.net", stage="s", rows=pack_rows(rows))

    def serial(self) -> int:
        found = self.house.in_memory()
        assert found is not None
        return found[0]

    def records(self) -> set[Record]:
        found: set[Record] = self.house.running.call(
            lambda: records_of(self.house.zones.origins[ORIGIN].rrsets())
        )
        return found

    def client(self, source: str | None = None) -> socket.socket:
        return tcp_client("127.0.0.1", self.port, source)

    def ask(self, asked: dns.message.Message, tcp: bool = True) -> bytes:
        with (tcp_client if tcp else udp_client)("127.0.0.1", self.port) as client:
            if tcp:
                return ask(client, asked.to_wire())
            client.send(asked.to_wire())
            return client.recv(4096)

    def rcode(self, asked: dns.message.Message, tcp: bool = True) -> dns.rcode.Rcode:
        return dns.rcode.Rcode(self.ask(asked, tcp)[3] & 15)


@contextmanager
def primary_at(running: RunningReactor, path: Path) -> Iterator[Primary]:
    with house_at(running, path) as house:
        house.load()
        primary = Primary(house)
        with listening(running, primary.engine.respond, "127.0.0.1") as listener:
            primary.port = listener.addresses[0][1]
            yield primary


@pytest.fixture
def primary(running: RunningReactor, tmp_path: Path) -> Iterator[Primary]:
    with primary_at(running, tmp_path / "ddns.sqlite") as primary:
        yield primary


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
    assert primary.rcode(question(ORIGIN), tcp=False) == dns.rcode.REFUSED


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
    assert primary.rcode(question(ORIGIN, serial), tcp) == dns.rcode.REFUSED
    elsewhere = question(from_text("else.example"), serial)
    assert primary.rcode(elsewhere, tcp) == dns.rcode.NOTAUTH
    assert primary.rcode(question(HOME, serial), tcp) == dns.rcode.NOTAUTH


def test_a_zone_that_has_gone(primary: Primary) -> None:
    primary.house.api("zone_remove", origin="example.net")
    assert primary.rcode(question(ORIGIN)) == dns.rcode.NOTAUTH


def test_a_zone_that_is_not_there_yet(primary: Primary) -> None:
    other = from_text("other.example")
    secondaries = primary.house.directory.secondaries
    secondaries.put(ZoneInfo(other, 1, secondaries=tuple(secondaries.of(ORIGIN))))
    assert primary.rcode(question(other)) == dns.rcode.SERVFAIL


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


# Slow ones -----------------------------------------------------------------------------------


def read_all(client: socket.socket) -> list[Record]:
    """The rest of a whole zone."""
    wires = [read_message(client)]
    found = records_in(wires)
    soa = found[0]
    while found[-1] != soa or len(found) == 1:
        found += records_in([read_message(client)])
    return found


LARGE = 2000, (b"\xff" + bytes(255)) * 40
"""A zone that is larger than what sockets hold."""


def test_who_stands_still_gets_the_zone_of_the_beginning(primary: Primary) -> None:
    """And holds up nothing meanwhile: neither changes nor another whole zone in its place."""
    primary.replace(*LARGE)
    expected = primary.records()
    with primary.client() as slow:
        slow.sendall(framed(question(ORIGIN).to_wire()))
        slow.recv(1, socket.MSG_PEEK)
        primary.update(7)
        zone = primary.house.zones.origins[ORIGIN]
        assert len(zone.snapshots) == 1
        primary.replace(3000)
        assert primary.house.zones.origins[ORIGIN] is not zone
        now = records_in([primary.ask(question(ORIGIN))])
        assert [one[3] for one in now if one[1] == TXT] == [b"\x01x"] * 3000
        found = read_all(slow)
    assert set(found) == expected
    assert len(found) == len(expected) + 1
    eventually(lambda: not zone.nodes, "the former zone is freed")


def test_who_leaves_gives_its_place_back(primary: Primary) -> None:
    primary.replace(*LARGE)
    zone = primary.house.zones.origins[ORIGIN]
    others = [f"127.0.0.{2 + number}" for number in range(transfer_handler.TRANSFERS)]
    primary.allow("127.0.0.1", *others)
    slow = [primary.client(other) for other in others]
    for client in slow:
        client.sendall(framed(question(ORIGIN).to_wire()))
        client.recv(1, socket.MSG_PEEK)
    with primary.client() as waiting:
        waiting.sendall(framed(question(ORIGIN).to_wire()))
        waiting.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        assert len(zone.snapshots) == transfer_handler.TRANSFERS
        waiting.settimeout(PATIENCE)
        for client in slow:
            client.close()
        assert len(read_all(waiting)) == len(primary.records()) + 1
    assert not zone.snapshots


def test_who_takes_too_long(primary: Primary, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection ends, and a line in the log says why."""
    monkeypatch.setattr(transfer_handler, "LONGEST", 0.0)
    lines: list[LogEvent] = []
    globalLogPublisher.addObserver(lines.append)
    try:
        primary.replace(20_000)
        with primary.client() as client:
            client.sendall(framed(question(ORIGIN).to_wire()))
            with pytest.raises((AssertionError, ConnectionError)):
                read_all(client)
    finally:
        globalLogPublisher.removeObserver(lines.append)
    (line,) = [line for line in lines if line["log_namespace"] == "ddns.net.dns.listener"]
    assert "log_failure" not in line
    assert str(line["error"]).startswith("The transfer of zone example.net to 127.0.0.1")


def test_a_store_that_cannot_be_read(primary: Primary, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(work: Any) -> Any:
        raise transfer_handler.StoreError("it is gone")

    serial = primary.serial()
    primary.update(3)
    monkeypatch.setattr(primary.house.store, "read", fail)
    assert primary.rcode(question(ORIGIN, serial)) == dns.rcode.SERVFAIL
