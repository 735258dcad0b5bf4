"""GnuDIP as clients speak it over TCP: what they send, and what they read."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator

import pytest

from ddns.config.settings import GnudipSettings
from ddns.net.lines import GnudipFactory
from tests.net.http_clients import until
from tests.net.line_clients import SECRET, Serving, read_all, serving
from tests.net.reactors import PATIENCE, RunningReactor

PATIENT = GnudipSettings(idle_time=60.0)


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running, PATIENT, kind=GnudipFactory) as served:
        yield served


def connect(served: Serving) -> tuple[socket.socket, str]:
    """A connection, and its salt."""
    client = socket.create_connection((served.host, served.port), PATIENCE)
    received = b""
    while not received.endswith(b"\n"):
        received += client.recv(1)
    return client, received.decode().rstrip("\n")


def line(salt: str, rest: str = "2", secret: str = SECRET) -> bytes:
    hashed = hashlib.md5(secret.encode()).hexdigest()
    hashed = hashlib.md5(f"{hashed}.{salt}".encode()).hexdigest()
    return f"alice:{hashed}::{rest}".encode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_session(served: Serving, end: bytes) -> None:
    client, salt = connect(served)
    with client:
        assert len(salt) == 10
        client.sendall(line(salt) + end)
        assert read_all(client) == b"0:127.0.0.1\n"
    until(lambda: served.connections() == 0)
    (update,) = served.pipeline.updates
    assert (update.peer, update.at) == ("127.0.0.1", 1000.0)


def test_octet_by_octet(served: Serving) -> None:
    client, salt = connect(served)
    with client:
        for octet in line(salt, "0:198.51.100.7") + b"\n":
            client.sendall(bytes((octet,)))
        assert read_all(client) == b"0\n"


def test_a_wrong_secret(served: Serving) -> None:
    client, salt = connect(served)
    with client:
        client.sendall(line(salt, secret="wrong") + b"\n")
        assert read_all(client) == b"1\n"


def test_a_line_is_good_on_its_own_connection(served: Serving) -> None:
    one, salt = connect(served)
    other, _ = connect(served)
    with one, other:
        other.sendall(line(salt) + b"\n")
        assert read_all(other) == b"1\n"
        one.sendall(line(salt) + b"\n")
        assert read_all(one) == b"0:127.0.0.1\n"


def test_there_is_one_line(served: Serving) -> None:
    client, salt = connect(served)
    with client:
        client.sendall((line(salt) + b"\n") * 3)
        assert read_all(client) == b"0:127.0.0.1\n"
    assert len(served.pipeline.updates) == 1


def test_a_line_without_an_end(served: Serving) -> None:
    client, salt = connect(served)
    with client:
        client.sendall(line(salt) + b" " * 600)
        assert read_all(client) == b"1\n"
    assert served.pipeline.updates == []


def test_half_a_line_is_none(served: Serving) -> None:
    """Or a part of an address would be taken for the whole."""
    client, salt = connect(served)
    with client:
        client.sendall(line(salt, "0:198.51.100.7"))
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b""
    assert served.pipeline.updates == []


def test_a_server_that_fails_says_nothing(served: Serving) -> None:
    served.pipeline.fails = True
    client, salt = connect(served)
    with client:
        client.sendall(line(salt) + b"\n")
        assert read_all(client) == b""


def test_a_client_without_a_word(running: RunningReactor) -> None:
    settings = GnudipSettings(idle_time=0.1)
    with serving(running, settings, kind=GnudipFactory) as served:
        client, _ = connect(served)
        with client:
            assert read_all(client) == b"1\n"


def test_there_is_no_place(running: RunningReactor) -> None:
    settings = GnudipSettings(idle_time=60.0, connections_per_address=1)
    with serving(running, settings, kind=GnudipFactory) as served:
        first, salt = connect(served)
        with first, socket.create_connection((served.host, served.port), PATIENCE) as second:
            assert read_all(second) == b"1\n"
            first.sendall(line(salt) + b"\n")
            assert read_all(first) == b"0:127.0.0.1\n"
