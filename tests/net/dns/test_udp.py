"""DNS over UDP on real sockets: both ways of reading must do the same."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
from collections.abc import Iterator

import dns.flags
import dns.message
import pytest
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from ddns.net.dns.listener import DnsListener
from tests.net.dns_fakes import Reader, ask, echo, listening, tcp_client, udp_client
from tests.net.reactors import PATIENCE, RunningReactor

HOSTS = ("127.0.0.1", "::1")
SOURCE = {"127.0.0.1": b"7f000001", "::1": b"00" * 15 + b"01"}


@pytest.fixture
def failures() -> Iterator[list[object]]:
    """The log events with a traceback, of the whole process."""
    events: list[object] = []

    def observe(event: dict[str, object]) -> None:
        if event.get("log_failure") is not None:
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


@pytest.mark.parametrize("host", HOSTS)
def test_answers_with_the_message_and_its_source(
    running: RunningReactor, reader: Reader, host: str
) -> None:
    with (
        listening(running, echo, host, **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        client.send(b"question")
        assert client.recv(4096) == b"question|" + SOURCE[host] + b"|udp"


def test_several_addresses_at_once(running: RunningReactor, reader: Reader) -> None:
    with listening(running, echo, "127.0.0.1", "127.0.0.2", "::1", **reader) as listener:
        assert [host for host, _ in listener.addresses] == ["127.0.0.1", "127.0.0.2", "::1"]
        for host, port in listener.addresses:
            with udp_client(host, port) as client:
                client.send(b"q")
                assert client.recv(4096).startswith(b"q|")


@pytest.mark.parametrize(
    ("wildcard", "asked"),
    [("0.0.0.0", ["127.0.0.2", "127.0.0.1", "127.9.8.7"]), ("::", ["::1"])],
)
def test_a_wildcard_answers_from_the_address_that_was_asked(
    running: RunningReactor, reader: Reader, wildcard: str, asked: list[str]
) -> None:
    # Without ancillary data the kernel would answer 127.0.0.2 from 127.0.0.1, and a connected
    # client would not see it.
    with listening(running, echo, wildcard, **reader) as listener:
        for host in asked:
            with udp_client(host, listener.addresses[0][1]) as client:
                client.send(b"where")
                assert client.recv(4096).startswith(b"where|")


def test_a_wildcard_keeps_apart_what_came_together(running: RunningReactor, reader: Reader) -> None:
    """Packets of one batch to several addresses, some of which get no answer."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listening(running, echo, "0.0.0.0", **reader))
        port = listener.addresses[0][1]
        clients = [stack.enter_context(udp_client(f"127.0.0.{n}", port)) for n in range(1, 30)]

        def send() -> None:  # in the reactor's thread, so that they all wait when it reads
            for n, client in enumerate(clients):
                client.send(b"drop" if n % 3 == 0 else b"raise" if n % 7 == 1 else b"to %d" % n)

        running.call(send)
        for n, client in enumerate(clients):
            if n % 3 and n % 7 != 1:
                assert client.recv(4096).startswith(b"to %d|" % n)
            else:
                client.setblocking(False)
                with pytest.raises(BlockingIOError):
                    client.recv(4096)


def test_both_wildcards_share_a_port(running: RunningReactor, reader: Reader) -> None:
    with listening(running, echo, "0.0.0.0", **reader) as v4:
        port = v4.addresses[0][1]
        v6 = DnsListener(running.reactor, echo, [("::", port)], **reader)
        v6.bind()
        running.call(v6.start)
        try:
            for host in HOSTS:
                with udp_client(host, port) as client:
                    client.send(b"q")
                    assert client.recv(4096) == b"q|" + SOURCE[host] + b"|udp"
        finally:
            running.call(v6.stop)


def test_a_link_local_address_answers(running: RunningReactor, reader: Reader) -> None:
    """Even to a client with a global address, which does not say on which interface it is."""
    both = _addresses("20").keys() & _addresses("00").keys()
    if not both:
        pytest.skip("no interface has a link-local and a global address")
    interface = min(both)
    asked = f"{_addresses('20')[interface]}%{interface}"
    source = _addresses("00")[interface]
    with (
        listening(running, echo, "::", **reader) as listener,
        udp_client(asked, listener.addresses[0][1], source) as client,
        udp_client("::1", listener.addresses[0][1]) as other,
    ):

        def send() -> None:  # in one batch
            client.send(b"near")
            other.send(b"here")

        running.call(send)
        mine = socket.inet_pton(socket.AF_INET6, source).hex().encode()
        assert client.recv(4096) == b"near|" + mine + b"|udp"
        assert other.recv(4096).startswith(b"here|00")


