"""Nonsense, mischief and strangers at a running server: each gets its dialect's own error, nothing
changes, and no secret comes into the log."""

from __future__ import annotations

import http.client
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, basic
from tests.programs import PATIENCE

SECRET_IN_QUERY = "sesamopen"
PASSWORD = "correct horse battery staple"
ADDRESS = "198.51.100.7"


class Settled:
    """A server whose records must stay as they are."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder, "--no-sample").start()
        call = self.server.call
        call("zone_add", origin=ZONE)
        call("account_add", name=ACCOUNT, password=PASSWORD)
        call("account_add", name="mallory")
        for number in range(21):
            call("host_add", name=f"h{number}.{ZONE}", account=ACCOUNT)
        call("host_add", name=HOST, account=ACCOUNT)
        self.key = call("key_add", account=ACCOUNT)["key"]
        self.limited = call("key_add", account=ACCOUNT, hosts=[f"h1.{ZONE}"])["key"]
        self.stranger = call("key_add", account="mallory")["key"]
        self.login = f"{ACCOUNT}:{self.key}"
        assert self.server.update(self.login, HOST, ADDRESS).body == f"good {ADDRESS}\n"
        self.before = self.server.export(ZONE)

    def assert_nothing_changed(self) -> None:
        assert self.server.export(ZONE) == self.before
        assert self.server.answers(HOST) == [ADDRESS]
        log = self.server.log
        for secret in (self.key, self.limited, self.stranger, PASSWORD, SECRET_IN_QUERY):
            assert secret not in log
            assert basic(f"{ACCOUNT}:{secret}").split()[1] not in log


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    settled = Settled(tmp_path_factory.mktemp("bad"))
    yield settled
    settled.server.clean_up()


@pytest.fixture
def settled(running: Settled) -> Iterator[Settled]:
    yield running
    running.assert_nothing_changed()


HOSTS = {
    "spaces": ("hostname=a b", "notfqdn"),
    "only a separator": ("hostname=,", "notfqdn"),
    "no host": ("", "notfqdn"),
    "empty label": (f"hostname=home..{ZONE}", "notfqdn"),
    "label too long": (f"hostname={'a' * 64}.{ZONE}", "notfqdn"),
    "name too long": (f"hostname={'a.' * 130}{ZONE}", "notfqdn"),
    "underscore": (f"hostname=_home.{ZONE}", "notfqdn"),
    "wildcard of nobody's": (f"hostname=*.{ZONE}", "nohost"),
    "wildcard below a wildcard": (f"hostname=*.*.{HOST}", "notfqdn"),
    "no dot": ("hostname=home", "notfqdn"),
    "NUL": (f"hostname=home%00.{ZONE}", "notfqdn"),
    "newline": (f"hostname=home%0d%0agood%20{ADDRESS}.{ZONE}", "notfqdn"),
    "not UTF-8": (f"hostname=%ff%fe.{ZONE}", "notfqdn"),
    "an overlong slash": (f"hostname=%c0%af.{ZONE}", "notfqdn"),
    "a quote": (f"hostname=home'--.{ZONE}", "notfqdn"),
    "not there": (f"hostname=nobody.{ZONE}", "nohost"),
    "below a host": (f"hostname=below.{HOST}", "nohost"),
    "the zone itself": (f"hostname={ZONE}", "nohost"),
    "another zone": ("hostname=home.example.org", "nohost"),
    "another system": (f"hostname={HOST}&system=other", "badsys"),
}


@pytest.mark.parametrize("case", HOSTS)
def test_hosts_that_cannot_be_updated(settled: Settled, case: str) -> None:
    query, expected = HOSTS[case]
    path = f"/nic/update?{quote(query, safe='=&%,*.')}&myip=198.51.100.99"
    reply = settled.server.get(path, login=settled.login)
    assert (reply.status, reply.body) == (200, f"{expected}\n")


def test_a_good_host_beside_bad_ones_is_the_only_one_updated(settled: Settled) -> None:
    hosts = f"nobody.{ZONE},{HOST},a..b"
    reply = settled.server.update(settled.login, hosts, ADDRESS)
    assert reply.body == f"nohost\nnochg {ADDRESS}\nnotfqdn\n"


@pytest.mark.parametrize("who", ["stranger", "limited"])
def test_other_peoples_hosts(settled: Settled, who: str) -> None:
    """A stranger's key, and the account's own key that is limited to another host."""
    user = "mallory" if who == "stranger" else ACCOUNT
    login = f"{user}:{getattr(settled, who)}"
    reply = settled.server.update(login, HOST, "198.51.100.99")
    assert (reply.status, reply.body) == (200, "!yours\n")


@pytest.mark.parametrize(
    "address", ["256.1.1.1", "1.2.3", "1.2.3.4.5", "0.0.0.0", "%00", "%ff", "0x7f.1", "a" * 4000]
)
def test_addresses_that_are_none(running: Settled, address: str) -> None:
    """dyndns2 takes the client's own address for them."""
    reply = running.server.get(
        f"/nic/update?hostname=h20.{ZONE}&myip={address}", login=running.login
    )
    assert reply.status == 200
    assert reply.body in ("good 127.0.0.1\n", "nochg 127.0.0.1\n")
    assert running.server.answers(f"h20.{ZONE}") == ["127.0.0.1"]
    running.server.call("record_delete", owner=f"h20.{ZONE}")
    running.before = running.server.export(ZONE)


