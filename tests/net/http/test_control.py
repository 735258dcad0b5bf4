"""The control socket: the API as programs speak it, and who may."""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddns.cli.client import CallFailed, NoServer, SocketClient
from ddns.model import names
from ddns.model.records import SOA, pack_rdatas
from ddns.model.rows import pack_rows, unpack_rows
from ddns.net.http.control import ControlListener
from ddns.system.files import short_path, socket_path
from tests.api.coming import NOTHING_SPECIAL
from tests.house import House, house_at
from tests.net.reactors import PATIENCE, RunningReactor


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield house


@pytest.fixture
def path(house: House, tmp_path: Path) -> Iterator[Path]:
    """The socket's, while somebody listens."""
    path = socket_path(tmp_path / "ddns.sqlite")
    listener = ControlListener(house.running.reactor, house.operations, path)
    house.running.call(listener.start)
    yield path
    house.running.call(listener.stop)
    house.running.call(listener.site.abort_connections)


class Connection(http.client.HTTPConnection):
    """HTTP over the socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))

    def ask(self, method: str, target: str, body: bytes | None = None) -> tuple[int, Any]:
        self.request(method, target, body)
        answer = self.getresponse()
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Content-Length"] is not None
        return answer.status, json.loads(answer.read())


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    connection = Connection(path)
    yield connection
    connection.close()


# Calls -----------------------------------------------------------------------------------------


def test_calls(connection: Connection) -> None:
    zone = {"origin": "example.net", "serial": 1, "account": None, "addresses": "any"}
    zone["registration"] = "closed"
    host = {"name": "a.example.net", "zone": "example.net", "account": "alice", "ttl": 5}
    calls: list[tuple[str, str, Any, Any]] = [
        ("GET", "/v1/zones", None, {"zones": []}),
        ("POST", "/v1/zones", {"origin": "example.net"}, zone),
        (
            "POST",
            "/v1/accounts",
            {"name": "alice"},
            {"name": "alice", "password": False, "email": None, **NOTHING_SPECIAL},
        ),
        ("POST", "/v1/hosts", {"name": "a.example.net", "account": "alice", "ttl": 5}, host),
        ("GET", "/v1/hosts?account=alice", None, {"hosts": [host]}),
        (
            "GET",
            "/v1/hosts/a.example.net",
            None,
            {**host, "wildcard": False, "records": [], "requests": []},
        ),
        ("DELETE", "/v1/hosts/a%2Eexample.net", None, host),
        ("GET", "/v1/zones", None, {"zones": [zone]}),
    ]
    for method, target, body, expected in calls:
        given = None if body is None else json.dumps(body).encode()
        assert connection.ask(method, target, given) == (200, expected)


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("GET", "/", None, 404, "not_found"),
        ("GET", "/v1/zones/", None, 404, "not_found"),
        ("PUT", "/v1/zones", None, 405, "method_not_allowed"),
        ("POST", "/openapi.json", None, 405, "method_not_allowed"),
        ("HEAD", "/v1/zone", None, 404, None),
        ("DELETE", "/v1/zones/none.example", None, 404, "not_found"),
        ("DELETE", "/v1/zones/", None, 404, "not_found"),
        ("GET", "/v1/zones?x=1", None, 400, "invalid"),
        ("POST", "/v1/zones", b"", 400, "invalid"),
        ("POST", "/v1/zones", b"{", 400, "invalid"),
        ("POST", "/v1/zones", b"[]", 400, "invalid"),
        ("POST", "/v1/zones", b"null", 400, "invalid"),
        ("POST", "/v1/zones", b"\xff", 400, "invalid"),
        ("POST", "/v1/zones", b'{"origin": 5}', 400, "invalid"),
        ("POST", "/v1/zones", b'{"origin": "a", "ns": [{"address": "1.2.3.4"}]}', 400, "invalid"),
        ("POST", "/v1/accounts", b'{"name": "a", "password": "\\ud800"}', 400, "invalid"),
        ("DELETE", "/v1/keys/x", None, 400, "invalid"),
        ("DELETE", "/v1/keys/99999999999999999999", None, 404, "not_found"),
        ("DELETE", "/v1/keys/" + "9" * 5000, None, 400, "invalid"),
        ("POST", "/v1/zones/a.example/rows?stage=s", b"\x01", 400, "invalid"),
        ("POST", "/v1/zones/a.example/rows", b"", 400, "invalid"),
        ("GET", "/v1/zones/a.example/rows", None, 404, "not_found"),
    ],
)
def test_errors(
    connection: Connection, method: str, target: str, body: bytes | None, status: int, code: str
) -> None:
    if code is None:
        connection.request(method, target)
        assert connection.getresponse().status == status
        return
    found, answer = connection.ask(method, target, body)
    assert found == status
    assert answer.keys() == {"error"}
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert connection.ask("GET", "/v1/zones") == (200, {"zones": []})


def test_a_mistake_of_ours_is_logged_and_told(
    house: House, connection: Connection, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.operations, "zone_list", lambda: 1 / 0)
    status, answer = connection.ask("GET", "/v1/zones")
    assert (status, answer["error"]["code"]) == (500, "failed")
    assert [text for text in logged if "ZeroDivisionError" in text]


def test_a_store_that_cannot_do_it(house: House, connection: Connection) -> None:
    house.running.call(house.store.close)
    status, answer = connection.ask("GET", "/v1/zones")
    assert (status, answer["error"]["code"]) == (503, "failed")


def test_json_nested_deeply(connection: Connection) -> None:
    status, _ = connection.ask("POST", "/v1/zones", b"[" * 100_000)
    assert status in (400, 500)


# Rows ------------------------------------------------------------------------------------------


def fill(client: SocketClient, count: int) -> list[Any]:
    client.call("zone_add", origin="example.net")
    packed = pack_rdatas([bytes(4)])
    rows = [(names.from_text(f"h{n}.example.net"), 1, 60, packed) for n in range(count)]
    soa = next(iter(client.rows("example.net")))
    octets = pack_rows([*rows, soa])
    done = client.call(
        "zone_import", origin="example.net", rows=octets, stage="s", last=True, serial=77,
        replace_hosts=False,
    )  # fmt: skip
    assert done["written"] == count
    return rows


def test_a_zone_goes_in_and_comes_out(path: Path) -> None:
    client = SocketClient(path)
    rows = fill(client, 20_000)
    found = list(client.rows("example.net"))
    assert found[0][:2] == (names.from_text("example.net"), SOA)
    assert sorted(found[1:]) == sorted(rows)


def test_a_reader_that_goes_away(house: House, path: Path, logged: list[str]) -> None:
    rows = fill(SocketClient(path), 20_000)
    connection = Connection(path)
    connection.request("GET", "/v1/zones/example.net/rows")
    answer = connection.getresponse()
    answer.read(1000)
    connection.sock.close()
    answer.close()
    assert len(list(SocketClient(path).rows("example.net"))) == len(rows) + 1
    house.running.call(lambda: None)
    assert not [text for text in logged if "Traceback" in text]


def test_a_reader_that_is_slow(path: Path) -> None:
    rows = fill(SocketClient(path), 20_000)
    connection = Connection(path)
    connection.request("GET", "/v1/zones/example.net/rows")
    answer = connection.getresponse()
    octets = answer.read(10)
    assert SocketClient(path).call("zone_list")["zones"][0]["serial"] == 77
    octets += answer.read()
    assert len(list(unpack_rows(octets))) == len(rows) + 1


# The socket ------------------------------------------------------------------------------------


def test_only_its_owner_may_connect(path: Path) -> None:
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_dead_socket_is_replaced_and_removed_at_the_end(house: House, tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    with pytest.raises(NoServer):
        SocketClient(path)
    listener = ControlListener(house.running.reactor, house.operations, path)
    house.running.call(listener.start)
    assert SocketClient(path).call("zone_list") == {"zones": []}
    house.running.call(listener.stop)
    with pytest.raises(NoServer):
        SocketClient(path)
    assert not path.exists()
    house.running.call(listener.stop)


def test_a_socket_that_somebody_has_removed(house: House, tmp_path: Path) -> None:
    path = tmp_path / "ddns.sock"
    listener = ControlListener(house.running.reactor, house.operations, path)
    house.running.call(listener.start)
    client = SocketClient(path)
    client.call("zone_list")
    path.unlink()
    house.running.call(listener.stop)
    with pytest.raises(CallFailed):
        client.call("zone_list")
    assert not path.exists()


def test_a_socket_of_somebody_else(house: House, tmp_path: Path) -> None:
    """Another server has begun, on another file of the same name."""
    path = tmp_path / "ddns.sock"
    former, latter = (
        ControlListener(house.running.reactor, house.operations, path) for _ in range(2)
    )
    house.running.call(former.start)
    house.running.call(latter.start)
    house.running.call(former.stop)
    assert SocketClient(path).call("zone_list") == {"zones": []}
    house.running.call(latter.stop)
    assert list(tmp_path.glob("ddns.sock*")) == []


def test_a_place_where_there_can_be_no_socket(house: House, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ddns.sock"
    listener = ControlListener(house.running.reactor, house.operations, path)
    mask = os.umask(0o022)
    os.umask(mask)
    with pytest.raises(OSError, match=r"ddns\.sock|missing"):
        house.running.call(listener.start)
    assert os.umask(mask) == mask  # what it was before


def test_a_socket_with_a_long_path(house: House, tmp_path: Path) -> None:
    """A socket's address holds 107 octets."""
    directory = tmp_path / ("d" * 100)
    directory.mkdir()
    path = directory / "ddns.sqlite.sock"
    listener = ControlListener(house.running.reactor, house.operations, path)
    house.running.call(listener.start)
    client = SocketClient(path)
    assert client.call("zone_list") == {"zones": []}
    house.running.call(listener.stop)
    assert not path.exists()
    with short_path(Path("/tmp/x")) as short:
        assert short == "/tmp/x"


def test_a_stopped_server_ends_what_is_idle(house: House, tmp_path: Path) -> None:
    path = tmp_path / "ddns.sock"
    listener = ControlListener(house.running.reactor, house.operations, path)
    house.running.call(listener.start)
    client = SocketClient(path)
    client.call("zone_list")
    house.running.call(listener.stop)
    with pytest.raises(CallFailed):
        client.call("zone_list")
