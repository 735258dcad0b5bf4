"""Files, modes, and the end: what a server leaves, and how fast it goes."""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from ddns.system.files import socket_path
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import (
    Server,
    basic,
    eventually,
    get_with,
    integrity,
    mode_of,
    update_path,
)
from tests.programs import PATIENCE, program, run, script

STOP_TIME = 5.0


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_nobody_else_may_read(make_server: Launch, mask: int) -> None:
    before = os.umask(mask)
    try:
        server = make_server().start()
    finally:
        os.umask(before)
    server.ddns("zone", "add", ZONE)
    names = {path.name: mode_of(path) for path in server.folder.glob("ddns.sqlite*")}
    assert {"ddns.sqlite", "ddns.sqlite.sock", "ddns.sqlite-wal"} <= names.keys()
    assert set(names.values()) == {0o600}, names


@pytest.mark.parametrize("length", [99, 100, 108, 250])
def test_a_path_longer_than_a_socket_address(
    make_server: Launch, tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    """Such an address holds 107 octets; *length* is that of the socket's path."""
    parent = tmp_path_factory.mktemp("p")
    folder = parent / ("f" * (length - len(f"{parent}//ddns.sqlite.sock")))
    folder.mkdir()
    database = folder / "ddns.sqlite"
    assert len(str(socket_path(database))) == length
    server = make_server(database=database).start()
    server.ddns("zone", "add", ZONE)
    assert server.serial(ZONE) >= 1
    assert mode_of(socket_path(database)) == 0o600
    server.restart()
    assert server.ddns("zone", "list")["zones"][0]["origin"] == ZONE
    assert server.terminate() == 0
    assert server.ddns("zone", "list")["zones"][0]["origin"] == ZONE


def test_sigterm_ends_it_with_0_and_a_whole_database(server: Server, login: str) -> None:
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    began = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - began < STOP_TIME
    assert integrity(server.database) == "ok"
    left = {path.name for path in server.folder.glob("ddns.sqlite*")}
    assert left <= {"ddns.sqlite", "ddns.sqlite.lock"}
    server.start()
    assert server.dig(HOST) == ["198.51.100.7"]


def test_sigterm_with_connections_that_stay_open(server: Server, login: str) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    get_with(kept, update_path(HOST, "198.51.100.7"), login)
    silent = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    silent.connect()
    half = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    half.connect()
    assert half.sock is not None
    half.sock.sendall(b"GET /nic/update HTTP/1.1\r\nHost:")
    began = time.monotonic()
    try:
        assert server.terminate() == 0
        assert time.monotonic() - began < STOP_TIME
    finally:
        for connection in (kept, silent, half):
            connection.close()


def test_sigterm_finishes_an_update_that_has_begun(server: Server, login: str) -> None:
    """The database is locked, so the update waits in the server when it is told to end."""
    locker = sqlite3.connect(server.database, isolation_level=None)
    locker.execute("begin immediate")
    waiting = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    try:
        waiting.connect()
        headers = {"Authorization": basic(login), "User-Agent": "ddns-tests/1.0"}
        waiting.request("GET", update_path(HOST, "198.51.100.7"), headers=headers)
        assert server.process is not None
        # a second request that is answered says that the first has been read
        server.get("/ip")
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: not answers_http(server), "it takes no more connections")
        locker.execute("rollback")
        assert waiting.getresponse().read() == b"good 198.51.100.7\n"
        assert server.process.wait(PATIENCE) == 0
        server.process = None
    finally:
        locker.close()
        waiting.close()
    server.start()
    assert server.dig(HOST) == ["198.51.100.7"]


def answers_http(server: Server) -> bool:
    try:
        server.get("/ip", timeout=1.0)
    except OSError:
        return False
    return True


def test_ctrl_c_ends_it_as_well(make_server: Launch) -> None:
    server = make_server().start()
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(PATIENCE) == -signal.SIGINT, "as a shell expects it of a program"
    server.process = None
    assert not list(server.folder.glob("ddns.sqlite-*")), "closed in order"
    assert integrity(server.database) == "ok"


def test_after_a_kill_it_starts_again_at_once(server: Server, login: str) -> None:
    """The socket and the lock's file that the dead one left are in nobody's way."""
    server.update(login, HOST, "198.51.100.7")
    server.kill()
    assert socket_path(server.database).exists()
    assert [host["name"] for host in server.ddns("host", "list")["hosts"]] == [HOST]
    server.start()
    assert server.dig(HOST) == ["198.51.100.7"]


def test_a_backup_of_a_server_that_runs(server: Server, login: str, make_server: Launch) -> None:
    copy = server.folder / "copy.sqlite"
    server.update(login, HOST, "198.51.100.7")
    done = run([program("sqlite3"), str(server.database), f".backup {copy}"])
    assert (done.returncode, done.stderr) == (0, "")
    assert server.update(login, HOST, "198.51.100.8").body == "good 198.51.100.8\n"
    other = make_server(database=copy).start()
    assert other.dig(HOST) == ["198.51.100.7"]
    assert other.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"
    assert server.dig(HOST) == ["198.51.100.8"]


def test_a_daemon(make_server: Launch, tmp_path: Path) -> None:
    """Daemonized, in another directory, with a database named relative to this one."""
    server = make_server(database=tmp_path / "relative.sqlite")
    pidfile, logfile = tmp_path / "twistd.pid", tmp_path / "twistd.log"
    options = server.command()[server.command().index("ddns") :]
    options[options.index("--database") + 1] = "relative.sqlite"
    command = [script("twistd"), f"--pidfile={pidfile}", f"--logfile={logfile}"]
    done = run([*command, *options], folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    try:
        eventually(server.is_ready, "the daemon answers")
        server.ddns("zone", "add", ZONE)
        server.ddns("account", "add", ACCOUNT)
        assert server.serial(ZONE) >= 1
    finally:
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        eventually(lambda: not pidfile.exists(), "the daemon has ended")
    assert "Traceback" not in logfile.read_text()


def test_twist(make_server: Launch, tmp_path: Path) -> None:
    server = make_server()
    options = server.command()[server.command().index("ddns") :]
    with open(tmp_path / "log", "wb") as log:
        server.process = subprocess.Popen([script("twist"), *options], cwd=tmp_path, stdout=log)
    server.wait_until_ready()
    server.ddns("zone", "add", ZONE)
    assert server.serial(ZONE) >= 1
    assert server.terminate() == 0
