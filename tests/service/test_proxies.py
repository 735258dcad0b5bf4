"""A server behind nginx and HAProxy, as the samples have them: who a client is, and who it is not.

Clients are other addresses of loopback than the proxies.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests import certificates
from tests.certificates import Pair
from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, basic, eventually, get_with, update_path
from tests.programs import PATIENCE, program, run
from tests.service import fronting
from tests.service.fronting import Front

CLIENT = "127.0.0.77"
FORGED = ("X-Forwarded-For: 203.0.113.66", "Forwarded: for=203.0.113.66", "X-Real-IP: 203.0.113.66")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificates.make(tmp_path_factory.mktemp("pair"))


def fill(server: Server) -> None:
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    server = Server(folder, "--no-sample").with_settings(fronting.nginx_settings(folder))
    try:
        fill(server.start())
        with fronting.nginx(server, pair) as front:
            yield front
    finally:
        server.clean_up()
    assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def haproxy(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Front]:
    ports = fronting.haproxy_ports()
    server = Server(tmp_path_factory.mktemp("haproxy"), "--no-sample")
    try:
        fill(server.with_settings(fronting.haproxy_settings(ports, pair)).start())
        with fronting.haproxy(server, ports) as front:
            yield front
    finally:
        server.clean_up()
    assert "Traceback" not in server.log


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def front(request: pytest.FixtureRequest) -> Front:
    front: Front = request.getfixturevalue(request.param)
    return front


@pytest.fixture(scope="module")
def login(front: Front) -> str:
    return f"{ACCOUNT}:{front.server.call('key_add', account=ACCOUNT)['key']}"


def curl(url: str, *options: str) -> str:
    """What curl shows of an answer that is no error."""
    done = run([program("curl"), "--silent", "--show-error", "--noproxy", "*", *options, url])
    assert done.returncode == 0, done.stderr
    return done.stdout


def url(front: Front, path: str, scheme: str = "http", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{host}:{getattr(front, scheme)}{path}"


# Where a client is -------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_update_without_an_address(front: Front, login: str, pair: Pair, scheme: str) -> None:
    options = ["--user", login, "--cacert", str(pair.certificate)]
    front.server.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.1"])
    where = url(front, update_path(HOST), scheme)
    assert curl(where, "--interface", CLIENT, *options) == f"good {CLIENT}\n"
    assert front.server.answers(HOST) == [CLIENT]
    (request, *_) = front.server.call("host_show", name=HOST)["requests"]
    assert request["peer"] == CLIENT
    assert request["transport"] != "plain"  # for only the proxy knows, unless TLS ends here
    forged = [option for header in FORGED for option in ("--header", header)]
    assert curl(where, "--interface", CLIENT, *options, *forged) == f"nochg {CLIENT}\n"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_with_ipv6(front: Front, login: str, scheme: str) -> None:
    """The certificate is none for ::1."""
    front.server.call("record_set", owner=HOST, type="AAAA", rdatas=["2001:db8::1"])
    where = url(front, update_path(HOST), scheme, "[::1]")
    assert curl(where, "--user", login, "--insecure") == "good ::1\n"
    assert front.server.answers(HOST, "AAAA") == ["::1"]


@pytest.mark.parametrize("header", FORGED)
def test_nobody_chooses_his_address(front: Front, header: str) -> None:
    ip = url(front, "/ip")
    name = header.partition(":")[0]
    for forged in (
        header,
        f"{header}, 127.0.0.1",
        f"{header}, unknown",
        f'{header}, "',
        f"{name};",
    ):
        options = ("--interface", CLIENT, "--header", forged, "--header", header)
        assert curl(ip, *options) == f"{CLIENT}\n", forged


def test_miniupdate(front: Front) -> None:
    """Through nginx it has version 1 of the PROXY protocol in front, through HAProxy version 2."""
    front.server.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.1"])
    key = front.server.call("key_add", account=ACCOUNT, kind="miniupdate")["key"]
    with MiniupdateClient("127.0.0.1", front.miniupdate, source="127.0.0.78") as client:
        assert client.login(ACCOUNT, key) == "OK Authenticated"
        assert client.update(HOST) == f"OK {HOST.upper()} mapped to 127.0.0.78"
        assert client.exit().startswith("OK")
    assert front.server.answers(HOST) == ["127.0.0.78"]


def test_many_clients_through_one_proxy(front: Front) -> None:
    """Each keeps its connection; the server's limit by address is two, and is not the proxy's."""

    def ask(number: int) -> set[str]:
        address = f"127.0.{number}.7"
        connection = HTTPConnection(
            "127.0.0.1", front.http, timeout=PATIENCE, source_address=(address, 0)
        )
        answers = {get_with(connection, "/ip", None).body for _ in range(5)}
        first = connection.sock
        assert get_with(connection, "/ip", None).body == f"{address}\n"
        assert connection.sock is first
        connection.close()
        return answers

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(1, 41)))
    assert answers == [{f"127.0.{number}.7\n"} for number in range(1, 41)]


def test_a_clients_own_connections_are_counted(front: Front) -> None:
    """Where the PROXY protocol tells of them."""
    with ExitStack() as stack:
        for source, served in (
            ("127.0.0.79", True),
            ("127.0.0.79", True),
            ("127.0.0.79", False),
            ("127.0.0.80", True),
        ):
            client = MiniupdateClient("127.0.0.1", front.miniupdate, source=source)
            stack.enter_context(client)
            assert client.banner.startswith("twistd-ddns" if served else "ERR Too many")


def test_a_network_that_is_refused(front: Front, login: str) -> None:
    where = url(front, update_path(HOST))
    assert curl(where, "--interface", "127.0.0.66", "--user", login) == "abuse\n"
    assert curl(where, "--interface", CLIENT, "--user", login) != "abuse\n"


def test_ddclient(front: Front, login: str, tmp_path: Path) -> None:
    """It asks for its address, and brings what it is told; there is no telling it where to come
    from."""
    front.server.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.1"])
    user, _, key = login.partition(":")
    configuration = tmp_path / "ddclient.conf"
    configuration.write_text(
        f"ssl=no\nuse=web, web=127.0.0.1:{front.http}/ip\n"
        f"protocol=dyndns2, server=127.0.0.1:{front.http}, login={user}, password='{key}' {HOST}\n"
    )
    configuration.chmod(0o600)
    files = ["-file", str(configuration), "-cache", str(tmp_path / "cache")]
    files += ["-pid", str(tmp_path / "pid")]
    done = run([program("ddclient"), *files, "-daemon=0", "-noquiet", "-verbose"], folder=tmp_path)
    assert f"updating {HOST}: good: IP address set to 127.0.0.1" in done.stdout + done.stderr
    assert front.server.answers(HOST) == ["127.0.0.1"]


# Who does not come through the proxy -------------------------------------------------------------


def test_strangers_beside_the_proxy(haproxy: Front) -> None:
    direct = HTTPConnection("127.0.0.1", haproxy.behind["8245"], PATIENCE, (CLIENT, 0))
    direct.request("GET", "/ip", headers=dict(header.split(": ", 1) for header in FORGED))
    assert direct.getresponse().read().decode() == f"{CLIENT}\n"
    direct.close()
    for port in (haproxy.behind["8443"], haproxy.behind["9122"]):
        stranger = socket.create_connection(("127.0.0.1", port), PATIENCE, (CLIENT, 0))
        with stranger, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            stranger.sendall(b"PROXY TCP4 203.0.113.66 192.0.2.1 1 2\r\n")
            assert stranger.recv(100) == b""
    assert f"{CLIENT} is not among proxies.trusted" in haproxy.server.log


@pytest.mark.parametrize(("source", "served"), [("127.0.0.1", 4), (CLIENT, 2)])
def test_dns_over_tcp_of_a_trusted_proxy(haproxy: Front, source: str, served: int) -> None:
    """It may have more than the two connections that others may have."""
    where = ("127.0.0.1", haproxy.server.dns_port)
    answered = 0
    with ExitStack() as stack:
        socks = [socket.create_connection(where, PATIENCE, (source, 0)) for _ in range(4)]
        for sock in map(stack.enter_context, socks):
            with contextlib.suppress(EOFError, ConnectionError):
                dns.query.send_tcp(sock, dns.message.make_query(ZONE, "SOA"))
                dns.query.receive_tcp(sock)
                answered += 1
    assert answered == served


# What proxies write, and look after --------------------------------------------------------------


def test_no_log_has_a_secret(front: Front, login: str) -> None:
    user, _, key = login.partition(":")
    path = f"/areg.php?opcode=ADD&host={HOST}&username={user}&password={key}"
    assert curl(url(front, path), "--interface", CLIENT).startswith("okay. ")
    logged = eventually(lambda: "/areg.php" in front.said() and front.said(), "it is logged")
    assert CLIENT in logged
    for text in (logged, front.server.log):
        assert key not in text
        assert basic(login) not in text


def test_without_a_server_no_log_has_a_secret_either(tmp_path: Path, pair: Pair) -> None:
    """Where a proxy has something to complain about, it must not quote the request."""
    server = Server(tmp_path)
    for starting in (
        fronting.nginx(server, pair),
        fronting.haproxy(server, fronting.haproxy_ports()),
    ):
        with starting as front:
            path = "/areg.php?opcode=ADD&host=x&username=alice&password=topsecret"
            assert "OK" not in curl(url(front, path))
            logged = eventually(
                lambda f=front: "/areg.php" in f.said() and f.said(), "it is logged"
            )
            assert "topsecret" not in logged


def test_haproxy_finds_all_alive(haproxy: Front) -> None:
    """And the server's log has nothing about its looking."""
    for service in ("ddns_http", "ddns_https", "ddns_miniupdate"):
        passed = f"Health check for server {service}/ddns succeeded"
        eventually(lambda text=passed: text in haproxy.said(), passed)
    assert "DOWN" not in haproxy.said()
    assert "refused a connection: 127.0.0.1" not in haproxy.server.log


def test_a_restart_behind_a_proxy_that_keeps_connections(nginx: Front) -> None:
    for _ in range(2):
        for last in range(1, 20):
            assert curl(url(nginx, "/ip"), "--interface", f"127.0.3.{last}") == f"127.0.3.{last}\n"
        nginx.server.restart()