CREDENTIALS = {
    "none": None,
    "empty": "",
    "another scheme": "Bearer {key}",
    "no scheme": "{key}",
    "not base64": "Basic !!!",
    "cut base64": "Basic YWxpY2U6e",
    "no colon": "Basic YWxpY2U=",
    "only a colon": "Basic Og==",
    "not UTF-8": "Basic //46//4=",
    "NUL": "Basic YWxpY2UAOgA=",
    "huge": "Basic " + "QUFB" * 1000,
}


@pytest.mark.parametrize("case", CREDENTIALS)
def test_credentials_that_are_none(settled: Settled, case: str) -> None:
    given = CREDENTIALS[case]
    header = "" if given is None else f"Authorization: {given.format(key=settled.key)}\r\n"
    query = f"hostname={HOST}&myip=198.51.100.99&username={ACCOUNT}&password={SECRET_IN_QUERY}"
    status, head, body = ask(
        settled.server,
        f"GET /nic/update?{query} HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\n{header}\r\n".encode(),
    )
    assert (status, body) == (401, b"badauth\n")
    assert 'WWW-Authenticate: Basic realm="' in head


@pytest.mark.parametrize("login", [f"{ACCOUNT}:wrong", f"nobody:{PASSWORD}", ":", f"{ACCOUNT}:"])
def test_wrong_credentials(settled: Settled, login: str) -> None:
    reply = settled.server.update(login, HOST, "198.51.100.99")
    assert (reply.status, reply.body) == (401, "badauth\n")


def test_a_key_with_another_user(settled: Settled) -> None:
    reply = settled.server.update(f"mallory:{settled.key}", HOST, "198.51.100.99")
    assert (reply.status, reply.body) == (401, "badauth\n")


def test_no_user_agent(settled: Settled) -> None:
    head = f"GET /nic/update?hostname={HOST}&myip=198.51.100.99 HTTP/1.0\r\n"
    head += f"Authorization: {basic(settled.login)}\r\n\r\n"
    status, _, body = ask(settled.server, head.encode())
    assert (status, body) == (200, b"badagent\n")


REQUESTS = {
    "binary": (b"\x00\x01\x02\xff\xfe\r\n\r\n", 400),
    "not UTF-8 in the path": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "another method": (b"DELETE /nic/update HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "two hosts": (b"GET /ip HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "NUL in a header": (b"GET /ip HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400),
    "a long line": (b"GET /nic/update?" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    "long headers": (b"GET /ip HTTP/1.1\r\nHost: x\r\n" + b"X: aaaaaaa\r\n" * 4000, 400),
    "climbing": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_requests_that_are_none(settled: Settled, case: str) -> None:
    request, expected = REQUESTS[case]
    status, _, body = ask(settled.server, request)
    assert status == expected
    assert b"Traceback" not in body


@pytest.mark.parametrize("framing", ["announced", "chunked"])
def test_a_body_of_100_mb(settled: Settled, framing: str) -> None:
    size = 100_000_000
    sizes = {"announced": f"Content-Length: {size}", "chunked": "Transfer-Encoding: chunked"}
    head = (
        f"POST /nic/update HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\n"
        f"Authorization: {basic(settled.login)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n{sizes[framing]}\r\n\r\n"
    )
    block = b"hostname=" + b"a" * 65527
    if framing == "chunked":
        block = b"%x\r\n%b\r\n" % (len(block), block)
    with socket.create_connection(("127.0.0.1", settled.server.http_port), PATIENCE) as client:
        client.sendall(head.encode())
        answer = http.client.HTTPResponse(client)
        sent = 0
        while sent < size and not select.select([client], [], [], 0)[0]:
            sent += client.send(block)
        answer.begin()
    assert answer.status == 413
    assert sent < size, "it does not listen to all of it"
    assert peak_memory(settled.server) < 250 * 2**20
    assert settled.server.get("/ip").body == "127.0.0.1\n"


def test_a_client_that_goes_away_in_the_middle(settled: Settled) -> None:
    for length in (1, 20, 60):
        with socket.create_connection(("127.0.0.1", settled.server.http_port)) as client:
            request = f"GET /nic/update?hostname={HOST}&myip=198.51.100.99 HTTP/1.1\r\n"
            client.sendall(request.encode()[:length])
    assert settled.server.get("/ip").body == "127.0.0.1\n"
    assert "Traceback" not in settled.server.log


def test_dns_gets_nonsense(settled: Settled) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", settled.server.dns_port))
        for wire in (b"", b"\0", b"\xff" * 12, b"\0" * 12, b"\xc0\x0c" * 300, bytes(range(256))):
            client.send(wire)
    assert settled.server.answers(HOST) == [ADDRESS]
    assert "Traceback" not in settled.server.log


def ask(server: Server, request: bytes) -> tuple[int, str, bytes]:
    """Status, head and body of the answer to these octets."""
    with socket.create_connection(("127.0.0.1", server.http_port), PATIENCE) as client:
        client.sendall(request)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return answer.status, str(answer.headers), answer.read()


def peak_memory(server: Server) -> int:
    """The most octets the process has had in memory."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
