"""The life of a listener: bound, started, stopped; and what cannot be bound."""

from __future__ import annotations

import socket

import pytest
from twisted.internet.error import CannotListenError

from ddns.net.dns import sockets
from ddns.net.dns.listener import DnsListener
from tests.net.dns_fakes import ask, echo, listening, read_message, tcp_client, udp_client
from tests.net.reactors import RunningReactor


def test_questions_wait_from_bind_to_start(running: RunningReactor) -> None:
    listener = DnsListener(running.reactor, echo, [("127.0.0.1", 0)])
    listener.bind()
    with (
        udp_client(*listener.addresses[0]) as udp,
        tcp_client(*listener.addresses[0]) as tcp,
    ):
        udp.send(b"early")
        tcp.sendall(b"\0\5early")
        running.call(listener.start)
        try:
            assert udp.recv(4096) == b"early|7f000001|udp"
            assert read_message(tcp) == b"early|7f000001|tcp"
        finally:
            running.call(listener.stop)


def test_port_0_gives_udp_and_tcp_the_same_number(running: RunningReactor) -> None:
    with listening(running, echo, "127.0.0.1", "::1") as listener:
        for host, port in listener.addresses:
            with udp_client(host, port) as udp, tcp_client(host, port) as tcp:
                udp.send(b"u")
                assert udp.recv(4096).endswith(b"|udp")
                assert ask(tcp, b"t").endswith(b"|tcp")


def test_a_number_that_is_taken_for_udp_is_drawn_again(
    running: RunningReactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_one = sockets._open
    tries: list[tuple[int, socket.SocketKind]] = []

    def open_third(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
        tries.append((port, kind))
        if kind == socket.SOCK_DGRAM and len(tries) < 6:
            raise CannotListenError(host, port, OSError(98, "Address already in use"))
        return open_one(host, port, kind)

    monkeypatch.setattr(sockets, "_open", open_third)
    with (
        listening(running, echo, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        assert ask(client, b"q")
        assert [kind for _, kind in tries] == [socket.SOCK_STREAM, socket.SOCK_DGRAM] * 3
        assert listener.addresses[0][1] == tries[-1][0]


def test_an_address_that_is_taken_is_named_and_the_others_are_given_back(
    running: RunningReactor,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.2", 0))
            free = probe.getsockname()[1]
        listener = DnsListener(running.reactor, echo, [("127.0.0.2", free), ("127.0.0.1", taken)])
        with pytest.raises(CannotListenError) as caught:
            listener.bind()
    assert (caught.value.interface, caught.value.port) == ("127.0.0.1", taken)
    assert listener.addresses == []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.2", free))


@pytest.mark.parametrize("host", ["localhost", "", "1.2.3", "not an address", "192.0.2.77"])
def test_what_is_not_an_address_of_ours_cannot_be_bound(running: RunningReactor, host: str) -> None:
    listener = DnsListener(running.reactor, echo, [(host, 0)])
    with pytest.raises(CannotListenError) as caught:
        listener.bind()
    assert caught.value.interface == host


def test_stop_gives_back_what_only_was_bound(running: RunningReactor) -> None:
    listener = DnsListener(running.reactor, echo, [("127.0.0.1", 0)])
    listener.bind()
    address = listener.addresses[0]
    running.call(listener.stop)
    running.call(listener.stop)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(address)


def test_sockets_that_were_passed_are_served(running: RunningReactor) -> None:
    """As systemd passes them: bound, listening, blocking."""
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    listener = DnsListener(running.reactor, echo, [])
    listener.adopt([udp, tcp])
    assert listener.addresses == [tcp.getsockname()]
    host, port = listener.addresses[0]
    running.call(listener.start)
    try:
        with udp_client(host, port) as asker:
            asker.send(b"u")
            assert asker.recv(4096).endswith(b"|udp")
        with tcp_client(host, port) as asker:
            assert ask(asker, b"t").endswith(b"|tcp")
    finally:
        running.call(listener.stop)
    assert running.leftovers() == set()


def test_batches_are_not_promised_where_they_do_not_work(
    running: RunningReactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddns.net.dns.listener.is_usable", lambda: False)
    with pytest.raises(ValueError, match="recvmmsg"):
        DnsListener(running.reactor, echo, [], udp_batch=True)
    with (
        listening(running, echo, "127.0.0.1") as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        client.send(b"q")
        assert client.recv(4096).startswith(b"q|")