def _addresses(wanted: str) -> dict[str, str]:
    """An IPv6 address of each interface, of one scope: "20" is link-local, "00" global."""
    found = {}
    with contextlib.suppress(OSError), open("/proc/net/if_inet6") as table:
        for line in table:
            digits, _, _, scope, _, interface = line.split()
            if scope == wanted:
                found[interface] = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
    return found


def test_what_came_before_a_socket_was_passed_is_answered_from_where_it_was_asked(
    running: RunningReactor, reader: Reader
) -> None:
    """The kernel notes the address for sending when a packet comes, if it was told to before."""
    passed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    passed.bind(("0.0.0.0", 0))
    with udp_client("127.0.0.2", passed.getsockname()[1]) as client:
        client.send(b"early")
        listener = DnsListener(running.reactor, echo, [], **reader)
        listener.adopt([passed])
        running.call(listener.start)
        try:
            assert client.recv(4096).startswith(b"early|")
        finally:
            running.call(listener.stop)


def test_an_ipv4_client_of_a_dual_stack_socket_is_an_ipv4_client(
    running: RunningReactor, reader: Reader
) -> None:
    """Such a socket may be passed to us; ours are never of that kind."""
    listener = DnsListener(running.reactor, echo, [], **reader)
    passed = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    passed.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    passed.bind(("::", 0))
    listener.adopt([passed])
    running.call(listener.start)
    try:
        for host in ("127.0.0.2", "::1"):
            with udp_client(host, listener.addresses[0][1]) as client:
                client.send(b"q")
                mine = b"7f000001" if "." in host else SOURCE[host]
                assert client.recv(4096) == b"q|" + mine + b"|udp"
    finally:
        running.call(listener.stop)


