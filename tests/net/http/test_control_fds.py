"""What is passed over the control socket: connections that somebody else has accepted, and the
lock. The descriptors of this process, in which the server runs as well, are counted."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Protocol, ServerFactory

from ddns.api.errors import ApiError
from ddns.config.settings import MiniupdateSettings
from ddns.dialects import DIALECTS
from ddns.net.http.control import ControlListener
from ddns.net.http.site import LimitedSite
from ddns.net.http.updates import UpdateResource
from ddns.net.listeners import Listeners
from ddns.system import handover
from ddns.system.files import socket_path
from tests.clients.miniupdate_client import MiniupdateClient
from tests.house import House, house_at
from tests.net import http_clients, line_clients
from tests.net.http_clients import until
from tests.net.line_clients import SECRET, mapped
from tests.net.pipelines import opened
from tests.net.reactors import PATIENCE, RunningReactor


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield house


@dataclass
class Control:
    """A control socket whose server serves miniupdate, on a port as well."""

    path: Path
    listener: ControlListener
    listeners: Listeners
    lines: line_clients.Serving
    locks: list[int]

    def ask(self, target: str, *descriptors: int, method: str = "POST") -> tuple[int, str]:
        """Status and code of the error, if it is one."""
        with self.connect() as sock:
            socket.send_fds(sock, [f"{method} {target} HTTP/1.0\r\n\r\n".encode()], descriptors)
            head, _, body = line_clients.read_all(sock).partition(b"\r\n\r\n")
        return int(head[9:12]), json.loads(body).get("error", {}).get("code", "")

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        sock.connect(str(self.path))
        return sock

    def hand_over(self, connection: socket.socket, service: str = "miniupdate") -> tuple[int, str]:
        return self.ask(f"/connections/{service}", connection.fileno())


@contextmanager
def control_of(house: House, path: Path, **limits: Any) -> Iterator[Control]:
    running = house.running
    locks: list[int] = []

    async def give() -> int:
        if not locks:
            raise ApiError("it is ending")
        return locks[0]

    with line_clients.serving(running, MiniupdateSettings(**limits)) as lines:
        listeners = Listeners(running.reactor)
        running.call(listeners.listen, "miniupdate", [], lines.factory, lines.factory)
        running.call(listeners.adopt_for, "miniupdate", lines.factory)
        listener = ControlListener(running.reactor, house.operations, path, listeners.adopt, give)
        running.call(listener.start)
        yield Control(path, listener, listeners, lines, locks)
        running.call(listener.stop)
        running.call(listener.site.abort_connections)
        running.call(listeners.stop, 0.1)


@pytest.fixture
def control(house: House, tmp_path: Path) -> Iterator[Control]:
    with control_of(house, socket_path(tmp_path / "ddns.sqlite")) as control:
        yield control


@contextmanager
def accepted(source: str = "127.0.0.1", host: str = "127.0.0.1") -> Iterator[Any]:
    """A client's end of a connection, and the end that a super-server has."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as port, socket.socket(family) as client:
        client.settimeout(PATIENCE)
        if family == socket.AF_INET:
            client.bind((source, 0))
        client.connect(port.getsockname()[:2])
        server, _ = port.accept()
        with server:
            yield client, server


class Wrapped(MiniupdateClient):
    """A client whose connection is there already."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._file = sock.makefile("rb")
        self._agent = "test/1.0"
        self.banner = self.read()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def no_leak(control: Control) -> Iterator[None]:
    """As many descriptors after the test as before."""
    control.ask("/v1/zones", method="GET")
    before = descriptors()
    yield
    until(lambda: descriptors() <= before)


def reset(client: socket.socket) -> None:
    """Close without a word of farewell."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# Connections -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_leak")
def test_it_is_served_like_one_that_was_accepted_here(control: Control) -> None:
    with accepted(source="127.0.0.77") as (client, server):
        assert control.hand_over(server) == (200, "")
        server.close()
        with Wrapped(client) as session:
            assert session.login("alice", SECRET) == "OK Authenticated"
            assert session.update("home.example.net", "198.51.100.7") == mapped(7)
            assert control.lines.connections() == 1
            session.exit()
            assert session.ended()
    assert control.lines.pipeline.updates[-1].peer == "127.0.0.77", "as the kernel says"
    until(lambda: control.lines.connections() == 0)


def test_it_is_counted_once(control: Control) -> None:
    count = control.listeners.connections
    with accepted() as (client, server):
        assert control.hand_over(server) == (200, "")
        server.close()
        with Wrapped(client):
            assert control.lines.running.call(count) == 1
    until(lambda: control.lines.running.call(count) == 0)


