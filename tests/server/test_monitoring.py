"""An embedder's server is watched: while it loads, while its store is slow, and by many at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from twisted.internet.defer import Deferred, fail, gatherResults, succeed

from ddns.config.settings import (
    DnsSettings,
    HttpSettings,
    MetricsSettings,
    MiniupdateSettings,
    Settings,
)
from ddns.server import monitoring
from ddns.server.service import DdnsService
from ddns.store.interfaces import IReading, StoreClosed
from tests.net.http_clients import Client
from tests.net.reactors import PATIENCE, RunningReactor


@pytest.fixture
def service(running: RunningReactor, tmp_path: Path) -> Iterator[DdnsService]:
    """It is not started, and is stopped in the end."""
    service = DdnsService(
        Settings(
            database=str(tmp_path / "ddns.sqlite"),
            sample=False,
            dns=DnsSettings(("127.0.0.1:0",)),
            http=HttpSettings(()),
            miniupdate=MiniupdateSettings(()),
            metrics=MetricsSettings(("tcp:0:interface=127.0.0.1",)),
        ),
        running.reactor,
    )
    yield service
    if service.running:
        running.call(service.stopService)
    assert running.leftovers() == set()


def watch(running: RunningReactor, service: DdnsService) -> Client:
    """A client of the pages for watchers."""
    (address,) = running.call(service.monitoring.listeners.addresses)
    return Client(socket.create_connection(address, PATIENCE))


def said(client: Client, path: str) -> tuple[int, bytes]:
    answer = client.ask(path)
    return answer.status, answer.body


def test_from_the_start_to_the_end(running: RunningReactor, service: DdnsService) -> None:
    gate: Deferred[None] = Deferred()
    publisher = service.core.publisher
    load = publisher.load

    async def gated() -> None:
        await gate
        await load()

    publisher.load = gated  # type: ignore[method-assign]
    running.call(service.startService)
    with watch(running, service) as client:
        assert said(client, "/readyz") == (503, b"loading\n")
        assert said(client, "/healthz") == (200, b"ok\n")
        assert b"\nddns_ready 0.0\n" in client.ask("/metrics").body
        running.call(gate.callback, None)
        running.call(service.loaded)
        assert said(client, "/readyz") == (200, b"ok\n")
        running.call(service.stopService)
        assert client.ended()


def test_a_start_that_fails(running: RunningReactor, service: DdnsService) -> None:
    async def fail() -> None:
        raise ValueError("why")

    service.core.load = fail  # type: ignore[method-assign]
    running.call(service.startService)
    with watch(running, service) as client:
        assert said(client, "/readyz") == (503, b"failed to start\n")


@pytest.fixture
def started(running: RunningReactor, service: DdnsService) -> DdnsService:
    running.call(service.startService)
    running.call(service.loaded)
    return service


def test_operators_are_told_without_a_listener(
    running: RunningReactor, started: DdnsService
) -> None:
    operations = started.core.operations
    assert running.call(operations.status)["not_ready"] == ""
    running.call(started.monitoring.sampler.sample)
    series = running.call(operations.sample_list)["hour"]["series"]
    assert set(series) == {
        *("queries", "rate_limited", "updates", "refusals"),
        *("connections", "store", "passwords", "mails"),
    }
    assert running.call(operations.secondary_list) == {"secondaries": []}
    running.call(started.stopService)
    assert running.call(operations._running.not_ready) == "stopping"


def test_many_who_ask_at_once_are_shown_the_same(
    running: RunningReactor, started: DdnsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def noted(registry: Any) -> bytes:
        made.append(registry)
        return generate_latest(registry)

    monkeypatch.setattr(monitoring, "generate_latest", noted)
    begun: list[Deferred[bytes]] = []

    def ask() -> Deferred[list[bytes]]:
        begun.extend(Deferred.fromCoroutine(started.monitoring.metrics()) for _ in range(50))
        return gatherResults(begun)

    texts = running.call(ask)
    assert len(set(texts)) == 1
    assert len(made) == 1


def test_hosts_that_take_long_to_count(
    running: RunningReactor, started: DdnsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader of the store is at something else."""
    metrics = started.monitoring.metrics
    assert b"\nddns_hosts 0.0\n" in running.call(lambda: Deferred.fromCoroutine(metrics()))
    monkeypatch.setattr(monitoring, "COUNTING", 0.05)
    monkeypatch.setattr(monitoring, "FRESH", 0.0)
    begun, go_on = threading.Event(), threading.Event()

    def hang(reading: IReading) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    running.reactor.callFromThread(started.core.store.read, hang)
    assert begun.wait(PATIENCE)
    started.monitoring.watched.hosts = 7
    for _ in range(3):
        text = running.call(lambda: Deferred.fromCoroutine(metrics()))
        assert b"\nddns_hosts 7.0\n" in text
    go_on.set()
    monkeypatch.setattr(monitoring, "COUNTING", PATIENCE)
    assert b"\nddns_hosts 0.0\n" in running.call(lambda: Deferred.fromCoroutine(metrics()))


@pytest.mark.parametrize(
    ("counted", "shown"),
    [
        (lambda: succeed((3, 2, 1, {})), b"\nddns_hosts 3.0\n"),
        (lambda: succeed((3, 2, 1, {})), b"\nddns_leases 2.0\n"),
        (lambda: fail(StoreClosed("closed")), b"ddns_hosts"),
    ],
)
def test_a_store_that_answers_at_once(
    running: RunningReactor,
    service: DdnsService,
    counted: Callable[[], Deferred[tuple[int, int]]],
    shown: bytes,
) -> None:
    service.core.store.read = lambda work: counted()  # type: ignore[method-assign]
    assert shown in running.call(service.monitoring.metrics)
