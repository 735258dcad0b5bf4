"""What is counted of DNS is what clients sent and got, packet by packet and in batches."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from ddns.config.settings import DnsSettings
from ddns.net.dns.listener import DnsListener
from ddns.net.dns.stats import RCODES, DnsStats
from tests.net.dns_fakes import Reader, ask, framed, listening, tcp_client, udp_client
from tests.net.reactors import RunningReactor
from tests.processes import eventually


def rcode(wire: bytes, source: bytes, tcp: bool) -> bytes | None:
    """Answers with the RCODE that it is asked for, behind flags that are none; not at all to
    ``drop``, by failing to ``raise``."""
    if wire == b"drop":
        return None
    if wire == b"raise":
        raise RuntimeError("the responder was told to fail")
    return b"id\x84" + bytes([0xB0 | int(wire)]) + b"." * 20


def counted(running: RunningReactor, traffic: DnsStats) -> dict[str, object]:
    """All of it, in the reactor's thread."""

    def read() -> dict[str, object]:
        rcodes = {number: count for number, count in enumerate(traffic.rcodes) if count}
        return {
            "received": traffic.received(),
            "octets in": traffic.received_octets,
            "rcodes": rcodes,
            "octets out": traffic.sent_octets,
            "unanswered": traffic.unanswered,
            "unsent": traffic.unsent,
            "timed": sum(traffic.latency.counts),
        }

    found: dict[str, object] = running.call(read)
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_over_udp(running: RunningReactor, reader: Reader, host: str) -> None:
    # More than a batch, and one without an answer in front of others.
    sent = [b"drop", *[b"%d" % (n % RCODES) for n in range(100)], b"raise", b"drop"]
    with (
        listening(running, rcode, host, **reader) as listener,
        udp_client("127.0.0.1", listener.addresses[0][1]) as client,
    ):
        running.call(lambda: [client.send(wire) for wire in sent])
        got = [client.recv(100) for _ in range(100)]
        client.send(b"5")  # alone
        got.append(client.recv(100))
        running.call(lambda: None)
        expected = {number: 6 + (number < 4) + (number == 5) for number in range(RCODES)}
        assert counted(running, listener.udp) == {
            "received": 104,
            "octets in": sum(map(len, sent)) + 1,
            "rcodes": expected,
            "octets out": sum(map(len, got)),
            "unanswered": 3,
            "unsent": 0,
            "timed": 101,
        }
        assert counted(running, listener.tcp.stats)["received"] == 0


def test_over_tcp(running: RunningReactor) -> None:
    with (
        listening(running, rcode, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(b"".join(map(framed, (b"drop", b"3", b"raise"))))
        ask(client, b"3")
        ask(client, b"0")
        client.recv(100)
        running.call(lambda: None)
        assert counted(running, listener.tcp.stats) == {
            "received": 5,
            "octets in": 12,
            "rcodes": {0: 1, 3: 2},
            "octets out": 72,
            "unanswered": 2,
            "unsent": 0,
            "timed": 3,
        }
        assert counted(running, listener.udp)["received"] == 0


def test_what_the_system_does_not_take(running: RunningReactor, reader: Reader) -> None:
    """A reply of more than a datagram can carry."""

    def too_much(wire: bytes, source: bytes, tcp: bool) -> bytes:
        return bytes(65_530) if wire == b"big" else wire

    with (
        listening(running, too_much, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        for wire in (b"big", b"small"):
            client.send(wire)
        assert client.recv(100) == b"small"
        running.call(lambda: None)
        assert counted(running, listener.udp)["unsent"] == 1


def test_a_slow_answer_is_seen(running: RunningReactor, reader: Reader) -> None:
    clock = Clock()

    def slow(wire: bytes, source: bytes, tcp: bool) -> bytes:
        clock.advance(0.07)
        return wire

    listener = DnsListener(running.reactor, slow, [("127.0.0.1", 0)], **reader, clock=clock)
    listener.bind()
    host, port = listener.addresses[0]
    running.call(listener.start)
    try:
        with udp_client(host, port) as client, tcp_client(host, port) as stream:
            client.send(b"question")
            client.recv(100)
            ask(stream, b"question")
            running.call(lambda: None)
            for traffic in (listener.udp, listener.tcp.stats):
                assert traffic.latency.sum == pytest.approx(0.07)
                at = traffic.latency.bounds.index(0.1)
                assert traffic.latency.counts[at] == 1
        # no time passes on that clock in which the server could end them
        eventually(lambda: not running.call(listener.tcp.connections), "they have ended")
    finally:
        running.call(listener.stop)


def test_connections_are_counted_by_what_became_of_them(running: RunningReactor) -> None:
    limits = DnsSettings(tcp_connections=2, tcp_connections_per_address=2)

    def echo(wire: bytes, source: bytes, tcp: bool) -> bytes:
        return wire

    with listening(running, echo, "127.0.0.1", limits=limits) as listener:
        address = listener.addresses[0]
        with tcp_client(*address) as first, tcp_client(*address, "127.0.0.2") as second:
            ask(first, b"one")
            ask(second, b"two")
            with tcp_client(*address, "127.0.0.3") as third:  # takes the place of one that is idle
                ask(third, b"three")
                with tcp_client(*address, "127.0.0.3") as fourth:
                    ask(fourth, b"four")
                    with tcp_client(*address, "127.0.0.3") as refused:
                        assert refused.recv(1) == b""
        admissions = listener.tcp.admissions
        assert (admissions.accepted, admissions.displaced, admissions.refused) == (4, 2, 1)
