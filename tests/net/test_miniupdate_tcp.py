"""miniupdate as clients speak it over TCP: what they send, and what they read."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import deferLater

from ddns import __version__
from ddns.config.settings import MiniupdateSettings
from ddns.model import records
from ddns.net.tls import Certificate
from tests import certificates
from tests.clients.miniupdate_client import response
from tests.net.http_clients import until
from tests.net.line_clients import PATIENT, SECRET, UPDATE, Serving, mapped, read_all, serving
from tests.net.reactors import PATIENCE, RunningReactor


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running, MiniupdateSettings(**PATIENT)) as served:
        yield served


# Answers ---------------------------------------------------------------------------------------


def test_a_session(served: Serving) -> None:
    with served.connect() as client:
        assert client.banner == f"twistd-ddns miniupdate server {__version__}"
        assert client.login("alice", SECRET) == "OK Authenticated"
        assert client.update("home.example.net", "198.51.100.7") == mapped(7)
        assert client.update("home.example.net") == "OK HOME.EXAMPLE.NET mapped to 127.0.0.1"
        assert client.update("home.example.net", online=False) == "OK HOME.EXAMPLE.NET is offline"
        assert client.version() == f"OK {__version__}"
        assert client.exit() == "OK Bye!"
        assert client.ended()
    until(lambda: served.connections() == 0)
    for update in served.pipeline.updates:
        assert (update.peer, update.at) == ("127.0.0.1", 1000.0)


def test_a_wrong_secret(served: Serving) -> None:
    with served.connect() as client:
        assert client.login("alice", "wrong") == "ERR Wrong login ID or password"
        assert client.ended()


def test_a_challenge_belongs_to_its_connection(served: Serving) -> None:
    with served.connect() as one, served.connect() as other:
        challenges = []
        for client in (one, other):
            client.ask("AGENT x")
            challenges.append(client.ask("LOGIN alice digest-md5-text").removeprefix("CHALLENGE "))
        assert len(set(challenges)) == 2
        stolen = response(SECRET, challenges[0])
        assert other.ask(f"RESPONSE {stolen}") == "ERR Wrong login ID or password"
        assert one.ask(f"RESPONSE {stolen}") == "OK Authenticated"


def test_a_challenge_grows_old(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**PATIENT, challenge_time=0.05)) as served,
        served.connect() as client,
    ):
        client.ask("AGENT x")
        challenge = client.ask("LOGIN alice digest-md5-text").removeprefix("CHALLENGE ")
        time.sleep(0.1)
        right = response(SECRET, challenge)
        assert client.ask(f"RESPONSE {right}") == "ERR The challenge is too old"
        assert client.ended()
    assert served.pipeline.updates == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_ends_of_lines(served: Serving, end: bytes) -> None:
    with served.connect() as client:
        client.send(b"AGENT x" + end + b"VERSION" + end + end + b"EXIT" + end)
        assert [client.read() for _ in range(4)] == [
            "OK Agent accepted",
            f"OK {__version__}",
            "ERR Unknown command",
            "OK Bye!",
        ]
        assert client.ended()


def test_only_one_cr_belongs_to_the_end(served: Serving) -> None:
    with served.connect() as client:
        client.send(b"EXIT\r\r\n")
        assert client.read() == "ERR Only printable ASCII is understood"


def test_octet_by_octet(served: Serving) -> None:
    with served.login() as client:
        for octet in UPDATE % 7 + b"EXIT\r\n":
            client.send(bytes((octet,)))
        assert client.read() == mapped(7)
        assert client.read() == "OK Bye!"


@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_pipelined_commands_are_answered_in_order(served: Serving, delay: float) -> None:
    reactor = served.running.reactor
    served.pipeline.delay = lambda: deferLater(reactor, delay)
    with served.login() as client:
        client.send(b"".join(UPDATE % last for last in range(1, 4)) + b"VERSION\n" + UPDATE % 5)
        client.send(UPDATE % 6 + b"EXIT\n" + UPDATE % 8)
        answers = [client.read() for _ in range(7)]
        assert client.ended()
    assert answers == [
        *(mapped(last) for last in (1, 2, 3)),
        f"OK {__version__}",
        *(mapped(last) for last in (5, 6)),
        "OK Bye!",
    ]
    assert served.pipeline.most_running == 1


def test_pipelined_commands_that_are_too_many(served: Serving) -> None:
    reactor = served.running.reactor
    served.pipeline.delay = lambda: deferLater(reactor, 0.001)
    with served.login() as client:
        client.send(b"".join(UPDATE % last for last in range(1, 200)))
        answers = [client.read() for _ in range(8)]
        assert answers == [*(mapped(last) for last in range(1, 8)), "ERR Too many commands"]
        assert client.ended()
    assert len(served.pipeline.updates) == 8


@pytest.mark.parametrize("delay", [None, 0.02])
def test_a_client_that_has_sent_everything(served: Serving, delay: float | None) -> None:
    """netcat closes its side behind the last line and waits for the answers."""
    reactor = served.running.reactor
    with served.login() as client:
        if delay is not None:
            served.pipeline.delay = lambda: deferLater(reactor, delay)
        client.send(b"".join(UPDATE % last for last in range(1, 5)) + b"VERS")
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.read() for _ in range(4)] == [mapped(last) for last in range(1, 5)]
        assert client.ended()
    until(lambda: served.connections() == 0)


def test_a_client_that_closes_its_side_at_once(served: Serving) -> None:
    with served.connect() as client:
        client.send(b"AGENT x\nEXIT\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.read(), client.read()] == ["OK Agent accepted", "OK Bye!"]
        assert client.ended()
    until(lambda: served.connections() == 0)


def test_a_client_that_goes_while_its_command_is_performed(
    served: Serving, logged: list[str]
) -> None:
    with served.begin() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    served.open_gate()
    until(lambda: served.connections() == 0)
    assert not [text for text in logged if "Traceback" in text]


# What goes wrong -------------------------------------------------------------------------------


def test_a_pipeline_that_raises(served: Serving, logged: list[str]) -> None:
    with served.login() as client:
        served.pipeline.fails = True
        assert client.update("home.example.net") == ""  # it has closed
    text = "\n".join(logged)
    assert "performing what a line asks for failed" in text
    assert "it does not work" in text
    assert "A_UPDATE" not in text
    for update in served.pipeline.updates:
        assert update.credentials.response not in text  # type: ignore[union-attr]


def test_no_line_is_logged(running: RunningReactor, logged: list[str]) -> None:
    secret = b"topsecret0123456"
    with serving(running, MiniupdateSettings(idle_time=0.3), linger_time=0.1) as served:
        for octets in (
            b"AGENT " + secret + b"\n",
            b"AGENT x\nLOGIN " + secret + b" digest-md5-text\nRESPONSE " + secret + b"\n",
            secret + b"\n\x00" + secret + b"\n" + secret * 50,
            secret * 50,
        ):
            with served.connect() as client:
                client.send(octets)
                while client.read():
                    pass
        with served.login() as client:
            served.pipeline.fails = True
            client.update(secret.decode() + ".example.net")
    until(lambda: served.connections() == 0)
    assert secret.decode() not in "\n".join(logged)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nAGENT x\n"])
def test_lines_that_are_too_long(served: Serving, end: bytes) -> None:
    with served.connect() as client:
        client.send(b"AGENT ".ljust(514, b"x") + end)
        assert client.read() == "ERR The line is too long"
        assert client.ended()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("whole", [True, False])
def test_the_longest_line(served: Serving, end: bytes, whole: bool) -> None:
    for size, answer in ((512, "OK Agent accepted"), (513, "ERR The line is too long")):
        with served.connect() as client:
            line = b"AGENT ".ljust(size, b"x") + end
            if whole:
                client.send(line)
            else:
                client.send(line[:-1])
                time.sleep(0.02)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    client.send(line[-1:])
            assert client.read() == answer


def test_a_refused_client_may_finish_its_sentence(served: Serving) -> None:
    """Closed at once, the connection would be reset under it before it had read the answer."""
    with served.connect() as client:
        client.send(b"x" * 2_000_000)
        assert client.read() == "ERR The line is too long"
        assert client.ended()
        client.send(b"x" * 100_000)
        assert served.connections() == 1
    until(lambda: served.connections() == 0)


def test_a_client_that_never_finishes_its_sentence(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**PATIENT), linger_time=0.1) as served,
        served.connect() as client,
    ):
        assert client.exit() == "OK Bye!"
        assert client.ended()
        until(lambda: served.connections() == 0)


# Clients ---------------------------------------------------------------------------------------


def test_a_client_over_ipv6(running: RunningReactor) -> None:
    try:
        serving_ = serving(running, MiniupdateSettings(**PATIENT), "::1")
        with serving_ as served, served.login() as client:
            assert client.update("home.example.net") == "OK HOME.EXAMPLE.NET mapped to ::1"
    except OSError:
        pytest.skip("no IPv6 here")
    assert records.address_to_text(bytes(15) + b"\x01") == served.pipeline.updates[0].peer


def test_a_mapped_address_is_the_ipv4_address(running: RunningReactor) -> None:
    try:
        with serving(running, MiniupdateSettings(**PATIENT), "::") as served:
            served.host = "127.0.0.1"
            with served.login() as client:
                answer = client.update("home.example.net")
    except OSError:
        pytest.skip("no IPv6 here")
    assert answer == "OK HOME.EXAMPLE.NET mapped to 127.0.0.1"


def test_two_clients_do_not_wait_for_each_other(served: Serving) -> None:
    with served.begin() as busy:
        gate, served.pipeline.gate = served.pipeline.gate, None
        with served.login() as other:
            assert other.update("home.example.net", "198.51.100.9") == mapped(9)
        served.pipeline.gate = gate
        served.open_gate()
        assert busy.read() == mapped(7)


# TLS -------------------------------------------------------------------------------------------


def test_pipelined_commands_over_tls(running: RunningReactor, tmp_path: Path) -> None:
    """The transport hands over what it has decrypted also while it is paused."""
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets)
    with serving(running, MiniupdateSettings(**PATIENT), certificate=certificate) as served:
        served.pipeline.delay = lambda: deferLater(running.reactor, 0.01)
        plain = socket.create_connection((served.host, served.port), PATIENCE)
        with pair.client().wrap_socket(plain, server_hostname="localhost") as client:
            reader = client.makefile("rb")
            reader.readline()
            client.sendall(b"AGENT x\nLOGIN alice digest-md5-text\n")
            reader.readline()
            challenge = reader.readline().decode().split()[1]
            right = response(SECRET, challenge).encode()
            client.sendall(b"RESPONSE " + right + b"\n" + UPDATE % 1 + UPDATE % 2)
            client.sendall(b"EXIT\n" + UPDATE % 3)
            answers = ["OK Authenticated", mapped(1), mapped(2), "OK Bye!"]
            assert reader.read().decode().splitlines() == answers
    assert len(served.pipeline.updates) == 3


def test_a_refused_client_over_tls(running: RunningReactor, tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    certificate = Certificate(pair.octets)
    with serving(running, MiniupdateSettings(), certificate=certificate, linger_time=0.5) as served:
        plain = socket.create_connection((served.host, served.port), PATIENCE)
        with pair.client().wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"x" * 100_000)
            assert read_all(client).endswith(b"\nERR The line is too long\n")
            until(lambda: served.connections() == 0)
