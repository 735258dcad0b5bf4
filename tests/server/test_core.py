"""Behind a resource of an embedder's, updates wait, are performed and are counted as everywhere."""

from __future__ import annotations

import base64
import socket
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from twisted.internet.defer import Deferred, ensureDeferred

from ddns.embedding import (
    Core,
    DdnsService,
    DnsSettings,
    HttpSettings,
    LimitedSite,
    MiniupdateSettings,
    Settings,
)
from tests.net.http_clients import Answer, Client, until
from tests.net.reactors import PATIENCE, RunningReactor
from tests.processes import free_port

TARGET = "/nic/update?hostname=home.example.net&myip=198.51.100.7"


def made_key(running: RunningReactor, settings: Settings) -> str:
    """A database with alice's host and its key."""

    async def work() -> str:
        core = Core(settings, running.reactor)
        core.store.open()
        await core.load()
        await core.operations.zone_add("example.net")
        await core.operations.account_add("alice")
        await core.operations.host_add("home.example.net", "alice")
        key: str = (await core.operations.key_add("alice"))["key"]
        await core.stop()
        return key

    made: str = running.call(lambda: ensureDeferred(work()))
    return made


class Embedded:
    """A resource of a core that loads nothing before it may; a client has asked at once."""

    def __init__(self, running: RunningReactor, folder: Path, monkeypatch: Any) -> None:
        self.settings = Settings(
            database=str(folder / "ddns.sqlite"),
            dns=DnsSettings((f"127.0.0.1:{free_port()}",)),
            http=HttpSettings(()),
            miniupdate=MiniupdateSettings(()),
        )
        self.running = running
        key = made_key(running, self.settings)
        self.login = "Authorization: Basic " + base64.b64encode(f"alice:{key}".encode()).decode()
        self.service = DdnsService(self.settings, running.reactor)
        self.core = self.service.core
        self.may_load: Deferred[None] = Deferred()
        load = self.core.publisher.load

        async def later() -> None:
            await self.may_load
            await load()

        monkeypatch.setattr(self.core.publisher, "load", later)
        site = LimitedSite(self.core.resource(), running.reactor)
        self.port: Any = running.call(
            lambda: running.reactor.listenTCP(0, site, interface="127.0.0.1")
        )
        self.site = site

    def client(self) -> Client:
        return Client(socket.create_connection(("127.0.0.1", self.port.getHost().port), PATIENCE))

    def ask(self, client: Client) -> None:
        client.send(f"GET {TARGET} HTTP/1.1\r\n{self.login}\r\nUser-Agent: t\r\n\r\n".encode())
        until(lambda: self.site.connections() > 0)

    def metrics(self) -> str:
        text: bytes = self.running.call(generate_latest, self.service.monitoring.registry)
        return text.decode()

    def close(self) -> None:
        self.running.call(self.port.stopListening)
        self.running.call(self.site.abort_connections)


@pytest.fixture
def embedded(running: RunningReactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    embedded = Embedded(running, tmp_path, monkeypatch)
    yield embedded
    embedded.close()


def test_a_right_key_waits_for_the_end_of_the_start(embedded: Embedded) -> None:
    embedded.running.call(embedded.service.startService)
    with embedded.client() as client:
        embedded.ask(client)
        embedded.running.call(lambda: None)
        embedded.running.call(embedded.may_load.callback, None)
        answer: Answer = client.answer()
        assert (answer.status, answer.body) == (200, b"good 198.51.100.7\n")
    assert 'ddns_updates_total{dialect="dyndns2",status="good"} 1.0' in embedded.metrics()
    assert 'ddns_update_duration_seconds_count{dialect="dyndns2"} 1.0' in embedded.metrics()
    embedded.running.call(embedded.service.stopService)


def test_a_start_that_fails_is_no_wrong_key(embedded: Embedded) -> None:
    embedded.running.call(embedded.service.startService)
    with embedded.client() as client:
        embedded.ask(client)
        embedded.running.call(embedded.may_load.errback, ValueError("it cannot be read"))
        answer = client.answer()
        assert (answer.status, answer.body) == (503, b"911\n")
    embedded.running.call(embedded.service.stopService)


def test_nobody_waits_for_a_start_that_never_comes(embedded: Embedded) -> None:
    with embedded.client() as client:
        embedded.ask(client)
        embedded.running.call(embedded.service.stopService)
        assert client.answer().body == b"911\n"
