"""What a client of HTTP may cost: sizes, times, connections."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from ddns.dialects.base import Reply, Request
from ddns.dialects.checkip import CheckIP
from ddns.model.update import Outcome
from ddns.net.connections import UNSENT
from ddns.net.http.limits import HttpLimits
from ddns.net.proxy.trust import Proxies
from ddns.net.tls import Certificate
from ddns.net.transports import socket_of
from ddns.policy.addresses import NetworkSet
from tests import certificates
from tests.net.http_clients import LOGIN, TARGET, Client, Serving, request, serving, until
from tests.net.reactors import PATIENCE, RunningReactor

# Long enough that only the limit a test is about can be what ends a connection.
PATIENT = {"request_time": 60.0, "idle_time": 60.0, "linger_time": 60.0}


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running, HttpLimits(linger_time=0.05, idle_time=0.2)) as served:
        yield served


# Sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET /ip?" + b"x" * 8100 + b" HTTP/1.1\r\n\r\n", 200),
        (b"GET /ip?" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /ip?" + b"x" * 20_000, 431),
        (b"x" * 20_000, 431),
        (b"GET /ip HTTP/1.1\r\nX: " + b"x" * 8000 + b"\r\n\r\n", 200),
        (b"GET /ip HTTP/1.1\r\nX: " + b"x" * 20_000, 431),
        (b"GET /ip HTTP/1.1\r\n" + (b"X: " + b"x" * 1000 + b"\r\n") * 15 + b"\r\n", 200),
        (b"GET /ip HTTP/1.1\r\n" + (b"X: " + b"x" * 1000 + b"\r\n") * 40 + b"\r\n", 400),
        (b"GET /ip HTTP/1.1\r\n" + b"X: y\r\n" * 600 + b"\r\n", 400),
        (b"POST /ip HTTP/1.1\r\nContent-Length: 8192\r\n\r\n" + b"x" * 8192, 200),
        (b"POST /ip HTTP/1.1\r\nContent-Length: 8193\r\n\r\n", 413),
        (b"POST /ip HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n" + b"x" * 100_000, 413),
        (b"GET /ip HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n", 413),
    ],
)
def test_sizes(served: Serving, octets: bytes, status: int) -> None:
    with served.connect() as client:
        client.send(octets)
        answer = client.answer()
        assert answer.status == status
        if status != 200:
            assert answer.header("connection") == "close"
            assert json.loads(answer.body).keys() == {"error"}
            assert client.ended()
    assert served.pipeline.updates == []


@pytest.mark.parametrize("size", [1, 1000, 9000])
def test_a_body_in_chunks_without_an_end(served: Serving, size: int) -> None:
    with served.connect() as client:
        client.send(request(TARGET, LOGIN, "Transfer-Encoding: chunked", method="POST"))
        chunk = b"%x\r\n%s\r\n" % (size, b"x" * size)
        client.send(chunk * (9000 // size))
        assert client.answer().status == 413
        try:
            for _ in range(10):
                client.send(chunk * 100)
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert client.ended()
    assert served.pipeline.updates == []


# Nonsense --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /ip HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\x1bb\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\x7fb\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\nb\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX: a\r\n \x01\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nX y: a\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET /ip HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST /ip HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /ip HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /ip HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET  /ip HTTP/1.1\r\n\r\n",
        b"GET /ip\x01 HTTP/1.1\r\n\r\n",
        b"GET /ip HTTP/2.0\r\n\r\n",
        b"GET /ip\r\n\r\n",
        b"GET /ip HTTP/1.1\r\r\n\r\n",
        b"GET /ip HTTP/1.1\nX: a\rb\n\n",
        *(
            b"GET /ip HTTP/1.1\r\nHost: %s\r\n\r\n" % host
            for host in (
                b"a b",
                b"a,b c",
                b"a/b",
                b"a@b",
                b"a:b",
                b"a:80:80",
                b"::1",
                b"[::1",
                b"[::1]x",
                b"[]",
                b"b\xc3\xbccher.example",
                b"http://a",
                b"<a>",
            )
        ),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
    ],
)
def test_nonsense(served: Serving, logged: list[str], octets: bytes) -> None:
    with served.connect() as client:
        client.send(octets + request("/ip"))
        assert client.answer().status == 400
        assert client.ended()
    assert not [text for text in logged if "Traceback" in text]


def test_a_refused_client_may_finish_its_sentence(running: RunningReactor) -> None:
    """Closed at once, the connection would be reset under it before it had read the answer."""
    with (
        serving(running, HttpLimits(**PATIENT)) as served,
        served.connect() as client,
    ):
        client.send(request("/ip", "Content-Length: 1000000", method="POST"))
        client.send(b"x" * 1_000_000)
        assert client.answer().status == 413


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
        b"\x80\x2e\x01\x00\x02",
        b"\x00",
        b"\xff",
    ],
)
def test_what_can_be_no_request_is_not_waited_for(running: RunningReactor, octets: bytes) -> None:
    """TLS, for one, on a port without it: its messages need not have the end of a line."""
    with serving(running, HttpLimits(**PATIENT)) as served, served.connect() as client:
        client.send(octets)
        assert client.answer().status == 400
        assert client.ended()
    with serving(running, HttpLimits(**PATIENT)) as served, served.connect() as client:
        assert client.ask("/ip").status == 200
        client.send(octets)
        assert client.answer().status == 400


def test_http_1_1_is_all_that_is_offered(
    running: RunningReactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    """Also where Twisted could speak HTTP/2, as with h2 and priority installed."""
    monkeypatch.setattr("twisted.web.http.H2_ENABLED", True)
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets)
    with serving(running, certificate=certificate) as served:
        for offered in (["h2", "http/1.1"], ["http/1.1"], []):
            context = pair.client()
            if offered:
                context.set_alpn_protocols(offered)
            sock = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
            secured = context.wrap_socket(sock, server_hostname="127.0.0.1")
            assert secured.selected_alpn_protocol() == ("http/1.1" if offered else None)
            with Client(secured) as client:
                assert client.ask("/ip").status == 200
        context = pair.client()
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("127.0.0.1", served.port), PATIENCE) as sock,
            pytest.raises(ssl.SSLError, match="ALERT"),
        ):
            context.wrap_socket(sock, server_hostname="127.0.0.1")
    assert not [text for text in logged if "Traceback" in text]


# Times -----------------------------------------------------------------------------------------


def trickle(client: socket.socket, octets: bytes, pause: float) -> None:
    """Send octet by octet until the other side has had enough."""
    client.settimeout(pause)
    for octet in octets:
        try:
            client.send(bytes((octet,)))
            if client.recv(1) == b"":
                return
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return
    raise AssertionError("it was allowed to go on")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /ip HTTP/1.1\r\nX: ",
        b"POST /ip HTTP/1.1\r\nContent-Length: 8000\r\n\r\n",
        b"POST /ip HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
    ],
)
def test_a_request_has_a_time_in_all_however_lively(running: RunningReactor, head: bytes) -> None:
    with (
        serving(running, HttpLimits(**{**PATIENT, "request_time": 0.3})) as served,
        served.connect() as client,
    ):
        client.send(head)
        start = time.monotonic()
        trickle(client.socket, b"x" * 1000, 0.02)
        assert time.monotonic() - start < PATIENCE
        assert served.connections() == 0


def test_a_connection_without_a_word_is_cut(running: RunningReactor) -> None:
    with (
        serving(running, HttpLimits(**{**PATIENT, "request_time": 0.2})) as served,
        served.connect() as client,
    ):
        assert client.ended()


def test_an_idle_connection_is_cut(running: RunningReactor) -> None:
    with (
        serving(running, HttpLimits(**{**PATIENT, "idle_time": 0.2})) as served,
        served.connect() as client,
    ):
        assert client.ask("/ip").status == 200
        assert client.ended()


def test_each_request_of_a_kept_connection_has_its_own_time(running: RunningReactor) -> None:
    with (
        serving(running, HttpLimits(**{**PATIENT, "request_time": 0.3})) as served,
        served.connect() as client,
    ):
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            assert client.ask("/ip").status == 200
        client.send(b"GET /ip")
        assert client.ended()


def test_an_answer_may_take_its_time(running: RunningReactor) -> None:
    limits = HttpLimits(request_time=0.1, idle_time=0.1)
    with serving(running, limits) as served, served.connect() as client:
        gate: Deferred[None] = Deferred()
        served.pipeline.gate = gate
        client.send(request(TARGET, LOGIN))
        assert served.pipeline.begun.wait(PATIENCE)
        running.call(lambda: running.reactor.callLater(0.5, gate.callback, None))
        assert client.answer().body == b"good 127.0.0.1\n"


# Connections -----------------------------------------------------------------------------------


def test_connections_are_counted(running: RunningReactor) -> None:
    with serving(running, HttpLimits(connections_per_address=3, **PATIENT)) as served:
        clients = [served.connect() for _ in range(3)]
        for client in clients:
            assert client.ask("/ip").status == 200
        for _ in range(5):
            with contextlib.suppress(ConnectionResetError), served.connect() as refused:
                assert refused.ended()
        assert served.connections() == 3
        with clients.pop():
            pass
        until(lambda: served.connections() == 2)
        with served.connect() as client:
            assert client.ask("/ip").status == 200
        for client in clients:
            with client:
                assert client.ask("/ip").status == 200


def test_idle_connections_make_room(running: RunningReactor) -> None:
    """The one that has been idle for longest goes; one that waits for its answer stays."""
    with serving(running, HttpLimits(connections=2, **PATIENT)) as served:
        idle, busy, newer = served.connect(), served.connect(), None
        with idle, busy:
            assert idle.ask("/ip").status == 200
            gate: Deferred[None] = Deferred()
            served.pipeline.gate = gate
            busy.send(request(TARGET, LOGIN))
            assert served.pipeline.begun.wait(PATIENCE)
            with served.connect() as newer:
                assert newer.ask("/ip").status == 200
                with contextlib.suppress(ConnectionResetError):
                    assert idle.ended()
                assert served.connections() == 2
                newer.send(request(TARGET, LOGIN))
                until(lambda: len(served.pipeline.updates) == 2)
                with contextlib.suppress(ConnectionResetError), served.connect() as refused:
                    assert refused.ended()
                running.call(lambda: gate.callback(None))
                assert busy.answer().status == newer.answer().status == 200


@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize(
    ("before", "octets"),
    [
        (b"", b""),
        (b"", b"GET /ip HT"),
        (b"", b"POST /ip HTTP/1.1\r\nContent-Length: 9\r\n\r\n"),
        (request("/ip"), b""),
        (request("/ip"), b"GET /ip HT"),
    ],
)
def test_clients_that_keep_us_waiting_make_room(
    running: RunningReactor, tmp_path: Path, before: bytes, octets: bytes, secured: bool
) -> None:
    """Whatever they did before, and however lively they are."""
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets) if secured else None
    limits = HttpLimits(connections=3, **PATIENT)
    with (
        serving(running, limits, certificate=certificate) as served,
        contextlib.ExitStack() as stack,
    ):

        def connect() -> Client:
            if not secured:
                return stack.enter_context(served.connect())
            sock = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
            return stack.enter_context(
                Client(pair.client().wrap_socket(sock, server_hostname="127.0.0.1"))
            )

        clients = [connect() for _ in range(3)]
        for client in clients:
            client.send(before)
            assert not before or client.answer().status == 200
            for octet in octets:
                client.send(bytes((octet,)))
        for _ in range(12):
            assert connect().ask("/ip").status == 200


class Large:
    """A dialect with answers of some size."""

    name = "large"
    paths = ("/large/{size}",)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def parse(self, request: Request) -> Outcome:
        self.asked.append(request.peer)
        return Outcome()

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return Reply("x" * int(request.parameters["size"]))


@pytest.mark.parametrize("secured", [False, True])
def test_the_next_request_waits_until_the_answer_is_read(
    running: RunningReactor, secured: bool, tmp_path: Path
) -> None:
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets) if secured else None
    large = Large()
    number, size = 150, 100_000  # more than a kernel takes
    with serving(running, dialects=(large,), certificate=certificate) as served:
        sock = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
        if secured:
            sock = pair.client().wrap_socket(sock, server_hostname="127.0.0.1")
        with Client(sock) as client:
            client.send(request(f"/large/{size}") * number)
            until(lambda: unsent(running, served) > 0)
            time.sleep(0.2)
            assert unsent(running, served) <= 1.1 * size
            assert len(large.asked) < number
            for _ in range(number):
                assert len(client.answer().body) == size
            until(lambda: unsent(running, served) == 0)


def unsent(running: RunningReactor, served: Serving) -> int:
    """Octets of answers that the server holds."""

    def count() -> int:
        sockets = [socket_of(one.transport) for one in served.site.table]
        return sum(len(s.dataBuffer) - s.offset + s._tempDataLen for s in sockets if s is not None)

    number: int = running.call(count)
    return number


def test_what_a_client_does_not_read_is_bounded_over_its_connections(
    running: RunningReactor,
) -> None:
    large, size = Large(), 5_000_000  # more than a kernel takes
    path = f"/large/{size}"
    with (
        serving(running, HttpLimits(**PATIENT), dialects=(large, CheckIP())) as served,
        contextlib.ExitStack() as stack,
    ):
        first = stack.enter_context(served.connect())
        first.send(request(path))
        until(lambda: unsent(running, served) > UNSENT)
        others = [stack.enter_context(served.connect()) for _ in range(5)]
        for client in others:
            client.send(request(path))
        where = ("127.0.0.1", served.port)
        stranger = stack.enter_context(
            Client(socket.create_connection(where, PATIENCE, source_address=("127.0.0.2", 0)))
        )
        assert stranger.ask("/ip").status == 200
        assert large.asked == ["127.0.0.1"]
        assert len(first.answer().body) == size
        for client in others:
            assert len(client.answer().body) == size
        assert len(large.asked) == 6


def test_others_have_their_turn_between_pipelined_requests(running: RunningReactor) -> None:
    large = Large()
    turns: list[int] = []
    with (
        serving(running, dialects=(large,)) as served,
        served.connect() as greedy,
    ):
        served.site.between = lambda: turns.append(len(large.asked))
        where = ("127.0.0.1", served.port)
        other = Client(socket.create_connection(where, PATIENCE, source_address=("127.0.0.2", 0)))
        with other:
            running.call(lambda: greedy.send(request("/large/1") * 200))  # in one piece
            other.send(request("/large/1"))
            assert other.answer().status == greedy.answer().status == 200
            for _ in range(199):
                assert greedy.answer().status == 200
    assert set(range(200)) <= set(turns), "UDP as well"
    assert large.asked.index("127.0.0.2") < 150


@pytest.mark.parametrize("secured", [False, True])
def test_a_client_that_never_reads_is_not_read_either(
    running: RunningReactor, secured: bool, tmp_path: Path
) -> None:
    """And is cut when it has been like that for as long as it may be idle."""
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets) if secured else None
    limits = HttpLimits(idle_time=1.5)
    with serving(running, limits, (Large(),), certificate=certificate) as served:
        sock = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
        if secured:
            sock = pair.client().wrap_socket(sock, server_hostname="127.0.0.1")
        requests = request("/large/100000") * 200
        sent = 0
        with sock, contextlib.suppress(OSError):
            while sent < 50_000_000:
                sock.sendall(requests)
                sent += len(requests)
        assert sent < 50_000_000, "everything was read"
        until(lambda: not served.connections())


def test_a_target_in_absolute_form(running: RunningReactor) -> None:
    with serving(running) as served, served.connect() as client:
        assert client.ask("http://x.example:80/ip").status == 200
        assert client.ask("HTTP://x.example?a=b").status == 404
        assert client.ask("*").status == 404


def test_two_transfer_encodings(running: RunningReactor) -> None:
    with serving(running) as served, served.connect() as client:
        twice = ("Transfer-Encoding: chunked", "Transfer-Encoding: identity")
        assert client.ask("/ip", *twice).status == 400


def test_addresses_are_counted_each_by_itself(running: RunningReactor) -> None:
    limits = HttpLimits(connections_per_address=1, **PATIENT)
    with (
        serving(running, limits) as served,
        served.connect() as one,
        socket.create_connection(
            ("127.0.0.1", served.port), PATIENCE, source_address=("127.0.0.2", 0)
        ) as other,
    ):
        assert one.ask("/ip").status == 200
        other.sendall(request("/ip"))
        assert b"127.0.0.2" in other.recv(1000)


def test_those_of_a_trusted_proxy_are_not_counted_by_address(running: RunningReactor) -> None:
    limits = HttpLimits(connections_per_address=1, **PATIENT)
    proxies = Proxies(NetworkSet([ip_network("127.0.0.1/32")]))
    with serving(running, limits, proxies=proxies) as served, contextlib.ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(served.connect()).ask("/ip").status == 200

        def stranger() -> socket.socket:
            where = ("127.0.0.1", served.port)
            return socket.create_connection(where, PATIENCE, source_address=("127.0.0.2", 0))

        first = stack.enter_context(stranger())
        first.sendall(request("/ip"))
        assert b"127.0.0.2" in first.recv(1000)
        # it may be refused before it knows that it is connected
        with contextlib.suppress(ConnectionResetError), stranger() as second:
            assert second.recv(1000) == b""


def test_nothing_is_left_of_connections(running: RunningReactor) -> None:
    with serving(running) as served:
        for octets in (b"", b"x", request("/ip"), b"\r\n" * 9, b"GET / HTTP/9\r\n\r\n"):
            with served.connect() as client:
                client.send(octets)
        until(lambda: not served.connections())
        assert running.call(lambda: served.site.table.networks()) == 0


def test_closing_leaves_open_requests_alone(running: RunningReactor) -> None:
    with (
        serving(running, HttpLimits(**PATIENT)) as served,
        served.connect() as idle,
        served.connect() as busy,
    ):
        assert idle.ask("/ip").status == 200
        gate: Deferred[None] = Deferred()
        served.pipeline.gate = gate
        busy.send(request(TARGET, LOGIN))
        assert served.pipeline.begun.wait(PATIENCE)
        ended = running.end(served.site)
        assert idle.ended()
        running.call(lambda: gate.callback(None))
        answer = busy.answer()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert busy.ended()
        running.call(lambda: ended)


@pytest.mark.parametrize("octets", [b"", b"G", request("/ip")[:-1]])
def test_closing_answers_who_has_just_come(running: RunningReactor, octets: bytes) -> None:
    """No other server would hear of a client that was let in."""
    with serving(running, HttpLimits(**PATIENT)) as served, served.connect() as client:
        client.send(octets)
        until(lambda: served.connections() == 1)
        ended = running.end(served.site)
        client.send(request("/ip")[len(octets) :])
        answer = client.answer()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert client.ended()
        running.call(lambda: ended)


def test_closing_answers_what_follows_an_answer(running: RunningReactor) -> None:
    with serving(running, HttpLimits(**PATIENT)) as served, served.connect() as client:
        assert client.ask("/ip").header("connection") is None
        ended = running.end(served.site)
        assert client.ask("/ip").header("connection") == "close"
        assert client.ended()
        running.call(lambda: ended)
