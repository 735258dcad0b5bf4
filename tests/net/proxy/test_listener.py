"""Listeners behind a PROXY header: who is let in, what it costs, and what is left of it then."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from ddns.config.settings import MiniupdateSettings
from ddns.net.http.limits import HttpLimits
from ddns.net.proxy.trust import Proxies
from ddns.net.tls import Certificate
from ddns.policy.addresses import NetworkSet
from tests import certificates
from tests.clients.miniupdate_client import MiniupdateClient
from tests.net import http_clients, line_clients
from tests.net.http_clients import LOGIN, TARGET, Client, Serving, request, until
from tests.net.proxy_headers import LOCAL, SIGNATURE, version_1, version_2
from tests.net.reactors import PATIENCE, RunningReactor

LOOPBACK = NetworkSet([ip_network("127.0.0.1/32")])
ONE = Proxies(LOOPBACK)
WITH_HEADER = Proxies(
    NetworkSet(map(ip_network, ("127.0.0.1/32", "10.1.0.0/16"))), header="X-Forwarded-For"
)
PATIENT = HttpLimits(request_time=60.0, idle_time=60.0, linger_time=60.0)
CLIENT = "198.51.100.7"
FORGED = "X-Forwarded-For: 203.0.113.66"

HEADERS = pytest.mark.parametrize(
    ("header", "address"),
    [
        (version_1(CLIENT), CLIENT),
        (version_1("2001:db8::7"), "2001:db8::7"),
        (version_2(CLIENT), CLIENT),
        (version_2("2001:db8::7", rest=b"\x03\x00\x04abcd"), "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (LOCAL, "127.0.0.1"),
    ],
    ids=["v1, IPv4", "v1, IPv6", "v2, IPv4", "v2, IPv6", "v1, unknown", "v2, local"],
)


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with http_clients.serving(running, PATIENT, proxies=ONE, proxied=True) as served:
        yield served


def waiting(served: Serving) -> int:
    assert served.before is not None
    count: int = served.running.call(served.before.connections)
    return count


# The client's address ----------------------------------------------------------------------------


@HEADERS
def test_http(served: Serving, header: bytes, address: str) -> None:
    with served.connect() as client:
        client.send(header + request("/ip"))
        assert client.answer().body.decode() == f"{address}\n"
        target = "/nic/update?hostname=home.example.net"
        assert client.ask(target, LOGIN, FORGED).status == 200
        assert served.pipeline.updates[-1].peer == address


@HEADERS
def test_octet_by_octet(served: Serving, header: bytes, address: str) -> None:
    with served.connect() as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in header + request("/ip"):
            client.send(bytes((octet,)))
            time.sleep(0.0005)
        assert client.answer().body.decode() == f"{address}\n"


@HEADERS
def test_https_has_the_header_before_the_handshake(
    running: RunningReactor, tmp_path: Path, header: bytes, address: str
) -> None:
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets)
    with http_clients.serving(
        running, PATIENT, certificate=certificate, proxies=ONE, proxied=True
    ) as served:
        sock = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
        sock.sendall(header)
        secured = pair.client().wrap_socket(sock, server_hostname="127.0.0.1")
        with Client(secured) as client:
            for _ in range(2):
                assert client.ask("/ip").body.decode() == f"{address}\n"


@HEADERS
def test_miniupdate(running: RunningReactor, header: bytes, address: str) -> None:
    """The banner comes after the header, not before."""
    with line_clients.serving(running, proxies=ONE, proxied=True) as served:
        silent = socket.create_connection((served.host, served.port), 0.1)
        with silent, pytest.raises(TimeoutError):
            silent.recv(1)
        with MiniupdateClient(served.host, served.port, header=header) as client:
            assert client.banner.startswith("twistd-ddns ")
            assert client.login("alice", line_clients.SECRET) == "OK Authenticated"
            assert client.update("home.example.net").startswith("OK ")
        assert served.pipeline.updates[-1].peer == address


def test_a_unix_socket(running: RunningReactor, tmp_path: Path) -> None:
    proxies = Proxies(unix=True)
    with http_clients.serving(running, PATIENT, proxies=proxies, proxied=True) as served:
        path = str(tmp_path / "socket")
        port = running.call(lambda: running.reactor.listenUNIX(path, served.before))
        try:
            for header, address in ((version_2(CLIENT), CLIENT), (LOCAL, "127.0.0.1")):
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(path)
                with Client(sock) as client:
                    client.send(header + request("/ip"))
                    assert client.answer().body.decode() == f"{address}\n"
            with served.connect() as stranger, contextlib.suppress(OSError):
                stranger.send(version_2(CLIENT) + request("/ip"))
                assert stranger.ended()
        finally:
            running.call(port.stopListening)


# Who is believed ---------------------------------------------------------------------------------


def test_strangers_are_not_let_in(served: Serving, logged: list[str]) -> None:
    """With a header or without; the log says it once."""
    for octets in (version_1(CLIENT), version_2(CLIENT), b"", LOCAL):
        with (
            contextlib.suppress(ConnectionResetError, BrokenPipeError),
            socket.create_connection(
                ("127.0.0.1", served.port), PATIENCE, source_address=("127.0.0.2", 0)
            ) as sock,
        ):
            sock.sendall(octets + request(TARGET, LOGIN))
            assert sock.recv(100) == b""
    assert served.pipeline.updates == []
    said = [text for text in logged if "127.0.0.2" in text]
    assert said == ["refused a connection: 127.0.0.2 is not among proxies.trusted"]
    assert waiting(served) == served.connections() == 0


@pytest.mark.parametrize(
    "octets",
    [
        request(TARGET, LOGIN),
        b"PROXY TCP4 x y 1 2\r\n" + request(TARGET, LOGIN),
        b"PROXY TCP4 " + b"1" * 100_000,
        b"PROXY UNKNOWN" + b" " * 100 + b"\r\n" + request(TARGET, LOGIN),
        SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 70_000,
        SIGNATURE + b"\x21\x55\x00\x0c" + bytes(12) + request(TARGET, LOGIN),
        bytes(1000),
    ],
)
def test_a_proxy_has_to_send_the_header(served: Serving, logged: list[str], octets: bytes) -> None:
    for _ in range(3):
        with served.connect() as client, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.send(octets)
            assert client.ended()
    assert served.pipeline.updates == []
    assert [text for text in logged if "refused" in text] == [
        "refused a connection: 127.0.0.1 did not begin with a PROXY header"
    ]
    assert not [text for text in logged if "Traceback" in text]
    assert waiting(served) == served.connections() == 0


def test_a_second_header_is_a_bad_request(served: Serving) -> None:
    with served.connect() as client:
        client.send(version_1(CLIENT) + version_1("203.0.113.66") + request("/ip"))
        assert client.answer().status == 400
        assert client.ended()


def test_looking_whether_we_are_alive_logs_nothing(
    running: RunningReactor, served: Serving, logged: list[str]
) -> None:
    with line_clients.serving(running, proxies=ONE, proxied=True) as lines:
        for port in (served.port, lines.port):
            for octets in (b"", LOCAL, b"PROXY UNKNOWN\r\n", LOCAL[:5]):
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
                    sock.sendall(octets)
            until(lambda: served.connections() + waiting(served) + lines.connections() == 0)
    assert [text for text in logged if "refused" in text or "Traceback" in text] == []


def test_a_client_of_which_nothing_is_known_is_not_believed(running: RunningReactor) -> None:
    """Its proxy is, and it must not pass for it."""
    with http_clients.serving(running, PATIENT, proxies=WITH_HEADER, proxied=True) as served:
        for header, address in (
            (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
            (SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216), "127.0.0.1"),
            (version_1(CLIENT), CLIENT),
            (version_1("10.1.0.1"), "203.0.113.66"),  # another trusted proxy before this one
        ):
            with served.connect() as client:
                client.send(header + request("/ip", FORGED))
                assert client.answer().body.decode() == f"{address}\n"


# What it may cost --------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [b"", b"PROXY TCP4 ", SIGNATURE + b"\x21\x11\x0f\x00"])
def test_a_header_has_a_time_in_all_however_lively(
    running: RunningReactor, logged: list[str], begin: bytes
) -> None:
    limits = HttpLimits(request_time=0.3, idle_time=60.0)
    with (
        http_clients.serving(running, limits, proxies=ONE, proxied=True) as served,
        served.connect() as client,
    ):
        client.send(begin)
        began = time.monotonic()
        client.socket.settimeout(0.02)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() - began < PATIENCE:
                try:
                    if begin:
                        client.send(b"1")
                    if client.socket.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
        assert 0.2 < time.monotonic() - began < PATIENCE
        assert waiting(served) == 0
    assert [text for text in logged if "Traceback" in text] == []


def test_of_too_many_that_wait_the_oldest_goes(running: RunningReactor) -> None:
    limits = HttpLimits(connections=3, request_time=60.0)
    with http_clients.serving(running, limits, proxies=ONE, proxied=True) as served:
        stalled = [served.connect() for _ in range(3)]
        until(lambda: waiting(served) == 3)
        with served.connect() as client:
            client.send(version_1(CLIENT) + request("/ip"))
            assert client.answer().status == 200
        with contextlib.suppress(ConnectionResetError):
            assert stalled[0].ended()
        assert waiting(served) == 2
        for one in stalled:
            with one:
                pass


def test_connections_are_counted_by_the_clients_address(running: RunningReactor) -> None:
    """What came along with the header of one too many is not done."""
    limits = HttpLimits(connections_per_address=1, request_time=60.0)
    with http_clients.serving(running, limits, proxies=ONE, proxied=True) as served:
        with served.connect() as one, served.connect() as other:
            for client, address in ((one, "198.51.100.1"), (other, "198.51.100.2")):
                client.send(version_1(address) + request("/ip"))
                assert client.answer().body.decode() == f"{address}\n"
            with served.connect() as further, contextlib.suppress(ConnectionResetError):
                further.send(version_1("198.51.100.1") + request(TARGET, LOGIN))
                assert further.ended()
            assert served.connections() == 2
        assert served.pipeline.updates == []
        until(lambda: not served.connections())
        assert running.call(lambda: served.site.table.networks()) == 0


def test_a_miniupdate_client_too_many_is_told_so(running: RunningReactor) -> None:
    limits = MiniupdateSettings(connections_per_address=1)
    with line_clients.serving(running, limits, proxies=ONE, proxied=True) as served:
        socks = [socket.create_connection((served.host, served.port), PATIENCE) for _ in range(3)]
        for sock, last in zip(socks, (1, 2, 1), strict=True):
            sock.sendall(version_2(f"198.51.100.{last}") + b"AGENT x\n" * 1000)
        said = [sock.recv(12) for sock in socks]
        assert said == [b"twistd-ddns ", b"twistd-ddns ", b"ERR Too many"]
        for sock in socks:
            sock.close()


# Nothing stands in between -----------------------------------------------------------------------


def test_a_client_that_has_said_all_it_wants(served: Serving) -> None:
    """Half a connection closed, the answer still goes the short way."""
    gate: Deferred[None] = Deferred()
    served.pipeline.gate = gate
    with served.connect() as client:
        client.send(version_2(CLIENT) + request(TARGET, LOGIN))
        client.socket.shutdown(socket.SHUT_WR)
        assert served.pipeline.begun.wait(PATIENCE)
        assert served.running.call(lambda: [c._at_once for c in served.site.table]) == [True]
        served.running.call(lambda: gate.callback(None))
        assert client.answer().status == 200
        assert client.ended()


def test_a_refused_client_may_finish_its_sentence(served: Serving) -> None:
    with served.connect() as client:
        client.send(version_2(CLIENT))
        client.send(request("/ip", "Content-Length: 1000000", method="POST"))
        client.send(b"x" * 1_000_000)
        assert client.answer().status == 413


def test_closing_ends_those_that_wait_and_leaves_requests_alone(served: Serving) -> None:
    assert served.before is not None
    gate: Deferred[None] = Deferred()
    served.pipeline.gate = gate
    with served.connect() as silent, served.connect() as busy:
        silent.send(b"PROXY ")
        busy.send(version_1(CLIENT) + request(TARGET, LOGIN))
        assert served.pipeline.begun.wait(PATIENCE)
        until(lambda: waiting(served) == 1)
        ended = [served.running.end(kind) for kind in (served.before, served.site)]
        with contextlib.suppress(ConnectionResetError):
            assert silent.ended()
        assert waiting(served) == 0
        served.running.call(lambda: gate.callback(None))
        assert busy.answer().status == 200
        for each in ended:
            served.running.call(lambda: each)  # noqa: B023


def test_closing_answers_who_has_just_come(served: Serving) -> None:
    assert served.before is not None
    with served.connect() as client:
        until(lambda: waiting(served) == 1)
        ended = [served.running.end(kind) for kind in (served.before, served.site)]
        client.send(version_1(CLIENT) + request("/ip"))
        assert client.answer().body == f"{CLIENT}\n".encode()
        assert client.ended()
        for each in ended:
            served.running.call(lambda: each)  # noqa: B023


def test_nothing_is_left_of_connections(running: RunningReactor) -> None:
    with http_clients.serving(running, proxies=ONE, proxied=True) as served:
        for octets in (b"", b"PROXY", b"x", version_1(CLIENT), version_2(CLIENT) + request("/ip")):
            with served.connect() as client:
                client.send(octets)
        until(lambda: not served.connections() and not waiting(served))
        until(lambda: running.call(lambda: served.site.table.networks()) == 0)
    until(lambda: not running.leftovers())
