"""Sockets that somebody else holds: nothing is lost while the server restarts, and the launcher
hears how it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.launching import LaunchedServer, bound
from tests.processes import Server, eventually, free_port, mode_of
from tests.programs import PATIENCE, program, script
from tests.service.test_listeners import needs_ipv6, sockets_of
from tests.streams import nothing_is_lost


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[LaunchedServer]:
    """A server with a host, not started, on sockets of ours."""
    with ExitStack() as exit:
        yield LaunchedServer(tmp_path, exit).give_usual()


def fill(server: Server) -> str:
    """A zone with a host; what its client logs in with."""
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"


def test_restarts_lose_nothing(launched: LaunchedServer) -> None:
    launched.start()
    login = fill(launched)
    nothing_is_lost(launched, HOST, login, launched.restart, launched.restart)


def test_kill_loses_no_query_that_waits(launched: LaunchedServer) -> None:
    launched.start()
    login = fill(launched)
    launched.update(login, HOST, "10.0.0.1")
    launched.kill()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
        early.settimeout(PATIENCE)
        early.connect(("127.0.0.1", launched.dns_port))
        early.send(dns.message.make_query(HOST, "A").to_wire())
        late = threading.Thread(target=launched.update, args=(login, HOST, "10.0.0.2"))
        late.start()
        launched.start()
        assert dns.message.from_wire(early.recv(4096)).answer
        late.join(PATIENCE)
    assert launched.answers(HOST) == ["10.0.0.2"]


def test_all_services_by_name(launched: LaunchedServer) -> None:
    launched.start()
    login = fill(launched)
    assert launched.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert launched.dig(HOST) == ["198.51.100.7"]
    assert launched.ask(HOST, tcp=True).answer
    secret = launched.call("key_add", account=ACCOUNT, kind="miniupdate")["key"]
    with MiniupdateClient("127.0.0.1", launched.miniupdate_port) as client:
        assert client.login(ACCOUNT, secret).startswith("OK")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE)
        asking.sendto(b"\n", ("127.0.0.1", launched.miniupdate_port))
        assert asking.recv(100) == b"127.0.0.1"
    assert sockets_of(launched) == {
        ("udp", launched.dns_port),
        ("tcp", launched.dns_port),
        ("tcp", launched.http_port),
        ("tcp", launched.miniupdate_port),
        ("udp", launched.miniupdate_port),
    }


def test_what_is_not_passed_is_opened(tmp_path: Path) -> None:
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        server.give("dns", bound(server.dns_port, socket.SOCK_DGRAM), bound(server.dns_port))
        server.options += ["--http", f"tcp:{server.http_port}:interface=127.0.0.1"]
        server.options += ["--miniupdate", "off"]
        server.start()
        assert server.get("/ip").body == "127.0.0.1\n"


@needs_ipv6
def test_both_families_on_one_socket(tmp_path: Path) -> None:
    """As ListenDatagram=53 alone makes it: IPv4 clients look like IPv6, and are told their own
    address."""
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        datagrams = bound(server.dns_port, socket.SOCK_DGRAM, "::")
        server.give("dns", datagrams, bound(server.dns_port, host="::"))
        server.give("http", bound(server.http_port, host="::"))
        server.start()
        login = fill(server)
        assert server.update(login, HOST).body == "good 127.0.0.1\n"
        query = dns.message.make_query(HOST, "A")
        for host in ("127.0.0.1", "127.0.0.2", "::1"):
            answer = dns.query.udp(query, host, port=server.dns_port, timeout=PATIENCE)
            assert answer.answer, host


def test_a_unix_socket_for_http(tmp_path: Path) -> None:
    """What nginx may speak to."""
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        server.give("dns", bound(server.dns_port, socket.SOCK_DGRAM), bound(server.dns_port))
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(tmp_path / "http"))
        sock.listen()
        os.chmod(tmp_path / "http", 0o600)
        server.give("http", sock)
        for count in (1, 2):
            server.spawn()
            eventually(lambda: server.notices.count("READY=1") == count, "it is ready")  # noqa: B023
            curl = [program("curl"), "-sS", "--unix-socket", str(tmp_path / "http")]
            done = subprocess.run(
                [*curl, "http://localhost/ip"], capture_output=True, timeout=PATIENCE, check=False
            )
            assert done.stdout == b"127.0.0.1\n", done.stderr
            assert server.terminate() == 0
            assert mode_of(tmp_path / "http") == 0o600


@pytest.mark.parametrize("trusted", [True, False])
def test_a_socket_for_proxies(tmp_path: Path, trusted: bool) -> None:
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        if trusted:
            server.config.write_text("[proxies]\ntrusted = ['127.0.0.1']\n")
        server.options += ["--dns", "off", "--miniupdate", "off"]
        server.give("haproxy-http", bound(server.http_port))
        server.spawn()
        if not trusted:
            assert server.process is not None
            assert server.process.wait(PATIENCE) == 1
            server.process = None
            assert "proxies.trusted: expected networks" in server.log
            return
        eventually(lambda: "READY=1" in server.notices.said, "it is ready")
        with socket.create_connection(("127.0.0.1", server.http_port), PATIENCE) as proxy:
            proxy.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 5 80\r\nGET /ip HTTP/1.0\r\n\r\n")
            assert proxy.makefile("rb").read().endswith(b"\r\n\r\n192.0.2.7\n")


# What is wrong with what is passed.


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("dnss", socket.SOCK_DGRAM, "there is no 'dnss' here; known names: dns, http, https"),
        ("http", socket.SOCK_DGRAM, "descriptor 3 is no socket for http"),
        ("https", socket.SOCK_STREAM, "https.certificate: expected a file"),
        ("", socket.SOCK_STREAM, "LISTEN_FDNAMES: expected 1 names, got 0"),
    ],
)
def test_a_wrong_socket(tmp_path: Path, name: str, kind: socket.SocketKind, expected: str) -> None:
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        server.give(name, bound(free_port(), kind))
        server.spawn()
        assert server.process is not None
        assert server.process.wait(PATIENCE) == 1
        server.process = None
        assert expected in server.log
        assert "Traceback" not in server.log


def test_another_process_is_meant(tmp_path: Path) -> None:
    """What a child of a launched shell inherits by mistake."""
    with ExitStack() as exit:
        server = LaunchedServer(tmp_path, exit)
        server.options += ["--http", f"tcp:{server.http_port}:interface=127.0.0.1"]
        server.options += ["--dns", f"127.0.0.1:{server.dns_port}", "--miniupdate", "off"]
        port = free_port()
        server.give("http", bound(port))
        usual = server.server_command
        server.server_command = lambda: ["/bin/sh", "-c", '"$@"; exit $?', "sh", *usual()]  # type: ignore[method-assign]
        server.start()
        with socket.create_connection(("127.0.0.1", port)) as nobody:
            nobody.settimeout(0.2)
            nobody.send(b"GET /ip HTTP/1.0\r\n\r\n")
            with pytest.raises(TimeoutError):
                nobody.recv(100)
        # end the server, which is the shell's child, so that the shell ends with it
        assert server.process is not None
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        os.kill(int(children.read_text().split()[0]), signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        server.process = None


# What is said to the launcher.


@pytest.mark.parametrize("abstract", [False, True])
def test_the_launcher_hears_how_it_is(tmp_path: Path, abstract: bool) -> None:
    with ExitStack() as exit:
        address = f"@ddns-{os.getpid()}" if abstract else None
        server = LaunchedServer(tmp_path, exit, address).give_usual()
        server.environment = {"WATCHDOG_USEC": "200000"}
        server.start()
        said = server.notices.said
        eventually(lambda: "STATUS=answering for 0 zones" in said, "it is ready")
        assert said.index("READY=1") < said.index("STATUS=answering for 0 zones")
        eventually(lambda: said.count("WATCHDOG=1") > 4, "it says that it lives")
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: said.count("READY=1") == 2, "it has reloaded")
        assert "RELOADING=1" in said
        assert [line for line in said if line.startswith("MONOTONIC_USEC=")]
        assert server.terminate() == 0
        assert said[-2:] == ["STOPPING=1", "STATUS=finishing what was begun"]


def test_the_watchdog_is_another_processs(launched: LaunchedServer) -> None:
    launched.environment = {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
    launched.start()
    time.sleep(0.2)
    assert launched.terminate() == 0
    assert "WATCHDOG=1" not in launched.notices.said


def test_a_launcher_that_has_gone(launched: LaunchedServer) -> None:
    launched.environment = {"NOTIFY_SOCKET": str(launched.folder / "nobody")}
    launched.start()
    assert launched.terminate() == 0
    assert "Traceback" not in launched.log


def test_a_failed_start_is_said(launched: LaunchedServer) -> None:
    launched.start()
    launched.terminate()
    launched.database.write_bytes(b"no database" * 1000)
    launched.spawn()
    assert launched.process is not None
    assert launched.process.wait(PATIENCE) == 1
    launched.process = None
    assert launched.notices.count("READY=1") == 1


def test_systemd_socket_activate(tmp_path: Path) -> None:
    """systemd's own test launcher, which passes streams."""
    server = Server(tmp_path, "--no-sample", "--dns", "off", "--miniupdate", "off")
    command = [
        program("systemd-socket-activate"),
        f"--listen=127.0.0.1:{server.http_port}",
        "--fdname=http",
        script("twistd"),
        *server.command()[1:],
    ]
    with (
        open(tmp_path / "log", "wb") as log,
        subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: "Listening on" in server.log, "it listens")
            assert server.get("/ip").body == "127.0.0.1\n"
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0
