"""Pages whose pieces are sent as they come: as fast as the browser reads, until it goes."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from ddns.net.http import streams
from ddns.net.http.pages import MAX_FIELDS, PagesResource
from ddns.net.http.site import LimitedSite
from ddns.pages.request import EVENTS, Answer, Live, PageRequest
from ddns.pages.site import POLICY, Pages
from tests.net.reactors import PATIENCE, RunningReactor

Connect = Callable[[], http.client.HTTPConnection]

PIECE = b"x" * 65_536
PIECES = 4096
"""256 MiB, which no buffers of the system hold."""


class LivePages:
    """Pages without end; ``made`` counts pieces, ``ended`` is set when nobody wants more."""

    def __init__(self) -> None:
        self.made = 0
        self.goes_on = True
        self.begun, self.ended = threading.Event(), threading.Event()
        self.gate: Deferred[None] = Deferred()
        self.closing: Deferred[None] = Deferred()

    async def answer(self, request: PageRequest) -> Answer:
        if request.path == ("file",):
            length = ("Content-Length", str(len(PIECE) * PIECES))
            return Answer(self._file(), content_type="application/octet-stream", headers=(length,))
        if request.path == ("late",):
            self.begun.set()
            await self.gate
            pieces = self._late()
            await anext(pieces)
            return Answer(pieces)
        live = Live(request.path[0], lambda: self.goes_on)
        return Answer(self._events(), content_type=EVENTS, live=live)

    async def _file(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(PIECES):
                self.made += 1
                self.begun.set()
                yield PIECE
        finally:
            self.ended.set()

    async def _late(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b""
        finally:
            await self.closing  # as whoever reads a database has to
            self.ended.set()

    async def _events(self) -> AsyncGenerator[str, None]:
        try:
            yield "data: é\n\n"
            await Deferred[None]()
        finally:
            self.ended.set()


@pytest.fixture
def live() -> LivePages:
    return LivePages()


@pytest.fixture
def resource(
    running: RunningReactor, live: LivePages, monkeypatch: pytest.MonkeyPatch
) -> PagesResource:
    monkeypatch.setattr(streams, "BEAT", 0.05)

    async def nothing() -> None:
        pass

    return PagesResource(cast(Pages, live), nothing, nothing, lambda: "", running.reactor)


@pytest.fixture
def site(running: RunningReactor, resource: PagesResource) -> LimitedSite:
    root = Resource()
    for place in (b"file", b"events", b"late", b"alice", b"bob"):
        root.putChild(place, resource)
    return LimitedSite(root, running.reactor)


@pytest.fixture
def connect(running: RunningReactor, site: LimitedSite) -> Iterator[Connect]:
    """Open connections to the site; all are closed in the end."""
    port: Any = running.call(lambda: running.reactor.listenTCP(0, site, interface="127.0.0.1"))
    opened: list[http.client.HTTPConnection] = []

    def connect() -> http.client.HTTPConnection:
        number = port.getHost().port
        opened.append(http.client.HTTPConnection("127.0.0.1", number, timeout=PATIENCE))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    running.call(site.abort_connections)
    running.call(port.stopListening)


@pytest.fixture
def client(connect: Connect) -> http.client.HTTPConnection:
    return connect()


def test_a_file_is_read_no_faster_than_the_browser_takes_it(
    client: http.client.HTTPConnection, live: LivePages
) -> None:
    client.request("GET", "/file")
    answer = client.getresponse()
    assert answer.getheader("Content-Length") == str(len(PIECE) * PIECES)
    assert answer.read(len(PIECE)) == PIECE
    assert live.made < PIECES // 4
    answer.close()
    client.close()
    assert live.ended.wait(PATIENCE)
    assert live.made < PIECES


def test_a_whole_file(client: http.client.HTTPConnection, live: LivePages) -> None:
    client.request("GET", "/file")
    answer, octets = client.getresponse(), 0
    while piece := answer.read(1 << 20):
        octets += len(piece)
    assert octets == len(PIECE) * PIECES
    assert live.ended.is_set()
    client.request("GET", "/file")  # the connection is good for more
    assert client.getresponse().status == 200


def test_events_go_on_until_the_browser_goes(
    client: http.client.HTTPConnection, live: LivePages
) -> None:
    client.request("GET", "/events")
    answer = client.getresponse()
    assert answer.getheader("Content-Type") == EVENTS
    assert answer.getheader("Cache-Control") == "no-store"
    lines = [answer.readline().decode() for _ in range(8)]
    assert "data: é\n" in lines
    assert lines.count(":\n") >= 3  # comments, while nothing happens
    answer.close()
    client.close()
    assert live.ended.wait(PATIENCE)


def test_a_connection_that_ends_before_the_answer_leaves_nothing_open(
    running: RunningReactor,
    client: http.client.HTTPConnection,
    site: LimitedSite,
    live: LivePages,
) -> None:
    client.request("GET", "/late")
    assert live.begun.wait(PATIENCE)
    running.call(site.abort_connections)
    running.call(live.gate.callback, None)
    running.call(live.closing.callback, None)
    assert live.ended.wait(PATIENCE)


def test_head_is_answered_at_once(client: http.client.HTTPConnection, live: LivePages) -> None:
    for place in ("/events", "/file"):
        client.request("HEAD", place)
        assert client.getresponse().read() == b""
    assert live.made == 0


@pytest.mark.parametrize("place", ["/events", "/file"])
def test_what_is_sent_in_pieces_is_no_more_than_it_is_called(
    client: http.client.HTTPConnection, place: str
) -> None:
    client.request("HEAD", place)
    answer = client.getresponse()
    assert answer.getheader("Server") == "ddns"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("method", "body", "place", "status"),
    [
        ("GET", "", f"/events?{'a&' * MAX_FIELDS}a", 400),
        ("POST", f"{'a&' * MAX_FIELDS}a", "/events", 400),
        ("TRACE", "", "/events", 405),
    ],
)
def test_what_is_answered_without_a_page_lets_nothing_in_either(
    client: http.client.HTTPConnection, method: str, body: str, place: str, status: int
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    client.request(method, place, body, form)
    answer = client.getresponse()
    assert answer.status == status
    assert answer.getheader("Content-Security-Policy") == POLICY


def test_a_live_page_ends_when_it_is_its_readers_no_more(
    client: http.client.HTTPConnection, live: LivePages
) -> None:
    client.request("GET", "/events")
    answer = client.getresponse()
    answer.readline()
    live.goes_on = False
    answer.read()  # to the end
    assert live.ended.wait(PATIENCE)


def test_live_pages_are_bounded_by_account_and_in_all(
    connect: Connect, live: LivePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status(account: str) -> int:
        client = connect()
        client.request("GET", f"/{account}")
        return client.getresponse().status

    monkeypatch.setattr(streams, "MAX_LIVE", 3)
    monkeypatch.setattr(streams, "MAX_LIVE_OF_ACCOUNT", 2)
    accounts = ("events", "events", "events", "alice", "bob")
    assert [status(account) for account in accounts] == [200, 200, 429, 200, 429]
    live.goes_on = False
    assert live.ended.wait(PATIENCE)
    assert status("bob") == 200


def test_a_server_that_stops_ends_live_pages(
    running: RunningReactor, client: http.client.HTTPConnection, live: LivePages, site: LimitedSite
) -> None:
    client.request("GET", "/events")
    client.getresponse().readline()
    running.call(site.close_connections, True)
    assert live.ended.wait(PATIENCE)


def test_a_live_page_ends_when_the_browser_says_no_more(
    client: http.client.HTTPConnection, live: LivePages
) -> None:
    client.request("GET", "/events")
    client.getresponse().readline()
    assert client.sock is not None
    client.sock.shutdown(socket.SHUT_WR)
    assert live.ended.wait(PATIENCE)
