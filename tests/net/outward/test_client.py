"""The way out, against real little servers: what comes back, and what is in the way."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from ddns.config.outward import OutwardSettings
from ddns.config.settings import Settings
from ddns.model.outward import OutwardAnswer, OutwardError, OutwardRequest
from ddns.net.outward.client import MAX_BODY, OutwardClient
from ddns.net.outward.guard import look_up
from ddns.server.factories import target_rules
from tests import certificates
from tests.net.reactors import PATIENCE, RunningReactor

OPEN = OutwardSettings(allow=("127.0.0.0/8", "::1/128"), ports=(), plain_http=True)
SECRET = "canary-in-the-query"

Send = Callable[..., OutwardAnswer]


@pytest.fixture
def send(running: RunningReactor) -> Iterator[Send]:
    """Sends a request within the settings, and returns the answer or raises."""
    clients: list[OutwardClient] = []

    def send(
        url: str,
        settings: OutwardSettings = OPEN,
        resolve: Callable[[str], Sequence[str]] = look_up,
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> OutwardAnswer:
        client = OutwardClient(running.reactor, settings, target_rules(settings), resolve)
        clients.append(client)
        request = OutwardRequest(method, url, headers or {}, body)
        answer = running.call(lambda: ensureDeferred(client.fetch(request)))
        assert isinstance(answer, OutwardAnswer)
        return answer

    yield send
    for client in clients:
        running.call(client.stop)


@contextmanager
def answering(octets: bytes, then: threading.Event | None = None) -> Iterator[str]:
    """A server that says something whatever it is asked, and ends; or waits for *then* first.
    Yields its URL."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    connection.recv(65536)
                    connection.sendall(octets)
                    if then is not None:
                        then.wait(PATIENCE)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x?key={SECRET}"
    finally:
        if then is not None:
            then.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(PATIENCE)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"{self.command} {self.path}\n{self.headers}".encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("X-One", "a")
        self.send_header("X-One", "b")
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PATCH = do_DELETE = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(pair: certificates.Pair | None = None) -> Iterator[int]:
    """An HTTP server that answers with what it was asked; yields its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.private_key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


def test_what_is_sent_and_what_comes_back(send: Send) -> None:
    with serving() as port:
        url = f"http://localhost:{port}/a/b?c=d%20e"
        answer = send(url, method="PATCH", body=b"{}", headers={"X-Signature": "s"})
    lines = answer.body.decode().splitlines()
    assert answer.status == 200
    assert answer.headers["x-one"] == "b"
    assert lines[0] == "PATCH /a/b?c=d%20e"
    assert lines[-1] == "{}"
    assert {f"Host: localhost:{port}", "X-Signature: s", "Content-Length: 2"} <= set(lines)


def test_an_answer_that_ends_with_its_connection(send: Send) -> None:
    with answering(b"HTTP/1.0 200 OK\r\n\r\nOK") as url:
        assert send(url).body == b"OK"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "named.example"])
def test_a_certificate_that_is_valid_for_the_host(
    tmp_path: Path, send: Send, logged: list[str], host: str
) -> None:
    pair = certificates.make(tmp_path, "named.example")
    with serving(pair) as port:
        settings = replace(OPEN, ca=str(pair.certificate))
        answer = send(f"https://{host}:{port}/", settings, lambda host: ["127.0.0.1"])
    assert answer.status == 200
    assert logged == []


def test_certificates_that_are_not(tmp_path: Path, send: Send) -> None:
    pair = certificates.make(tmp_path, "named.example")
    with serving(pair) as port:
        settings = replace(OPEN, ca=str(pair.certificate))
        with pytest.raises(OutwardError, match="not valid for other"):
            send(f"https://other.example:{port}/", settings, lambda host: ["127.0.0.1"])
        with pytest.raises(OutwardError, match="a certificate that is signed by itself"):
            send(f"https://127.0.0.1:{port}/")
    with serving(certificates.make(tmp_path, "nameless", names=False)) as port:
        settings = replace(OPEN, ca=str(tmp_path / "nameless.pem"))
        with pytest.raises(OutwardError, match="not valid for 127"):
            send(f"https://127.0.0.1:{port}/", settings)
    with pytest.raises(OutwardError, match=r"outward\.ca cannot be used"):
        send("https://127.0.0.1:1/", replace(OPEN, ca=str(tmp_path / "none")))


ENDLESS = b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "closed the connection without"),
        (b"SSH-2.0-x\r\n", "something else than HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "something else than HTTP"),
        (b"HTTP/1.1 301 x\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "redirect"),
        (ENDLESS, "answered with too much"),
        (LONG, "answered with too much"),
    ],
)
def test_answers_that_are_none(send: Send, logged: list[str], octets: bytes, words: str) -> None:
    with answering(octets) as url, pytest.raises(OutwardError, match=words) as caught:
        send(url)
    assert str(caught.value).startswith("127.0.0.1 ")
    assert SECRET not in "\n".join(logged)


def test_the_largest_answer(send: Send) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY}\r\n\r\n".encode()
    with answering(head + b"x" * MAX_BODY) as url:
        assert len(send(url).body) == MAX_BODY


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
def test_a_server_that_takes_its_time(send: Send, begun: bytes) -> None:
    with answering(begun, threading.Event()) as url:
        before = time.monotonic()
        with pytest.raises(OutwardError, match=r"127\.0\.0\.1 took longer than"):
            send(url, replace(OPEN, timeout=0.2))
        assert time.monotonic() - before < PATIENCE / 2


def test_nobody_listens(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutwardError, match="refuses connections"):
        send(f"http://127.0.0.1:{port}/")


def test_the_next_address_is_tried(send: Send) -> None:
    with serving() as port:
        answer = send(
            f"http://two.example:{port}/", resolve=lambda host: ["127.0.0.2", "127.0.0.1"]
        )
        assert answer.status == 200


def test_names_are_looked_up_once(send: Send) -> None:
    """A name server that answers something else the second time gets nobody inside."""
    asked = []

    def rebind(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with serving() as port:
        assert send(f"http://rebind.example:{port}/", resolve=rebind).status == 200
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1%lo", "fd00::1"),
        *("255.255.255.255", "::", "ff02::1", "192.0.2.1", "not an address"),
    ],
)
def test_what_is_inside(send: Send, address: str) -> None:
    with pytest.raises(OutwardError, match=r"^inside\.example has an address that is not public$"):
        send(
            "https://inside.example/",
            OutwardSettings(),
            lambda host: ["1.1.1.1", address],
        )


def test_this_machine_itself(
    send: Send, monkeypatch: pytest.MonkeyPatch, running: RunningReactor
) -> None:
    monkeypatch.setattr("ddns.policy.targets.is_public", lambda address: True)
    with pytest.raises(OutwardError, match="is this server itself"):
        send("https://public.example/", OutwardSettings(), lambda host: ["127.0.0.1"])


@pytest.mark.parametrize("error", [OSError(), UnicodeError()])
def test_names_that_do_not_resolve(send: Send, error: Exception) -> None:
    def fail(host: str) -> list[str]:
        raise error

    with pytest.raises(OutwardError, match=r"^a\.example does not resolve$"):
        send("https://a.example/", OutwardSettings(), fail)
    with pytest.raises(OutwardError, match="has no addresses"):
        send("https://a.example/", OutwardSettings(), lambda host: [])
    with pytest.raises(OutwardError, match="has too many addresses"):
        send(
            "https://a.example/", OutwardSettings(), lambda host: [f"1.1.1.{n}" for n in range(99)]
        )


def test_slow_names_hold_up_no_pool(running: RunningReactor) -> None:
    """The reactor's own threads are free, and there is a bound on ours."""
    go_on, asked = threading.Event(), []

    def wait(host: str) -> list[str]:
        asked.append(host)
        go_on.wait(PATIENCE)
        return []

    settings = replace(OPEN, timeout=0.3, connections=50)
    client = OutwardClient(running.reactor, settings, target_rules(settings), wait)
    words: list[str] = []

    def begin() -> None:
        for number in range(40):
            request = OutwardRequest("GET", f"https://{number}.example/")
            done = ensureDeferred(client.fetch(request))
            done.addErrback(lambda failure: words.append(str(failure.value)))

    async def resolve() -> str:
        return str(await running.reactor.resolve("localhost"))

    try:
        running.call(begin)
        assert running.call(lambda: ensureDeferred(resolve())) == "127.0.0.1"
        deadline = time.monotonic() + PATIENCE
        while len(words) < 40 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        go_on.set()
    assert len(words) == 40
    assert len(asked) <= 16


def test_how_many_at_a_time_and_the_end(running: RunningReactor) -> None:
    go_on = threading.Event()
    settings = replace(OPEN, connections=2)
    client = OutwardClient(running.reactor, settings, target_rules(settings))
    ends: list[object] = []

    def begin(url: str) -> list[Deferred[OutwardAnswer]]:
        begun = [ensureDeferred(client.fetch(OutwardRequest("GET", url))) for _ in range(5)]
        for one in begun:
            one.addBoth(ends.append)
        return begun

    with answering(b"", go_on) as url:
        running.call(lambda: begin(url) and None)
        assert running.call(lambda: len(client._running)) == 2
        running.call(client.stop)
        deadline = time.monotonic() + PATIENCE
        while len(ends) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
    assert len(ends) == 5


def test_a_server_connects_to_nothing_inside_unless_told_to() -> None:
    rules = target_rules(Settings().outward)
    assert (rules.plain_http, rules.opened("127.0.0.1")) == (False, False)
