"""Replies that come later, and several messages in reply to one."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from ddns.config.settings import DnsSettings
from ddns.net.dns.listener import DnsListener
from tests.net.dns_fakes import (
    Reader,
    ask,
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


class Later:
    """A responder that answers a message beginning with ``later`` when :meth:`release` is called,
    ``coroutine`` after a moment, ``now`` with a Deferred that has fired; others at once."""

    def __init__(self, running: RunningReactor) -> None:
        self.running = running
        self.asked: list[bytes] = []
        self.waiting: dict[bytes, Deferred[bytes | None]] = {}
        self.closed = threading.Event()

    def __call__(self, wire: bytes, source: bytes, tcp: bool) -> Any:
        self.asked.append(wire)
        if wire.startswith(b"later"):
            waiting: Deferred[bytes | None] = Deferred()
            self.waiting[wire] = waiting
            return waiting
        if wire.startswith(b"coroutine"):
            return self._moment(wire)
        if wire.startswith(b"now"):
            fired: Deferred[bytes | None] = Deferred()
            fired.callback(wire)
            return fired
        if wire.startswith(b"several"):
            return self._several(int(wire[7:]))
        if wire.startswith(b"slowly"):
            return self._slowly(int(wire[6:]))
        return wire

    async def _moment(self, wire: bytes) -> bytes | None:
        await deferLater(self.running.reactor, 0.01)
        if wire.endswith(b"nothing"):
            return None
        if wire.endswith(b"raise"):
            raise RuntimeError("the responder was told to fail")
        return wire

    def _several(self, count: int) -> Iterator[bytes]:
        try:
            for number in range(count):
                yield b"%d" % number + b"." * 4000
        finally:
            self.closed.set()

    async def _slowly(self, count: int) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(count):
                await deferLater(self.running.reactor, 0.0)
                yield b"%d" % number + b"." * 4000
            if count == 7:
                raise RuntimeError("it has no end")
        finally:
            self.closed.set()

    def release(self, wire: bytes, reply: bytes | Exception | None) -> None:
        eventually(lambda: wire in self.waiting, "it was asked")
        waiting = self.waiting.pop(wire)
        fire: Any = waiting.errback if isinstance(reply, Exception) else waiting.callback
        self.running.call(fire, reply)


@pytest.fixture
def later(running: RunningReactor) -> Later:
    return Later(running)


def counted(running: RunningReactor, listener: DnsListener, tcp: bool) -> tuple[int, int, int]:
    """Replies, messages without one, and how many replies were timed."""
    running.call(lambda: None)
    stats = listener.tcp.stats if tcp else listener.udp
    return sum(stats.rcodes), stats.unanswered, sum(stats.latency.counts)


# UDP -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_over_udp_others_are_answered_meanwhile(
    running: RunningReactor, later: Later, reader: Reader, host: str
) -> None:
    to = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with listening(running, later, host, **reader) as listener:
        port = listener.addresses[0][1]
        with udp_client(to, port) as client, udp_client(to, port) as other:
            client.send(b"later")
            client.send(b"one")
            other.send(b"later too")
            other.send(b"two")
            assert client.recv(100) == b"one"
            assert other.recv(100) == b"two"
            later.release(b"later too", b"second")
            later.release(b"later", b"first")
            # Connected sockets: each takes only what comes from the address that it asked.
            assert client.recv(100) == b"first"
            assert other.recv(100) == b"second"
        assert counted(running, listener, False) == (4, 0, 4)


def test_over_udp_whatever_comes_of_it(
    running: RunningReactor, later: Later, reader: Reader, logged: list[str]
) -> None:
    with (
        listening(running, later, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        for wire in (b"coroutine nothing", b"coroutine raise", b"several3", b"now", b"coroutine"):
            client.send(wire)
        assert {client.recv(100) for _ in range(2)} == {b"now", b"coroutine"}
        eventually(lambda: counted(running, listener, False) == (2, 3, 2), "all are counted")
    assert len([text for text in logged if "Traceback" in text]) == 1


def test_over_udp_a_reply_after_the_end_is_dropped(
    running: RunningReactor, later: Later, reader: Reader, logged: list[str]
) -> None:
    with (
        listening(running, later, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        for wire in (b"later", b"later fails"):
            client.send(wire)
        eventually(lambda: len(later.waiting) == 2, "both were asked")
    later.release(b"later", b"too late")
    later.release(b"later fails", RuntimeError("too late"))
    assert counted(running, listener, False) == (0, 2, 0)
    assert len([text for text in logged if "Traceback" in text]) == 1


def test_a_responder_may_have_udp_caught_up(running: RunningReactor, reader: Reader) -> None:
    """The packets being read stay what they are."""
    found: list[DnsListener] = []

    def respond(wire: bytes, source: bytes, tcp: bool) -> bytes:
        time.sleep(0.001)
        found[0].catch_up()
        return wire

    with (
        listening(running, respond, "127.0.0.1", **reader) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        found.append(listener)
        sent = [b"%d" % number for number in range(20)]
        running.call(lambda: [client.send(wire) for wire in sent])
        assert [client.recv(100) for _ in sent] == sent


# TCP -------------------------------------------------------------------------------------------


def test_over_tcp_answers_stay_in_order(running: RunningReactor, later: Later) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
        tcp_client(*listener.addresses[0]) as other,
    ):
        wires = (b"one", b"later", b"two", b"coroutine", b"now", b"coroutine nothing", b"three")
        client.sendall(b"".join(map(framed, wires)))
        assert read_message(client) == b"one"
        assert ask(other, b"meanwhile") == b"meanwhile"
        eventually(lambda: b"later" in later.waiting, "it was asked")
        assert b"two" not in later.asked
        later.release(b"later", b"late")
        expected = [b"late", b"two", b"coroutine", b"now", b"three"]
        assert [read_message(client) for _ in expected] == expected
        assert ask(client, b"four") == b"four"
        assert counted(running, listener, True) == (8, 1, 8)


def test_over_tcp_a_thousand_that_were_there_at_once(running: RunningReactor, later: Later) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        wires = [b"now%d" % number for number in range(1000)]
        client.sendall(b"".join(map(framed, wires)))
        assert [read_message(client) for _ in wires] == wires


def test_over_tcp_a_failure_is_logged_and_the_next_is_answered(
    running: RunningReactor, later: Later, logged: list[str]
) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"coroutine raise") + framed(b"later"))
        later.release(b"later", RuntimeError("it failed"))
        assert ask(client, b"next") == b"next"
        assert counted(running, listener, True) == (1, 2, 1)
    assert len([text for text in logged if "Traceback" in text]) == 1


@pytest.mark.parametrize("kind", [b"several", b"slowly"])
def test_several_messages(running: RunningReactor, later: Later, kind: bytes) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(kind + b"0") + framed(kind + b"50") + framed(b"behind"))
        for number in range(50):
            assert read_message(client).rstrip(b".") == b"%d" % number
        assert read_message(client) == b"behind"
        # A reply of many messages counts once.
        assert counted(running, listener, True) == (2, 1, 2)


@pytest.mark.parametrize("kind", [b"several", b"slowly"])
@pytest.mark.parametrize("leaves", [True, False])
def test_no_more_is_taken_than_the_client_reads(
    running: RunningReactor, later: Later, kind: bytes, leaves: bool
) -> None:
    count = 20_000  # 80 MB, more than the kernel takes
    with socket.socket() as client, listening(running, later, "127.0.0.1") as listener:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(PATIENCE)
        client.connect(listener.addresses[0])
        client.sendall(framed(kind + b"%d" % count) + framed(b"behind"))
        assert read_message(client).startswith(b"0.")
        if leaves:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            assert later.closed.wait(PATIENCE)
            eventually(lambda: not running.call(listener.tcp.connections), "it has ended")
            assert b"behind" not in later.asked
            return
        time.sleep(0.1)
        assert not later.closed.is_set()
        for number in range(1, count):
            assert read_message(client).startswith(b"%d." % number)
        assert read_message(client) == b"behind"


def test_a_client_that_does_not_read_several_is_cut(running: RunningReactor, later: Later) -> None:
    with (
        socket.socket() as client,
        listening(running, later, "127.0.0.1", write_time=0.3) as listener,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(PATIENCE)
        client.connect(listener.addresses[0])
        client.sendall(framed(b"several20000"))
        eventually(lambda: not running.call(listener.tcp.connections), "it was cut")
        assert later.closed.wait(PATIENCE)


def test_several_messages_that_break_off_end_the_connection(
    running: RunningReactor, later: Later, logged: list[str]
) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"slowly7") + framed(b"behind"))
        assert seconds_until_closed(client) < PATIENCE
        assert b"behind" not in later.asked
    assert len([text for text in logged if "Traceback" in text]) == 1


def test_a_reply_for_a_client_that_has_gone_is_dropped(
    running: RunningReactor, later: Later, logged: list[str]
) -> None:
    with listening(running, later, "127.0.0.1") as listener:
        with tcp_client(*listener.addresses[0]) as client:
            client.sendall(framed(b"later") + framed(b"behind"))
            eventually(lambda: b"later" in later.waiting, "it was asked")
        later.release(b"later", b"nobody there")
        eventually(lambda: not running.call(listener.tcp.connections), "it has ended")
    assert [text for text in logged if "Traceback" in text] == []


def test_work_on_a_reply_is_not_cut(running: RunningReactor, later: Later) -> None:
    limits = DnsSettings(tcp_idle_time=0.1, tcp_message_time=0.1, tcp_connections=1)
    with (
        listening(running, later, "127.0.0.1", limits=limits) as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"later") + b"\0")
        eventually(lambda: b"later" in later.waiting, "it was asked")
        time.sleep(0.3)
        with tcp_client(*listener.addresses[0]) as refused:  # it makes no room either
            assert seconds_until_closed(refused) < PATIENCE
        assert not is_closed(client)
        later.release(b"later", b"late")
        assert read_message(client) == b"late"
        assert seconds_until_closed(client) < PATIENCE


def test_a_half_closed_connection_gets_its_late_answer(
    running: RunningReactor, later: Later
) -> None:
    with (
        listening(running, later, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(b"later") + framed(b"behind"))
        client.shutdown(socket.SHUT_WR)
        later.release(b"later", b"late")
        assert [read_message(client) for _ in range(2)] == [b"late", b"behind"]
        assert client.recv(1) == b""


@pytest.mark.parametrize("in_time", [True, False])
def test_stop_waits_for_late_answers_a_moment(
    running: RunningReactor, later: Later, in_time: bool
) -> None:
    with (
        listening(running, later, "127.0.0.1", closing_time=PATIENCE if in_time else 0.1) as served,
        tcp_client(*served.addresses[0]) as client,
    ):
        client.sendall(framed(b"later"))
        eventually(lambda: b"later" in later.waiting, "it was asked")
        stopped = running.call(lambda: [served.stop()])[0]
        if in_time:
            later.release(b"later", b"late")
            assert read_message(client) == b"late"
        assert seconds_until_closed(client) < PATIENCE
        running.call(lambda: stopped)
    if not in_time:
        later.release(b"later", b"too late")