def test_over_ipv6(control: Control) -> None:
    try:
        with accepted(host="::1") as (client, server):
            assert control.hand_over(server) == (200, "")
            with Wrapped(client) as session:
                assert session.login("alice", SECRET) == "OK Authenticated"
    except OSError as error:
        pytest.skip(f"this machine has no [::1]: {error}")
    assert control.lines.pipeline.updates[-1].peer == "::1"


def test_what_the_client_has_said_already_counts(control: Control) -> None:
    with accepted() as (client, server):
        client.sendall(b"AGENT test/1.0\nEXIT\n")
        client.shutdown(socket.SHUT_WR)
        assert control.hand_over(server) == (200, "")
        server.close()
        assert len(line_clients.read_all(client).splitlines()) == 3


def test_limits_count_both_kinds(house: House, tmp_path: Path) -> None:
    with (
        control_of(house, tmp_path / "other.sock", connections_per_address=2) as control,
        control.lines.connect(),
        accepted() as (one, server),
    ):
        assert control.hand_over(server) == (200, "")
        server.close()
        with Wrapped(one):
            with accepted() as (another, server):
                assert control.hand_over(server) == (200, "")
                server.close()
                assert line_clients.read_all(another).startswith(b"ERR")
            with control.lines.connect() as direct:
                assert direct.banner.startswith("ERR")


class Sleepy(ServerFactory):
    """Greets, and lets the reactor do nothing in the turn after that."""

    def __init__(self, reactor: Any, released: threading.Event) -> None:
        class Greeting(Protocol):
            def connectionMade(self) -> None:
                assert self.transport is not None
                self.transport.write(b"welcome")
                reactor.callLater(0, released.wait, PATIENCE)

        self.protocol = Greeting  # type: ignore[assignment]


def test_the_answer_comes_before_anything_is_done_with_the_connection(control: Control) -> None:
    """So who gets none may hand it to somebody else."""
    reactor, released = control.lines.running.reactor, threading.Event()
    sleepy = Sleepy(reactor, released)
    control.lines.running.call(control.listeners.adopt_for, "sleepy", sleepy)
    with accepted() as (client, server), control.connect() as sock:
        client.sendall(b"a first word")
        request = b"POST /connections/sleepy HTTP/1.0\r\n\r\n"
        socket.send_fds(sock, [request], [server.fileno()])
        assert sock.recv(1000).startswith(b"HTTP/1.0 200 ")
        try:
            assert select.select([client], [], [], 0.05)[0] == []
            assert server.recv(100, socket.MSG_PEEK) == b"a first word"
        finally:
            released.set()
        server.close()
        assert client.recv(100) == b"welcome"


# What is not taken -----------------------------------------------------------------------------


@contextmanager
def odd(kind: str) -> Iterator[list[int]]:
    """Descriptors that are no connection, or are none any more."""
    with ExitStack() as exit:
        enter = exit.enter_context
        match kind:
            case "none":
                yield []
            case "a file":
                with open(os.devnull, "rb") as file:
                    yield [file.fileno()]
            case "a pipe":
                ends = os.pipe()
                yield [ends[0]]
                os.close(ends[0])
                os.close(ends[1])
            case "a Unix socket":
                pair = socket.socketpair()
                yield [enter(pair[0]).fileno()]
                pair[1].close()
            case "UDP":
                udp = enter(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                udp.connect(("127.0.0.1", 9))
                yield [udp.fileno()]
            case "listening":
                yield [enter(socket.create_server(("127.0.0.1", 0))).fileno()]
            case "not connected":
                yield [enter(socket.socket()).fileno()]
            case "reset":
                client, server = enter(accepted())
                reset(client)
                yield [server.fileno()]
            case "two":
                pairs = [enter(accepted()), enter(accepted())]
                yield [server.fileno() for _, server in pairs]
            case "two hundred":
                _, server = enter(accepted())
                yield [server.fileno()] * 200
            case _:
                raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", (503, "failed")),
        ("a file", (400, "invalid")),
        ("a pipe", (400, "invalid")),
        ("a Unix socket", (400, "invalid")),
        ("UDP", (400, "invalid")),
        ("listening", (400, "invalid")),
        ("not connected", (410, "gone")),
        ("reset", (410, "gone")),
        ("two", (400, "invalid")),
        ("two hundred", (400, "invalid")),
    ],
)
@pytest.mark.usefixtures("no_leak")
def test_what_is_no_connection(
    control: Control, logged: list[str], kind: str, said: tuple[int, str]
) -> None:
    for _ in range(3):
        with odd(kind) as given:
            assert control.ask("/connections/miniupdate", *given) == said
    assert control.lines.connections() == 0
    assert not [text for text in logged if "Traceback" in text]


