"""The light end of the control socket: what it does when nobody is there, or somebody odd."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ddns.system import handover
from ddns.system.files import lock_path, short_path, socket_path
from ddns.system.handover import NoAnswer, Refused
from ddns.system.lock import Locked, acquire
from tests.programs import PATIENCE

CONNECTION = 0
"""Nobody here looks at it."""


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "ddns.sqlite"
    path.touch()
    return str(path)


@contextmanager
def answering(database: str, *answers: bytes) -> Iterator[list[bytes]]:
    """Somebody on the control socket, who answers like this; what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as port:
        with short_path(socket_path(database)) as name:
            port.bind(name)
        port.listen()

        def serve() -> None:
            for answer in answers:
                sock, _ = port.accept()
                with sock:
                    octets, descriptors, _, _ = socket.recv_fds(sock, 1000, 10)
                    for descriptor in descriptors:
                        os.close(descriptor)
                    asked.append(octets)
                    sock.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join(PATIENCE)
    socket_path(database).unlink()


def test_files_are_where_everybody_looks_for_them(database: str) -> None:
    with answering(database, b"HTTP/1.0 200 OK\r\n\r\n") as asked:
        handover.hand_over(database, "http", CONNECTION, PATIENCE)
    assert asked == [b"POST /connections/http HTTP/1.0\r\n\r\n"]
    lock = handover.hand_over_or_lock(database, "http", CONNECTION, PATIENCE)
    assert lock is not None
    with pytest.raises(Locked):
        acquire(lock_path(database))
    os.close(lock)


def test_a_client_that_has_gone_is_served(database: str) -> None:
    with answering(database, b"HTTP/1.0 410 Gone\r\n\r\n"):
        assert handover.hand_over_or_lock(database, "http", CONNECTION, PATIENCE) is None


@pytest.mark.parametrize(
    "answer",
    [b"", b"H", b"HTTP/1.0", b"HTTP/1.0 two hundred\r\n\r\n", b"HTTP/1.0 503 Later\r\n\r\n{}"],
)
def test_no_answer_is_none(database: str, answer: bytes) -> None:
    """It is tried again, with whoever is there next."""
    with answering(database, answer, b"HTTP/1.1 200 OK\r\n\r\n") as asked:
        with pytest.raises(NoAnswer):
            handover.hand_over(database, "http", CONNECTION, PATIENCE)
        handover.hand_over(database, "http", CONNECTION, PATIENCE)
    assert len(asked) == 2


def test_a_refusal_is_told(database: str) -> None:
    answer = b'HTTP/1.0 404 No\r\n\r\n{"error": {"code": "not_found", "message": "not here"}}'
    with answering(database, answer), pytest.raises(Refused, match=r"^not here$"):
        handover.hand_over_or_lock(database, "http", CONNECTION, PATIENCE)


def test_nobody_answers(database: str) -> None:
    with pytest.raises(NoAnswer):
        handover.hand_over(database, "http", CONNECTION, PATIENCE)
    with answering(database):
        pass
    socket_path(database).touch()  # no socket at all
    with pytest.raises(NoAnswer):
        handover.take_lock(database, PATIENCE)


def test_somebody_who_never_answers(database: str) -> None:
    with socket.socket(socket.AF_UNIX) as port:
        port.bind(str(socket_path(database)))
        port.listen()
        with pytest.raises(Refused, match="does not answer"):
            handover.hand_over_or_lock(database, "http", CONNECTION, 0.1)


def test_a_queue_that_is_full(database: str) -> None:
    with socket.socket(socket.AF_UNIX) as port, socket.socket(socket.AF_UNIX) as other:
        port.bind(str(socket_path(database)))
        port.listen(0)
        other.connect(str(socket_path(database)))
        with pytest.raises(NoAnswer):
            handover.hand_over(database, "http", CONNECTION, PATIENCE)


def test_who_has_the_lock_and_serves_nothing(database: str) -> None:
    lock = acquire(lock_path(database))
    began = time.monotonic()
    with pytest.raises(Refused, match=f"process {os.getpid()} has {database}"):
        handover.hand_over_or_lock(database, "http", CONNECTION, 0.3)
    assert time.monotonic() - began >= 0.3
    os.close(lock)


def test_whoever_comes_to_serve_meanwhile_gets_it(database: str) -> None:
    lock = acquire(lock_path(database))
    later = threading.Timer(0.2, lambda: None)
    later.start()
    results: list[int | None] = []
    waiting = threading.Thread(
        target=lambda: results.append(
            handover.hand_over_or_lock(database, "http", CONNECTION, PATIENCE)
        )
    )
    waiting.start()
    later.join()
    with answering(database, b"HTTP/1.1 200 OK\r\n\r\n"):
        waiting.join(PATIENCE)
    assert results == [None]
    os.close(lock)


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    for name in ("missing", "missing/x"):
        with pytest.raises(Refused, match="there is no database"):
            handover.hand_over_or_lock(str(tmp_path / name), "http", CONNECTION, PATIENCE)
    assert list(tmp_path.iterdir()) == [], "and none is made"


def test_a_database_that_waits_to_be_put_in_its_place(tmp_path: Path) -> None:
    """See ddns/store/sqlite/swap.py."""
    (tmp_path / "ddns.sqlite.restored").touch()
    lock = handover.hand_over_or_lock(str(tmp_path / "ddns.sqlite"), "http", CONNECTION, PATIENCE)
    assert lock is not None
    os.close(lock)


@pytest.mark.parametrize("length", [90, 99, 100, 101, 108, 200])
def test_a_path_longer_than_a_socket_address(tmp_path: Path, length: int) -> None:
    folder = tmp_path / ("f" * max(1, length - len(f"{tmp_path}//x.sock")))
    folder.mkdir()
    database = f"{folder}/x"
    with answering(database, b"HTTP/1.0 200 OK\r\n\r\n"):
        handover.hand_over(database, "http", CONNECTION, PATIENCE)


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with answering("ddns.sqlite", b"HTTP/1.0 200 OK\r\n\r\n"):
        handover.hand_over("ddns.sqlite", "http", CONNECTION, PATIENCE)
    with pytest.raises(Refused, match="too long"):
        handover.hand_over("d" * 150, "http", CONNECTION, PATIENCE)


def test_an_answer_without_the_lock_is_a_refusal(database: str) -> None:
    with answering(database, b"HTTP/1.0 200 OK\r\n\r\n"), pytest.raises(Refused):
        handover.take_lock(database, PATIENCE)