@pytest.mark.parametrize("host", HOSTS)
def test_a_burst_is_answered_to_the_last_packet(
    running: RunningReactor, reader: Reader, host: str
) -> None:
    with (
        listening(running, echo, host, **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        got: list[bytes] = []
        for begin in range(0, 2000, 100):  # no more at once than a client's receive buffer holds
            for n in range(begin, begin + 100):
                client.send(b"packet %d" % n)
            got += [client.recv(4096) for _ in range(100)]
        tail = b"|" + SOURCE[host] + b"|udp"
        assert got == [b"packet %d" % n + tail for n in range(2000)]


def test_packets_that_wait_are_answered_in_turns(running: RunningReactor, reader: Reader) -> None:
    """More than one turn reads, so that connections are not kept waiting; and none is lost."""
    turns: list[int] = []
    answered = 0

    def count(wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        nonlocal answered
        answered += 1
        return b"last" if wire == b"last" else None

    with (
        listening(running, count, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):

        def look() -> None:
            turns.append(answered)
            if answered < 1500:
                running.reactor.callLater(0, look)

        def send() -> None:
            for _ in range(1499):
                client.send(b"x")
            client.send(b"last")
            look()

        running.call(send)
        assert client.recv(4096) == b"last"
        running.call(lambda: None)
        seen = running.call(lambda: list(turns))
        assert max(b - a for a, b in itertools.pairwise(seen)) <= 512
        assert answered == 1500


def test_what_the_responder_drops_or_fails_on_disturbs_nobody(
    running: RunningReactor, reader: Reader, failures: list[object]
) -> None:
    with (
        listening(running, echo, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):

        def send() -> None:
            for wire in (b"one", b"drop", b"two", b"raise", b"raise", b"three", b"raise"):
                client.send(wire)

        running.call(send)
        assert [client.recv(4096).partition(b"|")[0] for _ in range(3)] == [
            b"one",
            b"two",
            b"three",
        ]
        running.call(lambda: None)
        assert len(failures) == 1  # a flood of them must not become a flood of log lines


@pytest.mark.parametrize("size", [1, 512, 1232, 4096, 20000])
def test_replies_and_questions_of_any_size(
    running: RunningReactor, reader: Reader, size: int
) -> None:
    def length(wire: bytes, source: bytes, tcp: bool) -> bytes:
        return wire[:4] * (len(wire) // 4) + wire[:1] * (len(wire) % 4)

    with (
        listening(running, length, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        client.send(b"z" * size)
        assert client.recv(65536) == b"z" * size


def test_a_reply_that_no_packet_can_carry_costs_only_itself(
    running: RunningReactor, reader: Reader
) -> None:
    with (
        listening(running, echo, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):

        def send() -> None:
            for wire in (b"one", b"big65530", b"two", b"big70000", b"three", b"big65520"):
                client.send(wire)

        running.call(send)
        got = [client.recv(4096).partition(b"|")[0] for _ in range(3)]
        assert got == [b"one", b"two", b"three"]
        client.send(b"after")
        assert client.recv(4096).startswith(b"after|")


def test_an_empty_packet_reaches_the_responder(running: RunningReactor, reader: Reader) -> None:
    with (
        listening(running, echo, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        client.send(b"")
        assert client.recv(4096) == b"|7f000001|udp"


def test_source_port_0_never_reaches_the_responder(running: RunningReactor, reader: Reader) -> None:
    seen: list[bytes] = []

    def note(wire: bytes, source: bytes, tcp: bool) -> bytes:
        seen.append(wire)
        return wire

    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("raw sockets need privileges")
    with (
        raw,
        listening(running, note, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        host, port = listener.addresses[0]
        raw.sendto(struct.pack("!HHHH", 1, port, 8 + 3, 0) + b"one", (host, 0))
        raw.sendto(struct.pack("!HHHH", 0, port, 8 + 4, 0) + b"zero", (host, 0))
        client.send(b"last")
        assert client.recv(4096) == b"last"
        assert seen == [b"one", b"last"]


def test_clients_that_are_gone_disturb_nobody(running: RunningReactor, reader: Reader) -> None:
    """Answers to a closed port bring ICMP errors, which must not reach the next read. Who is still
    there was there before, or it might get the port of one that has gone."""
    with (
        listening(running, echo, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        for n in range(20):
            with udp_client(*listener.addresses[0]) as gone:
                gone.send(b"anyone there")
            client.send(b"%d" % n)
            assert client.recv(4096).startswith(b"%d|" % n)


def test_a_real_message(running: RunningReactor, reader: Reader) -> None:
    def refuse(wire: bytes, source: bytes, tcp: bool) -> bytes:
        reply = dns.message.make_response(dns.message.from_wire(wire))
        reply.set_rcode(dns.rcode.REFUSED)
        return reply.to_wire()

    query = dns.message.make_query("home.example.net", "AAAA")
    with listening(running, refuse, "127.0.0.1", **reader) as listener:
        with udp_client(*listener.addresses[0]) as client:
            client.send(query.to_wire())
            over_udp = dns.message.from_wire(client.recv(4096))
        with tcp_client(*listener.addresses[0]) as client:
            over_tcp = dns.message.from_wire(ask(client, query.to_wire()))
    assert query.is_response(over_udp)
    assert query.is_response(over_tcp)


def test_it_catches_up_within_a_turn_of_the_reactor(
    running: RunningReactor, reader: Reader
) -> None:
    clock = Clock()
    with (
        listening(running, echo, "127.0.0.1", **reader, clock=clock) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):

        def turn() -> list[bytes]:
            """In which the reactor reads nothing itself."""
            answers = []
            client.send(b"early")
            listener.catch_up()  # a moment ago there was nothing
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                answers.append(client.recv(100))
            clock.advance(0.001)
            listener.catch_up()
            answers.append(client.recv(100))
            return answers

        (answer,) = running.call(turn)
        assert answer.startswith(b"early|")
        client.settimeout(PATIENCE)
        client.send(b"late")
        assert client.recv(100).startswith(b"late|")


def test_it_catches_up_at_no_other_time(running: RunningReactor, reader: Reader) -> None:
    listener = DnsListener(running.reactor, echo, [("127.0.0.1", 0)], **reader)
    listener.catch_up()
    with listening(running, echo, "127.0.0.1", **reader) as listener:
        running.call(listener.catch_up)
    listener.catch_up()