@pytest.mark.parametrize("name", ["nothing", "http", "", "miniupdate/", "%00", "x" * 5000])
@pytest.mark.usefixtures("no_leak")
def test_a_service_that_is_not_there(control: Control, name: str) -> None:
    with accepted() as (client, server):
        assert control.hand_over(server, name) == (404, "not_found")
        server.close()
        assert line_clients.read_all(client) == b""


@pytest.mark.usefixtures("no_leak")
def test_who_takes_nothing_more(control: Control) -> None:
    control.lines.running.call(control.listeners.adopt_no_more)
    with accepted() as (client, server):
        assert control.hand_over(server) == (503, "failed")
        with pytest.raises(handover.NoAnswer):
            handover.hand_over(
                str(control.path).removesuffix(".sock"), "miniupdate", server.fileno(), PATIENCE
            )
        server.close()
        assert line_clients.read_all(client) == b""


@pytest.mark.usefixtures("no_leak")
def test_no_more_descriptors(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*about: Any) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(control.lines.running.reactor, "adoptStreamConnection", full)
    with accepted() as (client, server):
        assert control.hand_over(server) == (503, "failed")
        server.close()
        assert line_clients.read_all(client) == b""


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/v1/zones"), ("POST", "/v1/zones"), ("GET", "/connections/miniupdate")],
)
@pytest.mark.usefixtures("no_leak")
def test_a_descriptor_with_another_request_is_closed(
    control: Control, method: str, target: str
) -> None:
    with accepted() as (client, server):
        status, _ = control.ask(target, server.fileno(), method=method)
        assert status in (200, 400, 404)
        server.close()
        assert line_clients.read_all(client) == b""


@pytest.mark.usefixtures("no_leak")
def test_a_descriptor_does_not_wait_for_the_next_request(control: Control) -> None:
    with accepted() as (client, server), control.connect() as sock:
        first = b"GET /v1/zones HTTP/1.1\r\nHost: x\r\n\r\n"
        second = b"POST /connections/miniupdate HTTP/1.1\r\nHost: x\r\n\r\n"
        socket.send_fds(sock, [first + second], [server.fileno()])
        server.close()
        assert line_clients.read_all(client) == b""
        octets = b""
        while b"no descriptor" not in octets:
            octets += sock.recv(10_000)
        assert octets.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("octets", [b"P", b"POST /connections/miniupdate HTTP/1.1\r\n", b"\0\r\n"])
@pytest.mark.usefixtures("no_leak")
def test_a_request_that_is_never_whole(control: Control, octets: bytes) -> None:
    with accepted() as (client, server):
        with control.connect() as sock:
            socket.send_fds(sock, [octets], [server.fileno()])
            socket.send_fds(sock, [b"x"], [server.fileno()])
            server.close()
        assert line_clients.read_all(client) == b""
    assert control.lines.connections() == 0


def test_nobody_else_takes_descriptors(running: RunningReactor, tmp_path: Path) -> None:
    """A site for everybody, on a Unix socket, as behind a proxy."""
    path = tmp_path / "public.sock"
    resource = UpdateResource(opened(http_clients.Pipeline().perform), DIALECTS)
    site = LimitedSite(resource, running.reactor)
    port: Any = running.call(lambda: running.reactor.listenUNIX(str(path), site))
    before = descriptors()
    with accepted() as (client, server), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        request = b"POST /connections/miniupdate HTTP/1.0\r\n\r\n"
        socket.send_fds(sock, [request], [server.fileno()] * 3)
        server.close()
        assert b" 404 " in line_clients.read_all(sock)
        assert line_clients.read_all(client) == b""
    until(lambda: descriptors() <= before)
    running.call(port.stopListening)


# The lock --------------------------------------------------------------------------------------


def test_the_lock_is_given(control: Control, tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with open(file, "wb") as lock:
        control.locks.append(lock.fileno())
        given = handover.take_lock(str(control.path).removesuffix(".sock"), PATIENCE)
        assert os.path.samestat(os.fstat(given), os.stat(file))
        assert not os.get_inheritable(given)
        os.close(given)


def test_who_is_ending_already_gives_nothing(control: Control) -> None:
    with pytest.raises(handover.NoAnswer):
        handover.take_lock(str(control.path).removesuffix(".sock"), PATIENCE)


def test_a_server_gives_nothing_away(house: House, tmp_path: Path) -> None:
    database = tmp_path / "other.sqlite"
    listener = ControlListener(house.running.reactor, house.operations, socket_path(database))
    house.running.call(listener.start)
    with pytest.raises(handover.Refused, match="a server does not give its database away"):
        handover.take_lock(str(database), PATIENCE)
    with accepted() as (_, server), pytest.raises(handover.Refused, match="not served here"):
        handover.hand_over(str(database), "miniupdate", server.fileno(), PATIENCE)
    house.running.call(listener.stop)
