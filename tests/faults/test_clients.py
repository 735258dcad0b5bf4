"""Clients at their worst, and the end of a server that has many."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from ddns.system.files import socket_path
from tests import certificates
from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.faults.updaters import Updater, all_have_more, number_of
from tests.faults.wrapping import filled, is_at_rest, took
from tests.processes import Server, eventually, integrity
from tests.programs import PATIENCE

CLIENTS = 6
STOP_TIME = 5.0
STALLED = 15
"""Connections on each port; clients on one address may have a few more."""


def test_sigterm_under_load_loses_nothing(make_server: Launch) -> None:
    server = make_server()
    login = filled(server)
    updaters = [Updater(f"k{number}.{ZONE}", login) for number in range(CLIENTS)]
    for updater in updaters:
        server.call("host_add", name=updater.host, account=ACCOUNT)
    for turn in range(3):
        before = [len(updater.acknowledged) for updater in updaters]
        threads = [
            threading.Thread(target=updater.work, args=(server,), daemon=True)
            for updater in updaters
        ]
        for thread in threads:
            thread.start()
        eventually(lambda b=before: all_have_more(updaters, b), "updates go on")
        time.sleep(0.1 * turn)
        began = time.monotonic()
        assert server.terminate() == 0, server.log
        assert time.monotonic() - began < STOP_TIME + 1
        for thread in threads:
            thread.join(PATIENCE)
        assert integrity(server.database) == "ok"
        assert not list(server.folder.glob("ddns.sqlite-*")), "closed in order"
        server.start()
        for updater in updaters:
            (found,) = map(number_of, server.answers(updater.host))
            assert updater.acknowledged[-1] <= found <= updater.attempted
            assert not updater.failures
    assert "Traceback" not in server.log
    assert server.ddns("check")["faults"] == []


BEGINNINGS = {
    "http": b"GET /nic/update HTTP/1.1\r\nHost: x\r\n",
    "https": b"\x16\x03\x01\x02\x00\x01",
    "dns": struct.pack("!H", 40) + b"\x00" * 11,
    "miniupdate": b"user al",
    "control": b"POST /v1/zones HTTP/1.1\r\nContent-Length: 50\r\n\r\n{",
}
"""What each port is sent by clients that then stall: the first part of something good."""


@pytest.fixture
def server(make_server: Launch, tmp_path: Path) -> Server:
    pair = certificates.make(tmp_path)
    return make_server().with_miniupdate().with_https(pair.certificate, pair.private_key)


def connected(server: Server, port: str) -> socket.socket:
    if port == "control":
        unix = socket.socket(socket.AF_UNIX)
        unix.connect(str(socket_path(server.database)))
        return unix
    number = getattr(server, f"{port}_port")
    return socket.create_connection(("127.0.0.1", number), PATIENCE)


def test_slow_and_stalled_clients_everywhere(server: Server) -> None:
    """A third of them says nothing, a third says something and stops, a third goes on, an octet at
    a time."""
    login = filled(server)
    secret = server.call("key_add", account=ACCOUNT, kind="miniupdate")["key"]
    over = threading.Event()
    with ExitStack() as stack:
        slow: list[tuple[socket.socket, bytes]] = []
        for port, beginning in BEGINNINGS.items():
            for number in range(STALLED):
                client = stack.enter_context(connected(server, port))
                if number % 3:
                    client.sendall(beginning[:-1])
                if number % 3 == 2:
                    slow.append((client, beginning[-1:]))
        drip = threading.Thread(target=dripping, args=(slow, over))
        drip.start()
        try:
            for number in range(1, 11):
                address = f"198.51.100.{number}"
                assert took(lambda a=address: update(server, login, a)) < 2.0
                assert took(lambda: server.ask(HOST, tcp=True)) < 2.0
                assert server.answers(HOST) == [address]
            with MiniupdateClient("127.0.0.1", server.miniupdate_port) as client:
                assert client.login(ACCOUNT, secret).startswith("OK")
            assert server.ddns("host", "list")["hosts"][0]["name"] == HOST
        finally:
            over.set()
            drip.join()
        assert is_at_rest(server)
        began = time.monotonic()
        assert server.terminate() == 0
        assert time.monotonic() - began < STOP_TIME + 1


def dripping(slow: list[tuple[socket.socket, bytes]], over: threading.Event) -> None:
    while not over.wait(0.05):
        for client, octet in slow:
            with suppress(OSError):  # the server may have had enough of it
                client.send(octet)


def update(server: Server, login: str, address: str) -> None:
    assert server.update(login, HOST, address).body == f"good {address}\n"
