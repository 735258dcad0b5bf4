"""Secondaries that do not read, or not fast enough, and a store that cannot be read."""

from __future__ import annotations

import socket
from typing import Any

import dns.rcode
import pytest
from twisted.logger import LogEvent, globalLogPublisher

from ddns.model.records import TXT
from ddns.net.dns import transfer_handler
from tests.house import ORIGIN
from tests.net.dns.primary import Primary
from tests.net.dns_fakes import framed, read_message
from tests.net.reactors import PATIENCE
from tests.processes import eventually
from tests.zone.transferring import Record, question, records_in


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
