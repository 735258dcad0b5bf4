"""DNS over TCP on real sockets (RFC 7766): framing, deadlines, limits."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest
from twisted.internet.task import Clock

from ddns.config.settings import DnsSettings
from ddns.net.connections import UNSENT
from ddns.net.shutdown import DRAIN_TIME
from tests.net.dns_fakes import (
    ask,
    echo,
    framed,
    is_closed,
    listening,
    read_message,
    seconds_until_closed,
    tcp_client,
    udp_client,
)
from tests.net.reactors import PATIENCE, RunningReactor
from tests.processes import eventually

PATIENT = DnsSettings(tcp_idle_time=PATIENCE * 2, tcp_message_time=PATIENCE * 2)
"""Nothing is cut while a test lasts."""


@pytest.mark.parametrize(
    ("host", "source"), [("127.0.0.1", b"7f000001"), ("::1", b"00" * 15 + b"01")]
)
def test_answers_over_tcp(running: RunningReactor, host: str, source: bytes) -> None:
    with listening(running, echo, host) as listener, tcp_client(*listener.addresses[0]) as client:
        assert ask(client, b"one") == b"one|" + source + b"|tcp"
        assert ask(client, b"two") == b"two|" + source + b"|tcp"


def test_pipelined_questions_are_answered_in_order(running: RunningReactor) -> None:
    with (
        listening(running, echo, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(b"".join(framed(b"q%d" % n) for n in range(500)))
        got = [read_message(client).partition(b"|")[0] for _ in range(500)]
        assert got == [b"q%d" % n for n in range(500)]


def test_octet_by_octet(running: RunningReactor) -> None:
    with (
        listening(running, echo, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(b"slowly") + framed(b"again"):
            client.send(bytes((octet,)))
        assert read_message(client).startswith(b"slowly|")
        assert read_message(client).startswith(b"again|")


@pytest.mark.parametrize("size", [0, 1, 65535])
def test_replies_of_the_largest_size_and_questions_too(running: RunningReactor, size: int) -> None:
    def mirror(wire: bytes, source: bytes, tcp: bool) -> bytes:
        return wire or b"nothing"

    with (
        listening(running, mirror, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        assert ask(client, b"y" * size) == (b"y" * size or b"nothing")


def test_what_the_responder_drops_or_fails_on_disturbs_nobody(running: RunningReactor) -> None:
    with (
        listening(running, echo, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"drop") + framed(b"raise") + framed(b"big65536") + framed(b"on"))
        assert read_message(client).startswith(b"on|")


def test_a_half_closed_connection_gets_all_its_answers(running: RunningReactor) -> None:
    with (
        listening(running, echo, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"big30000") * 60 + b"\0")  # more than waits at once, and a stump
        client.shutdown(socket.SHUT_WR)
        for _ in range(60):
            assert len(read_message(client)) == 30000
        assert client.recv(1) == b""


def test_an_idle_connection_is_closed_in_order(running: RunningReactor) -> None:
    limits = DnsSettings(tcp_idle_time=0.3, tcp_message_time=PATIENCE)
    with (
        listening(running, echo, "127.0.0.1", limits=limits) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        begun = time.monotonic()
        assert ask(client, b"q")
        assert client.recv(1) == b""
        assert 0.3 <= time.monotonic() - begun < PATIENCE / 2


def test_answers_keep_a_connection_and_messages_without_one_do_not(
    running: RunningReactor,
) -> None:
    seen: list[bytes] = []

    def note(wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        seen.append(wire)
        return None if wire == b"noise" else wire

    clock = Clock()
    limits = DnsSettings(tcp_idle_time=10, tcp_message_time=30)
    with (
        listening(running, note, "127.0.0.1", limits=limits, clock=clock) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        for _ in range(3):
            assert ask(client, b"q")
            running.call(clock.advance, 9.9)
        assert ask(client, b"q")
        running.call(clock.advance, 9.9)
        client.sendall(framed(b"noise"))
        eventually(lambda: b"noise" in seen, "the server has read it")
        assert not is_closed(client)
        running.call(clock.advance, 0.1)
        assert client.recv(1) == b""


def test_the_next_message_has_its_own_deadline(running: RunningReactor) -> None:
    clock = Clock()
    with (
        listening(
            running, echo, "127.0.0.1", limits=DnsSettings(tcp_message_time=2), clock=clock
        ) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"q") + b"\0\4fi")
        assert read_message(client)
        running.call(clock.advance, 1.5)
        client.sendall(b"rs" + b"\0\4se")
        assert read_message(client).startswith(b"firs|")
        running.call(clock.advance, 1.9)
        assert not is_closed(client)
        running.call(clock.advance, 0.1)
        assert seconds_until_closed(client) < PATIENCE


def test_each_connection_is_cut_at_its_own_moment(running: RunningReactor) -> None:
    """One timer serves all, and a deadline nearer than the one it waits for is not missed."""
    clock = Clock()
    limits = DnsSettings(tcp_idle_time=10, tcp_message_time=2)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(
            listening(running, echo, "127.0.0.1", limits=limits, clock=clock)
        )
        clients = []
        for start in (b"", b"\0", b""):
            clients.append(stack.enter_context(tcp_client(*listener.addresses[0])))
            clients[-1].sendall(framed(b"q") + start)
            assert read_message(clients[-1])
            running.call(clock.advance, 1)  # now at 1, 2 and 3
            if start:
                running.call(clock.advance, 0.9)
                assert not is_closed(clients[-1])
                running.call(clock.advance, 0.1)
                assert seconds_until_closed(clients[-1]) < PATIENCE
        # It is 4 now, the first was answered at 0 and the third at 3.
        running.call(clock.advance, 5.9)
        assert not is_closed(clients[0])
        running.call(clock.advance, 0.1)
        assert seconds_until_closed(clients[0]) < PATIENCE
        running.call(clock.advance, 2.9)
        assert not is_closed(clients[2])
        running.call(clock.advance, 0.1)
        assert seconds_until_closed(clients[2]) < PATIENCE
        eventually(lambda: not clock.getDelayedCalls(), "no timer")


@pytest.mark.parametrize("start", [b"\0", b"\0\x40", b"\0\x40some", framed(b"whole") + b"\0\x40"])
def test_a_stalled_message_is_cut(running: RunningReactor, start: bytes) -> None:
    limits = DnsSettings(tcp_idle_time=PATIENCE * 2, tcp_message_time=0.3)
    with (
        listening(running, echo, "127.0.0.1", limits=limits) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        begun = time.monotonic()
        client.sendall(start)
        seconds_until_closed(client)
        assert 0.3 <= time.monotonic() - begun < PATIENCE / 2


def test_a_message_has_one_deadline_not_one_an_octet(running: RunningReactor) -> None:
    limits = DnsSettings(tcp_idle_time=PATIENCE * 2, tcp_message_time=0.5)
    with (
        listening(running, echo, "127.0.0.1", limits=limits) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        begun = time.monotonic()
        client.sendall(b"\xff\xff")
        with contextlib.suppress(ConnectionError):
            while not is_closed(client):
                assert time.monotonic() - begun < PATIENCE, "octets kept the connection open"
                client.sendall(b"x")
                time.sleep(0.02)
        assert time.monotonic() - begun >= 0.5


def test_too_many_connections_of_one_address(running: RunningReactor) -> None:
    with contextlib.ExitStack() as stack:
        limits = DnsSettings(
            tcp_connections=50, tcp_connections_per_address=3, tcp_idle_time=PATIENCE * 2
        )
        listener = stack.enter_context(listening(running, echo, "127.0.0.1", limits=limits))
        address = listener.addresses[0]
        clients = [stack.enter_context(tcp_client(*address)) for _ in range(3)]
        assert all(ask(client, b"in") for client in clients)
        with tcp_client(*address) as refused:
            assert seconds_until_closed(refused) < PATIENCE
        with tcp_client(*address, source="127.0.0.2") as other:
            assert ask(other, b"in")
        assert all(ask(client, b"still in") for client in clients)
        clients[0].close()

        def admitted() -> bool:
            with (
                tcp_client(*address) as again,
                contextlib.suppress(ConnectionError, AssertionError),
            ):
                return bool(ask(again, b"in"))
            return False

        eventually(admitted, "there is room again")


def test_an_exempt_address_may_have_more(running: RunningReactor) -> None:
    proxy = socket.inet_aton("127.0.0.1")
    with contextlib.ExitStack() as stack:
        limits = DnsSettings(
            tcp_connections=50, tcp_connections_per_address=1, tcp_idle_time=PATIENCE * 2
        )
        listener = stack.enter_context(
            listening(running, echo, "127.0.0.1", limits=limits, exempt=proxy.__eq__)
        )
        for _ in range(10):
            client = stack.enter_context(tcp_client(*listener.addresses[0]))
            assert ask(client, b"in")


def test_at_the_total_the_longest_idle_makes_room(running: RunningReactor) -> None:
    with contextlib.ExitStack() as stack:
        limits = DnsSettings(
            tcp_connections=3, tcp_connections_per_address=50, tcp_idle_time=PATIENCE * 2
        )
        listener = stack.enter_context(listening(running, echo, "127.0.0.1", limits=limits))
        clients = [stack.enter_context(tcp_client(*listener.addresses[0])) for _ in range(3)]
        for client in (clients[1], clients[0], clients[2]):
            assert ask(client, b"in")
        newest = stack.enter_context(tcp_client(*listener.addresses[0]))
        assert ask(newest, b"in")
        assert seconds_until_closed(clients[1]) < PATIENCE
        assert all(ask(client, b"still in") for client in (clients[0], clients[2], newest))


@pytest.mark.parametrize("before", [b"", framed(b"q")])
@pytest.mark.parametrize("octets", [b"", b"\0", b"\0\x40stump"])
def test_at_the_total_who_keeps_us_waiting_makes_room(
    running: RunningReactor, before: bytes, octets: bytes
) -> None:
    """Whatever it did before."""
    limits = DnsSettings(
        tcp_connections=5, tcp_idle_time=PATIENCE * 2, tcp_message_time=PATIENCE * 2
    )
    with (
        listening(running, echo, "127.0.0.1", limits=limits) as listener,
        contextlib.ExitStack() as stack,
    ):
        address = listener.addresses[0]
        for _ in range(5):
            client = stack.enter_context(tcp_client(*address))
            client.sendall(before)
            assert not before or read_message(client)
            for octet in octets:
                client.sendall(bytes((octet,)))
        for _ in range(12):
            honest = stack.enter_context(tcp_client(*address))
            assert ask(honest, b"one").startswith(b"one|")


def test_udp_has_its_turn_before_each_message(running: RunningReactor) -> None:
    answered: list[bytes] = []
    turns: list[int] = []

    def respond(wire: bytes, source: bytes, tcp: bool) -> bytes:
        answered.append(wire)
        return wire

    with (
        listening(running, respond, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        listener.tcp.between = lambda: turns.append(len(answered))
        client.sendall(framed(b"q") * 100)
        for _ in range(100):
            assert read_message(client) == b"q"
    assert set(range(100)) <= set(turns)


def test_what_a_client_does_not_read_is_bounded_over_its_connections(
    running: RunningReactor,
) -> None:
    def respond(wire: bytes, source: bytes, tcp: bool) -> bytes:
        return wire + b"x" * 60_000

    with (
        listening(running, respond, "127.0.0.1", limits=PATIENT) as listener,
        contextlib.ExitStack() as stack,
    ):
        address = listener.addresses[0]
        listener.tcp.write_time = PATIENCE * 2
        questions = framed(b"q") * 200  # whose replies are more than a kernel takes
        clients = [stack.enter_context(tcp_client(*address)) for _ in range(20)]
        for client in clients:
            client.sendall(questions)

        def unsent() -> int:
            return sum(connection.unsent for connection in listener.tcp.table)

        eventually(lambda: running.call(unsent) > UNSENT, "it is full")
        time.sleep(0.2)
        assert running.call(unsent) < UNSENT + 150_000
        for client in clients:
            for _ in range(200):
                assert len(read_message(client)) == 60_001
        assert running.call(unsent) == 0


def test_at_the_total_the_busy_are_left_alone_and_udp_goes_on(running: RunningReactor) -> None:
    with contextlib.ExitStack() as stack:
        limits = DnsSettings(
            tcp_connections=20,
            tcp_connections_per_address=20,
            tcp_idle_time=PATIENCE * 2,
            tcp_message_time=PATIENCE * 2,
        )
        listener = stack.enter_context(listening(running, echo, "127.0.0.1", limits=limits))
        address = listener.addresses[0]
        clients = [stack.enter_context(tcp_client(*address)) for _ in range(20)]
        for client in clients:
            # The answer to the first shows that the stump of a second has been read.
            client.sendall(framed(b"q") + b"\0\x40st")
            assert read_message(client)
        with tcp_client(*address) as refused:
            assert seconds_until_closed(refused) < PATIENCE
        with udp_client(*address) as udp:
            for n in range(200):
                udp.send(b"%d" % n)
                assert udp.recv(4096).startswith(b"%d|" % n)
        for client in clients:
            client.sendall(b"all" + b"." * 0x3B)
            assert read_message(client).startswith(b"stall")


def test_a_client_that_does_not_read_is_not_read_from_and_then_cut(
    running: RunningReactor,
) -> None:
    """It must not be able to make us hold its answers: the questions wait, in the kernels."""
    answered = 0

    def count(wire: bytes, source: bytes, tcp: bool) -> bytes:
        nonlocal answered
        answered += 1
        return b"B" * 60000

    limits = DnsSettings(tcp_idle_time=PATIENCE, tcp_message_time=PATIENCE)
    with (
        listening(running, count, "127.0.0.1", limits=limits, write_time=0.5) as listener,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(PATIENCE)
        client.connect(listener.addresses[0])
        with pytest.raises(ConnectionError):
            client.sendall(framed(b"q" * 10) * 5_000_000)
        # The kernel takes megabytes of answers; a read's worth of questions would be 680 more.
        assert 0 < answered < 600


def test_a_client_that_reads_late_gets_everything(running: RunningReactor) -> None:
    with (
        listening(running, echo, "127.0.0.1", limits=PATIENT) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"big65000") * 300 + framed(b"end"))  # 19 MB of answers
        for _ in range(300):
            assert len(read_message(client)) == 65000
        assert read_message(client).startswith(b"end|")
        assert ask(client, b"more").startswith(b"more|")


def test_stop_sends_the_replies_that_wait(running: RunningReactor) -> None:
    answered = 0

    def count(wire: bytes, source: bytes, tcp: bool) -> bytes:
        nonlocal answered
        answered += 1
        return b"B" * 60000

    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(
            listening(running, count, "127.0.0.1", closing_time=PATIENCE * 2)
        )
        client = stack.enter_context(tcp_client(*listener.addresses[0]))
        client.sendall(framed(b"q") * 2000)
        assert len(read_message(client)) == 60000
        begun = time.monotonic()
        stopped = running.call(lambda: [listener.stop()])[0]
        expected = running.call(lambda: answered)
        assert 1 < expected < 2000
        for _ in range(expected - 1):
            assert len(read_message(client)) == 60000
        assert client.recv(1) == b""
        running.call(lambda: stopped)
        assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("unread", [b"", framed(b"big60000") * 500, b"\0\x40"])
def test_stop_closes_connections_whatever_they_do(running: RunningReactor, unread: bytes) -> None:
    limits = DnsSettings(tcp_idle_time=PATIENCE * 2, tcp_message_time=PATIENCE * 2)
    with contextlib.ExitStack() as stack:
        # Leaving listening() stops the listener, and checks that nothing is left in the reactor.
        inner = stack.enter_context(contextlib.ExitStack())
        listener = inner.enter_context(
            listening(running, echo, "127.0.0.1", limits=limits, closing_time=0.2)
        )
        address = listener.addresses[0]
        clients = [stack.enter_context(tcp_client(*address)) for _ in range(5)]
        for client in clients:
            client.sendall(framed(b"q") + unread)
            assert read_message(client).startswith(b"q|")
        inner.close()
        for client in clients:
            assert seconds_until_closed(client) < PATIENCE
        with pytest.raises(ConnectionRefusedError):
            tcp_client(*address)


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_stop_answers_who_has_just_come(running: RunningReactor, sent: int) -> None:
    """No other server would hear of a client that was let in. UDP goes on as long."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listening(running, echo, "127.0.0.1", limits=PATIENT))
        client = stack.enter_context(tcp_client(*listener.addresses[0]))
        client.sendall(framed(b"q")[:sent])
        eventually(lambda: running.call(listener.tcp.connections) == 1, "it was let in")
        host, port = listener.addresses[0]
        stopped = running.call(lambda: [listener.stop()])[0]
        with udp_client(host, port) as other:
            other.send(b"q")
            assert other.recv(100).startswith(b"q|")
        client.sendall(framed(b"q")[sent:])
        assert read_message(client).startswith(b"q|")
        assert seconds_until_closed(client) < PATIENCE
        running.call(lambda: stopped)


def test_stop_closes_at_once_where_nothing_was_asked_for_a_while(running: RunningReactor) -> None:
    clock = Clock()
    with listening(running, echo, "127.0.0.1", limits=PATIENT, clock=clock) as listener:
        with tcp_client(*listener.addresses[0]) as client:
            assert ask(client, b"q")
            clock.advance(DRAIN_TIME)
            running.call(listener.tcp.close_connections, False)
            assert seconds_until_closed(client) < PATIENCE
        eventually(lambda: not running.call(listener.tcp.connections), "it has ended")


def test_no_timer_without_connections(running: RunningReactor) -> None:
    with listening(running, echo, "127.0.0.1", limits=PATIENT) as listener:
        with tcp_client(*listener.addresses[0]) as client:
            assert ask(client, b"q")
            assert len(running.call(running.reactor.getDelayedCalls)) == 1
        eventually(lambda: not running.call(running.reactor.getDelayedCalls), "no timer")
