"""The APIs of tools over HTTP: what one is told of a request, and what becomes of its answer."""

from __future__ import annotations

import base64
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress

import pytest
from twisted.internet.defer import succeed
from twisted.logger import capturedLogs, formatEvent

from ddns.config.settings import HttpSettings
from ddns.model.update import Credentials
from ddns.net.http.site import LimitedSite
from ddns.net.http.tools import EitherResource, ToolResource
from ddns.net.http.updates import UpdateResource
from ddns.store.interfaces import StoreError
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest
from tests.net.http_clients import Answer, Client, Serving, request, until
from tests.net.http_clients import Pipeline as Dialects
from tests.net.pipelines import opened
from tests.net.reactors import RunningReactor

PIECE, PIECES = b"x" * 100_000, 200


class Tool:
    """Remembers what it was asked, and does what the path says."""

    name = "tool"

    def __init__(self) -> None:
        self.asked: list[ToolRequest] = []
        self.pieces = 0
        self.closed = False

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        self.asked.append(request)
        match request.path[-1]:
            case "refuse":
                raise ToolError(422, "not so", 3.0)
            case "fail":
                raise ZeroDivisionError
            case "store":
                raise StoreError("disk I/O error", logged=False)
            case "known":
                raise StoreError("disk I/O error", logged=True)
            case "done":
                return ToolAnswer(204)
            case "pieces":
                return ToolAnswer(200, self._pieces(), "text/plain")
            case "break":
                return ToolAnswer(200, self._broken())
        return ToolAnswer(201, b'{"done": true}', headers=(("X-Tool", "yes"),))

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(PIECES):
                self.pieces += 1
                yield PIECE
        finally:
            self.closed = True

    async def _broken(self) -> AsyncGenerator[bytes, None]:
        yield PIECE
        raise ZeroDivisionError

    def refusal(self, error: ToolError) -> ToolAnswer:
        return ToolAnswer(error.status, f"no: {error}".encode(), "text/plain", error.headers)


@pytest.fixture
def tool() -> Tool:
    return Tool()


@pytest.fixture
def site(running: RunningReactor, tool: Tool) -> Iterator[Serving]:
    resource = ToolResource(tool, lambda: succeed(None), lambda: 1000.0)
    other = UpdateResource(opened(Dialects().perform), ())
    either = EitherResource(lambda path: path[1:2] == ("mine",), resource, other)
    pipeline = Dialects()
    root = UpdateResource(opened(pipeline.perform), (), {b"tool": resource, b"either": either})
    limits = HttpSettings(body=100)
    site = LimitedSite(
        *(root, running.reactor, limits),
        granted=lambda method, target, headers: (
            200 if (method, target) == (b"PUT", b"/tool/x?y") and headers.hasHeader(b"x") else 0
        ),
    )
    port = running.call(lambda: running.reactor.listenTCP(0, site, interface="127.0.0.1"))
    yield Serving(running, site, pipeline, port.getHost().port)
    running.call(site.abort_connections)
    running.call(port.stopListening)


def ask(
    site: Serving, target: str, *headers: str, method: str = "GET", body: bytes = b""
) -> Answer:
    with site.connect() as client:
        return client.ask(target, *headers, method=method, body=body)


def whole(client: Client, target: str) -> bytes:
    """All that the server sends until it closes the connection."""
    client.send(request(target, "Connection: close"))
    received = []
    with suppress(ConnectionResetError):
        while piece := client.socket.recv(65536):
            received.append(piece)
    return b"".join(received)


def test_what_a_tool_is_told(site: Serving, tool: Tool) -> None:
    login = "Authorization: Basic " + base64.b64encode(b"alice:key").decode()
    target = "/tool/v1/a%2Fb/?x=1&x=2&y="
    answer = ask(site, target, login, "X-API-Key: secret", method="PATCH", body=b"{}")
    assert (answer.status, answer.body) == (201, b'{"done": true}')
    assert (answer.header("x-tool"), answer.header("cache-control")) == ("yes", "no-store")
    (asked,) = tool.asked
    assert (asked.method, asked.path, asked.body) == ("PATCH", ("tool", "v1", "a/b"), b"{}")
    assert asked.args == {"x": "1", "y": ""}
    assert asked.headers["x-api-key"] == "secret"
    assert (asked.credentials, asked.peer) == (Credentials("alice", "key"), "127.0.0.1")
    assert asked.at == 1000.0


