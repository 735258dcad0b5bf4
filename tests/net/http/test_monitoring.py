"""What watchers are served: three pages, and nothing that clients get."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ddns.net.http.limits import HttpLimits
from ddns.net.http.monitoring import METRICS_TYPE, MonitoringResource
from ddns.net.http.site import LimitedSite
from tests.net.http_clients import Client, Serving, request
from tests.net.reactors import RunningReactor

TEXT = b"ddns_ready 1.0\n"


class Health:
    """Says what a test wants."""

    def __init__(self) -> None:
        self.wrong = ""
        self.missing = ""
        self.fails = False
        self.gate: Deferred[None] | None = None

    async def metrics(self) -> bytes:
        if self.gate is not None:
            await self.gate
        if self.fails:
            raise ValueError("topsecret")
        return TEXT


@contextmanager
def watched(running: RunningReactor, health: Health, limits: HttpLimits) -> Iterator[Serving]:
    resource = MonitoringResource(
        health.metrics, lambda: health.wrong, lambda: health.missing or health.wrong
    )
    site = LimitedSite(resource, running.reactor, limits)
    port: Any = running.call(lambda: running.reactor.listenTCP(0, site, interface="127.0.0.1"))
    try:
        yield Serving(running, site, None, port.getHost().port)  # type: ignore[arg-type]
    finally:
        running.call(site.abort_connections)
        running.call(port.stopListening)


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def client(running: RunningReactor, health: Health) -> Iterator[Client]:
    with watched(running, health, HttpLimits()) as serving, serving.connect() as client:
        yield client


def test_the_metrics(client: Client) -> None:
    answer = client.ask("/metrics")
    assert (answer.status, answer.body) == (200, TEXT)
    assert answer.header("content-type") == METRICS_TYPE
    assert answer.header("cache-control") == "no-store"
    assert client.ask("/metrics?name%5B%5D=up").body == TEXT


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_head_says_how_long_it_would_be(client: Client, path: str) -> None:
    whole = client.ask(path)
    head = client.ask(path, method="HEAD")
    assert (head.status, head.body) == (whole.status, b"")
    assert head.header("content-length") == str(len(whole.body))


def test_health_in_a_word(client: Client, health: Health) -> None:
    for wrong, missing, alive, ready in (
        ("", "", (200, b"ok\n"), (200, b"ok\n")),
        ("", "loading", (200, b"ok\n"), (503, b"loading\n")),
        ("it hangs", "", (503, b"it hangs\n"), (503, b"it hangs\n")),
    ):
        health.wrong, health.missing = wrong, missing
        for path, expected in (("/healthz", alive), ("/readyz", ready)):
            answer = client.ask(path)
            assert (answer.status, answer.body) == expected
            assert answer.header("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
def test_nothing_can_be_done_here(client: Client, method: str) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        answer = client.ask(path, method=method)
        assert answer.status == 405
        assert answer.header("allow") == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/nic/update?hostname=x", "/v3/update", "/checkip", "/ip", "/json", "/areg.php"),
        *("/api/zones", "/openapi.json", "/metrics/", "/metricsx", "/%6detrics", "//metrics"),
    ],
)
def test_there_is_nothing_else(client: Client, path: str) -> None:
    assert client.ask(path).status == 404


def test_a_mistake_is_not_shown(client: Client, health: Health) -> None:
    health.fails = True
    answer = client.ask("/metrics")
    assert answer.status == 500
    assert b"topsecret" not in answer.body
    health.fails = False
    assert client.ask("/metrics").body == TEXT


def test_who_does_not_wait_for_the_metrics(
    running: RunningReactor, client: Client, health: Health
) -> None:
    health.gate = Deferred()
    client.send(request("/metrics"))
    client.socket.close()
    running.call(lambda: None)
    running.call(health.gate.callback, None)
    running.call(lambda: None)


def is_refused(serving: Serving) -> bool:
    try:
        with serving.connect() as client:
            return client.ended()
    except ConnectionResetError:  # before the client has noticed that it is connected
        return True


def test_watchers_are_bounded_as_clients_are(running: RunningReactor, health: Health) -> None:
    limits = HttpLimits(connections=2, connections_per_address=2, request_time=1.0)
    with watched(running, health, limits) as serving, serving.connect() as other:
        other.ask("/healthz")
        with serving.connect() as slow:
            slow.send(b"GET /metrics HTTP/1.1\r\nHost:")
            assert is_refused(serving)
            assert slow.ended(), "its time was up"
        assert other.ask("/metrics", "X: " + "x" * 20_000).status == 431
        assert serving.site.admissions.refused == 1
        assert serving.site.answers[2] == 1
        assert serving.site.answers[4] == 1
