"""The UDP answer that tells a client its address."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ddns.net.miniupdate_udp import AddressAnswerer
from tests.net.reactors import PATIENCE, RunningReactor


class Transport:
    """Keeps what is written, or fails."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []
        self.fails = False

    def write(self, datagram: bytes, addr: Any) -> None:
        if self.fails:
            raise PermissionError(1, "Operation not permitted")
        self.sent.append((datagram, addr))


class Answerer(AddressAnswerer):
    """One without a socket, whose clock stands still until a test moves it."""

    def __init__(self, **options: Any) -> None:
        self.now = 100.0
        super().__init__(lambda: self.now, os.urandom, **options)
        self.transport = Transport()

    def asked(self, *hosts: str, datagram: bytes = b"\n", port: int = 4000) -> list[bytes]:
        """What those are sent who ask."""
        self.transport.sent.clear()
        for host in hosts:
            self.datagramReceived(datagram, (host, port))
        return [answer for answer, _ in self.transport.sent]


@pytest.mark.parametrize("datagram", [b"\n", b"\r\n"])
def test_an_answer_is_the_address_and_nothing_else(datagram: bytes) -> None:
    answerer = Answerer()
    hosts = ("192.0.2.77", "255.255.255.254")
    assert answerer.asked(*hosts, datagram=datagram) == [host.encode() for host in hosts]
    assert answerer.transport.sent[0] == (b"192.0.2.77", ("192.0.2.77", 4000))
    assert all(len(answer) <= 15 for answer, _ in answerer.transport.sent)


def test_a_mapped_address() -> None:
    answerer = Answerer()
    assert answerer.asked("::ffff:192.0.2.77") == [b"192.0.2.77"]
    assert answerer.transport.sent[0][1] == ("::ffff:192.0.2.77", 4000)


@pytest.mark.parametrize("datagram", [b"", b"x", b"\n\n", b"\r", b" \n", b"\n\x00", b"1.2.3.4"])
def test_anything_else_is_not_answered(datagram: bytes) -> None:
    assert Answerer().asked("192.0.2.77", datagram=datagram) == []


@pytest.mark.parametrize("host", ["2001:db8::77", "fe80::1%lo", "::1", "nonsense"])
def test_others_are_not_answered(host: str) -> None:
    assert Answerer().asked(host) == []


def test_port_0_is_not_answered() -> None:
    assert Answerer().asked("192.0.2.77", port=0) == []


def test_a_flood_gets_far_less_than_it_sends() -> None:
    answerer = Answerer(per_second=5)
    flood = [f"192.0.2.{last % 256}" for last in range(2000)]
    assert len(answerer.asked(*flood)) == 5
    answered = 0
    for _ in range(5):
        answerer.now += 1.0
        answered += len(answerer.asked(*flood))
    assert answered <= 25
    assert answerer.asked("198.51.100.7") == [b"198.51.100.7"]
    answerer.now += 2.0
    assert answerer.asked("192.0.2.77") == [b"192.0.2.77"]


def test_what_is_not_answered_does_not_count() -> None:
    answerer = Answerer(per_second=1)
    answerer.asked(*["192.0.2.77"] * 10, datagram=b"x")
    assert answerer.asked("192.0.2.77") == [b"192.0.2.77"]


def test_an_answer_that_cannot_be_sent(logged: list[str]) -> None:
    """Whoever causes it could otherwise fill the log."""
    answerer = Answerer()
    answerer.transport.fails = True
    assert answerer.asked("192.0.2.77") == []
    assert logged == []


# On a socket -----------------------------------------------------------------------------------


@contextmanager
def listening(running: RunningReactor, interface: str) -> Iterator[int]:
    """The port on which an answerer listens."""
    reactor = running.reactor
    answerer = AddressAnswerer(reactor.seconds, os.urandom)
    port: Any = running.call(lambda: reactor.listenUDP(0, answerer, interface=interface))
    try:
        yield port.getHost().port
    finally:
        running.call(port.stopListening)


@pytest.mark.parametrize("interface", ["127.0.0.1", "::"])
def test_over_ipv4(running: RunningReactor, logged: list[str], interface: str) -> None:
    if interface == "::" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with (
        listening(running, interface) as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(PATIENCE)
        client.bind(("127.0.0.2", 0))
        client.sendto(b"what?", ("127.0.0.1", port))
        client.sendto(b"\n", ("127.0.0.1", port))
        answer, source = client.recvfrom(100)
        assert (answer, source) == (b"127.0.0.2", ("127.0.0.1", port))
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(100)
    assert not [text for text in logged if "Traceback" in text]


def test_a_flood_over_ipv4(running: RunningReactor) -> None:
    with (
        listening(running, "127.0.0.1") as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.bind(("127.0.0.1", 0))
        client.settimeout(0.2)
        for _ in range(300):
            client.sendto(b"\n", ("127.0.0.1", port))
        answers = 0
        with contextlib.suppress(TimeoutError):
            while client.recv(100) == b"127.0.0.1":
                answers += 1
    assert 5 <= answers <= 20