@pytest.mark.parametrize("target", ["//tool/x", "/tool//x", "///tool//x//"])
def test_empty_segments_do_not_count(site: Serving, tool: Tool, target: str) -> None:
    assert ask(site, target).status == 201
    assert tool.asked[0].path == ("tool", "x")


def test_a_head_is_asked_as_a_get(site: Serving, tool: Tool) -> None:
    answer = ask(site, "/tool/x", method="HEAD")
    assert (answer.status, answer.header("content-length"), answer.body) == (201, "14", b"")
    assert tool.asked[0].method == "GET"


def test_refusals_are_in_the_words_of_the_tool(site: Serving) -> None:
    answer = ask(site, "/tool/refuse")
    assert (answer.status, answer.body) == (422, b"no: not so")
    assert answer.header("retry-after") == "3"
    answer = ask(site, "/tool/x?" + "&".join(map(str, range(101))))
    assert (answer.status, answer.body) == (400, b"no: too many parameters")
    answer = ask(site, "/tool/x", "Origin: https://evil.example", method="POST")
    assert (answer.status, answer.body) == (403, b"no: another site may not ask for this")


def test_what_fails_is_logged_and_not_told(site: Serving) -> None:
    answer = ask(site, "/tool/fail")
    assert answer.status == 500
    assert b"Zero" not in answer.body


@pytest.mark.parametrize(("path", "lines"), [("store", 1), ("known", 0)])
def test_a_database_that_cannot_be_read_is_no_crash(site: Serving, path: str, lines: int) -> None:
    with capturedLogs() as logged:
        answer = ask(site, f"/tool/{path}")
    assert (answer.status, answer.header("retry-after")) == (503, "60")
    assert b"disk" not in answer.body
    said = [formatEvent(event) for event in logged if event.get("tool") == "tool"]
    assert said == ["a request by tool failed: disk I/O error"] * lines


def test_an_answer_without_a_body_has_no_length(site: Serving) -> None:
    with site.connect() as client:
        client.send(request("/tool/done"))
        received = whole(client, "/tool/x")
    done, _, after = received.partition(b"\r\n\r\n")
    assert done.startswith(b"HTTP/1.1 204 ")
    assert b"content-length" not in done.lower()
    assert after.startswith(b"HTTP/1.1 201 ")


def test_an_answer_in_pieces(site: Serving) -> None:
    with site.connect() as client:
        received = whole(client, "/tool/pieces")
    assert received.count(b"x") >= PIECES * len(PIECE)
    assert received.endswith(b"0\r\n\r\n")


def test_an_answer_that_breaks_is_seen_to_be_broken(site: Serving) -> None:
    with site.connect() as client:
        received = whole(client, "/tool/break")
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"0\r\n\r\n")


def test_who_does_not_read_is_waited_for_until_he_goes(site: Serving, tool: Tool) -> None:
    with site.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(request("/tool/pieces"))
        assert client.socket.recv(1) == b"H"
        for _ in range(100):  # turns of the reactor
            site.running.call(lambda: None)
        assert 0 < tool.pieces < PIECES
        assert not tool.closed
    until(lambda: tool.closed)
    assert tool.pieces < PIECES


@pytest.mark.parametrize(
    ("size", "method", "target", "headers", "status"),
    [
        (100, "PUT", "/tool/x", (), 201),
        (101, "PUT", "/tool/x?y", (), 413),
        (101, "PUT", "/tool/x", ("X: k",), 413),
        (101, "POST", "/tool/x?y", ("X: k",), 413),
        (200, "PUT", "/tool/x?y", ("X: k",), 201),
        (201, "PUT", "/tool/x?y", ("X: k",), 413),
    ],
)
def test_some_may_send_more(
    site: Serving, size: int, method: str, target: str, headers: tuple[str, ...], status: int
) -> None:
    assert ask(site, target, *headers, method=method, body=b"x" * size).status == status


def test_some_may_send_more_in_pieces(site: Serving) -> None:
    size, headers = 150, ("X: k", "Transfer-Encoding: chunked")
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
    for target, status in (("/tool/x?y", b"201"), ("/tool/x", b"413")):
        with site.connect() as client:
            client.send(request(target, *headers, "Connection: close", method="PUT") + chunks)
            assert client.socket.recv(65536).split()[1] == status


def test_two_resources_at_one_place(site: Serving, tool: Tool) -> None:
    assert ask(site, "/either/mine/x").status == 201
    assert tool.asked[0].path == ("either", "mine", "x")
    assert ask(site, "//either//mine/x").status == 201
    assert tool.asked[1].path == tool.asked[0].path
    assert ask(site, "/either/other").status == 404
    assert len(tool.asked) == 2
