"""A system that fails a running server: a disk that does not keep what it is given, no descriptors,
a clock that is wrong by years."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import HOST, ZONE, Launch
from tests.faults.wrapping import failing, filled, is_at_rest, took, wrapped
from tests.processes import Reply, Server, eventually
from tests.programs import PATIENCE, program

TOO_LATE = 5.0
"""Seconds within which a client has to be told that it failed."""

# The disk --------------------------------------------------------------------------------------


def test_a_disk_that_fails_to_keep(make_server: Launch) -> None:
    server = make_server()
    login = filled(server)
    assert server.update(login, HOST, "198.51.100.1").body == "good 198.51.100.1\n"
    with failing(server, "fsync,fdatasync", "EIO"):
        for number in range(2, 5):
            address = f"198.51.100.{number}"
            began = time.monotonic()
            assert server.update(login, HOST, address) == Reply(503, "911\n")
            assert time.monotonic() - began < TOO_LATE
            assert server.answers(HOST) == ["198.51.100.1"], "what was promised is answered"
        done = server.try_ddns("record", "set", f"x.{ZONE}", "A", "192.0.2.1")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("ddns: the database cannot do it: ")
        done = server.try_ddns("backup", "copy")
        assert (done.returncode, done.stdout) == (1, "")
        assert "Input/output error" in done.stderr
        assert not list(server.folder.glob("copy*"))
        serial = server.serial(ZONE)
    assert server.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"
    assert server.serial(ZONE) == serial + 1
    server.kill()
    server.start()
    assert server.answers(HOST) == ["198.51.100.9"]
    assert server.ddns("check")["faults"] == []


# Descriptors -----------------------------------------------------------------------------------


def test_no_descriptors_are_left(make_server: Launch) -> None:
    server = wrapped(make_server(), "sh", "-c", 'ulimit -n 60; exec "$@"', "sh")
    login = filled(server)
    assert server.update(login, HOST, "198.51.100.1").body == "good 198.51.100.1\n"
    with ExitStack() as stack:
        for _ in range(80):
            stack.enter_context(connect(server.http_port))
        for _ in range(20):
            stack.enter_context(connect(server.dns_port))
        assert "the limit of 60 open files is too low" in server.log
        for _ in range(10):
            assert server.answers(HOST) == ["198.51.100.1"], "over UDP all goes on"
        assert is_at_rest(server)
    eventually(lambda: answers(server, login), "it recovers")
    assert server.ask(HOST, tcp=True).answer
    assert server.ddns("check")["faults"] == []
    assert server.ddns("backup", "copy")["zones"] == 1
    assert is_at_rest(server)
    assert server.log.count("\n") < 100
    assert server.terminate() == 0


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def read_all(client: socket.socket) -> None:
    """Read until the server ends it, in whatever way."""
    with suppress(ConnectionResetError):
        while client.recv(1000):
            pass


def answers(server: Server, login: str) -> bool:
    try:
        return server.update(login, HOST, "198.51.100.2").body.endswith(" 198.51.100.2\n")
    except (OSError, http.client.HTTPException):
        return False


# The clock -------------------------------------------------------------------------------------

HOUR, YEARS = 3600, 10 * 365 * 86_400
SETTINGS = """
[dns.rate_limit]
responses_per_second = 0
[http]
request_time = 2.0
[abuse]
change_burst = 2
change_interval = 0.5
refusals = 0
"""


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A file that says by how much the wall clock of a server is wrong."""
    path = tmp_path / "clock"
    path.write_text("+0")
    return path


@pytest.fixture
def library() -> Iterator[Path]:
    """What makes a clock wrong. It leaves two files for each process that is killed, and fails
    where a later one gets the same number."""
    program("faketime")
    (path,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    yield path
    for left in Path("/dev/shm").glob("*faketime_*"):
        if not Path("/proc", left.name.rpartition("_")[2]).exists():
            left.unlink(missing_ok=True)


@pytest.mark.parametrize("steps", [(-HOUR, 0), (HOUR, 0), (YEARS, -YEARS)])
def test_the_clock_is_set(
    make_server: Launch, clock: Path, library: Path, steps: tuple[int, ...]
) -> None:
    given = (f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1")
    server = wrapped(make_server(), "env", *given, "FAKETIME_DONT_FAKE_MONOTONIC=1")
    server.with_settings(SETTINGS)
    login = filled(server)
    number = 0
    serial = server.serial(ZONE)
    for step in (0, *steps):
        clock.write_text(f"{step:+d}")
        number += 1
        address = f"198.51.100.{number}"
        eventually(lambda a=address: good(server, login, a), "limits do not freeze", 5.0)
        assert server.answers(HOST) == [address]
        assert server.serial(ZONE) == serial + number, "serials do not depend on the clock"
        with connect(server.http_port) as stalled:
            stalled.sendall(b"GET / HTTP/1.1\r\n")
            assert took(lambda s=stalled: read_all(s)) < 20.0, "timers run"
        others = (f"203.0.113.{n}" for n in range(256))
        refused = (server.update(login, HOST, other).body.startswith("911") for other in others)
        assert any(refused), "limits hold"
        address = f"192.0.2.{number}"
        eventually(lambda a=address: good(server, login, a), "limits do not freeze", 5.0)
        serial = server.serial(ZONE) - number
        newest = server.ddns("host", "show", HOST)["requests"][0]
        shown = datetime.fromisoformat(newest["at"]).timestamp()
        assert abs(shown - time.time() - step) < 30, "it shows what the clock shows"
    server.kill()
    server.start()
    assert server.serial(ZONE) == serial + number
    assert server.ddns("check")["faults"] == []
    assert server.terminate() == 0


def good(server: Server, login: str, address: str) -> bool:
    return server.update(login, HOST, address).body == f"good {address}\n"
