"""inetd, xinetd and tcpserver, set up by the samples: updates with a server and without one."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddns.system.files import socket_path
from tests import certificates
from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually, get_with, update_path
from tests.programs import PATIENCE
from tests.service.dialects import Secrets, keys
from tests.superservers import SUPERSERVERS, SuperServer, superserver

CLIENTS = 50
SESSION = 25.0
"""Seconds that the client of a test goes on at least, if nobody ends it."""
SETTINGS = """
[dns.rate_limit]
responses_per_second = 0
[abuse]
change_interval = 0
[miniupdate]
connections_per_address = 200
[https]
certificate = "{certificate}"
private_key = "{private_key}"
[inetd]
linger_time = 0.3
"""


@dataclass
class Place:
    """A super-server, and a server on the same database, which runs when a test begins."""

    server: Server
    superserver: SuperServer
    secrets: Secrets
    pair: certificates.Pair

    @property
    def login(self) -> str:
        return f"{ACCOUNT}:{self.secrets.update}"

    def miniupdate(self, host: str = HOST, address: str | None = None) -> str:
        """An update through the super-server, and what is answered."""
        with MiniupdateClient("127.0.0.1", self.superserver.ports["miniupdate"]) as client:
            assert client.login(ACCOUNT, self.secrets.miniupdate) == "OK Authenticated"
            said = client.update(host, address)
            assert client.exit() == "OK Bye!"
            assert client.ended()
            return said

    def http(self, host: str, address: str = "", *, source: str = "127.0.0.1") -> str:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.superserver.ports["http"], PATIENCE, (source, 0)
        )
        return self._update(connection, host, address)

    def https(self, host: str, address: str) -> str:
        port = self.superserver.ports["https"]
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE, context=self.pair.client()
        )
        return self._update(connection, host, address)

    def _update(self, connection: http.client.HTTPConnection, host: str, address: str) -> str:
        try:
            return get_with(connection, update_path(host, address), self.login).body
        finally:
            connection.close()

    def without_server(self) -> None:
        assert self.server.terminate() == 0

    def nobody_serves(self) -> bool:
        return not socket_path(self.server.database).exists()


@pytest.fixture(scope="module", params=SUPERSERVERS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    pair = certificates.make(folder)
    settings = SETTINGS.format(certificate=pair.certificate, private_key=pair.private_key)
    server = Server(folder, "--no-sample").with_settings(settings).start()
    try:
        server.call("zone_add", origin=ZONE)
        server.call("account_add", name=ACCOUNT)
        for name in (HOST, *map(numbered, range(CLIENTS))):
            server.call("host_add", name=name, account=ACCOUNT)
        secrets = keys(server)
        with superserver(request.param, server) as running:
            yield Place(server, running, secrets, pair)
        assert "Traceback" not in running.log + server.log
    finally:
        server.clean_up()


@pytest.fixture
def place(running: Place) -> Place:
    if running.server.process is None:
        running.server.start()
    return running


def numbered(number: int) -> str:
    return f"h{number}.{ZONE}"


def test_with_a_server(place: Place) -> None:
    answers = place.server.answers
    assert place.miniupdate(address="198.51.100.1") == f"OK {HOST.upper()} mapped to 198.51.100.1"
    assert answers(HOST) == ["198.51.100.1"]
    assert place.http(HOST, "198.51.100.2") == "good 198.51.100.2\n"
    assert answers(HOST) == ["198.51.100.2"]
    assert place.https(HOST, "198.51.100.3") == "good 198.51.100.3\n"
    assert answers(HOST) == ["198.51.100.3"]
    assert place.http(HOST, source="127.0.0.99") == "good 127.0.0.99\n", "its own address"
    assert place.superserver.log == "", "there is nothing to be said"


def test_without_a_server(place: Place) -> None:
    place.without_server()
    said = place.miniupdate(address="198.51.100.4")
    assert said == f"OK {HOST.upper()} mapped to 198.51.100.4"
    assert place.https(HOST, "198.51.100.5") == "good 198.51.100.5\n"
    assert place.http(HOST, source="127.0.0.98") == "good 127.0.0.98\n"
    eventually(place.nobody_serves, "who served it has ended")
    place.server.start()
    assert place.server.answers(HOST) == ["127.0.0.98"]


def test_a_server_that_starts_takes_over(place: Place) -> None:
    place.without_server()
    port = place.superserver.ports["miniupdate"]
    with MiniupdateClient("127.0.0.1", port) as client:
        assert client.login(ACCOUNT, place.secrets.miniupdate) == "OK Authenticated"
        began = time.monotonic()
        place.server.start()
        assert time.monotonic() - began < SESSION, "it did not wait for the client"
        assert client.ended(), "closed in order"
    assert place.http(HOST, "198.51.100.6") == "good 198.51.100.6\n"
    assert place.server.answers(HOST) == ["198.51.100.6"]


@pytest.mark.parametrize("served", [True, False], ids=["with a server", "without a server"])
def test_many_at_once(place: Place, served: bool) -> None:
    if not served:
        place.without_server()
    last = 1 if served else 2
    said: dict[int, str] = {}

    def update(number: int) -> None:
        said[number] = place.miniupdate(numbered(number), f"10.0.{number}.{last}")

    began = time.monotonic()
    threads = [threading.Thread(target=update, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    print(f"{CLIENTS} updates at once took {time.monotonic() - began:.2f} s")
    for number in range(CLIENTS):
        address = f"10.0.{number}.{last}"
        assert said[number] == f"OK {numbered(number).upper()} mapped to {address}"
    if not served:
        place.server.start()
    for number in range(CLIENTS):
        assert place.server.answers(numbered(number)) == [f"10.0.{number}.{last}"]
