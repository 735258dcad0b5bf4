"""The database of a running server: copies of it under load, what keeps it small, and what former
versions left."""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ddns.cli.client import SocketClient
from ddns.cli.masterfile import MasterFile
from ddns.cli.zones import send_zone
from ddns.model import names
from ddns.model.records import pack_rdatas
from ddns.system.files import migration_backup_path, socket_path
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, eventually, get_with, integrity, mode_of, update_path
from tests.programs import PATIENCE
from tests.store.sqlite.releases import RELEASES, lay_out, schema_of

LOG_LIMIT = 16 * 2**20
"""Octets of the write-ahead log at which it is moved into the database."""

HOSTS = 10_000
NO_LIMITS = "[dns.rate_limit]\nresponses_per_second = 0\n[abuse]\nchange_interval = 0\n"


def count(server: Server, table: str) -> int:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])


class Load:
    """Updates of a host, one after the other: ``last`` is what was acknowledged, and what each took
    is in ``times``."""

    def __init__(self, server: Server, login: str) -> None:
        self.server = server
        self.login = login
        self.last = ""
        self.times: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.server.http_port, timeout=PATIENCE)
        with closing(client):
            number = 0
            while not self._over.is_set():
                number += 1
                address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                began = time.monotonic()
                reply = get_with(client, update_path(HOST, address), self.login)
                self.times.append(time.monotonic() - began)
                assert reply.body == f"good {address}\n"
                self.last = address

    @contextmanager
    def going(self) -> Iterator[None]:
        self._thread.start()
        try:
            eventually(lambda: self.last, "updates are made")
            yield
        finally:
            self._over.set()
            self._thread.join()


def import_hosts(server: Server, number: int, zone: str = "large.example", octet: int = 0) -> None:
    """Put that many hosts into another zone, with some 1 KiB of this octet for each."""
    origin, h1 = names.from_text(zone), names.from_text(f"h1.{zone}")
    soa = 2 * h1 + b"".join(n.to_bytes(4, "big") for n in (7, 1, 2, 3, 4))
    rows = [(origin, 2, 60, pack_rdatas([h1])), (origin, 6, 60, pack_rdatas([soa]))]
    text = pack_rdatas([4 * bytes([250, *[octet] * 250])])
    for n in range(number):
        host = names.from_text(f"h{n}.{zone}")
        rows += [(host, 1, 60, pack_rdatas([bytes((192, 0, 2, n % 250))])), (host, 16, 60, text)]
    client = SocketClient(socket_path(server.database))
    send_zone(client, MasterFile(origin, 7, rows, 0, []), replace_hosts=False)


# Copies ----------------------------------------------------------------------------------------


def test_a_backup_under_load(server: Server, login: str, make_server: Launch) -> None:
    """It holds up nobody, and is a database that a server answers from."""
    import_hosts(server, HOSTS)
    load = Load(server, login)
    with load.going():
        eventually(lambda: len(load.times) > 100, "updates go on")
        before = len(load.times)
        last = load.last
        answer = server.ddns("backup", "copy")
        during = load.times[before:]
        queries = [asked(server) for _ in range(20)]
        assert server.ddns("check")["faults"] == []
    copy = server.folder / "copy"
    assert answer["file"] == str(copy), "where the caller is, not the server"
    assert (answer["size"], answer["zones"]) == (copy.stat().st_size, 2)
    assert mode_of(copy) == 0o600
    assert integrity(copy) == "ok"
    print(
        f"median {statistics.median(load.times[:before]):.4f} s before,"
        f" {statistics.median(during):.4f} s during, the longest {max(during):.4f} s"
    )
    assert len(during) > 5
    assert statistics.median(during) < 0.25
    assert max(queries) < 1.0
    other = make_server(database=copy).start()
    (found,) = other.answers(HOST)
    assert number_of(last) <= number_of(found) <= number_of(load.last)
    assert other.answers("h7.large.example") == ["192.0.2.7"]
    assert other.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"


def number_of(address: str) -> int:
    return int.from_bytes(socket.inet_aton(address), "big")


def asked(server: Server) -> float:
    began = time.monotonic()
    assert server.answers("h7.large.example") == ["192.0.2.7"]
    return time.monotonic() - began


def test_a_stop_does_not_wait_for_a_backup(server: Server) -> None:
    import_hosts(server, HOSTS)
    unfinished = server.folder / "copy.new"
    command = threading.Thread(target=server.try_ddns, args=("backup", "copy"))
    command.start()
    eventually(lambda: unfinished.exists() or not command.is_alive(), "it has begun")
    began = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - began < 5.0
    command.join()
    assert not unfinished.exists()
    if (copy := server.folder / "copy").exists():  # it was quicker
        assert integrity(copy) == "ok"


def test_serials_go_on_after_a_restore(server: Server, login: str) -> None:
    server.update(login, HOST, "198.51.100.1")
    server.ddns("backup", "copy")
    for number in range(2, 6):
        server.update(login, HOST, f"198.51.100.{number}")
    serial = server.serial(ZONE)
    assert "stop it first" in server.try_ddns("restore", "copy").stderr
    assert server.terminate() == 0
    answer = server.ddns("restore", "copy")
    assert [zone["serial"] for zone in answer["raised"]] == [serial + 1]
    server.start()
    assert server.serial(ZONE) == serial + 1
    assert server.answers(HOST) == ["198.51.100.1"]
    assert server.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"
    assert server.ddns("check")["faults"] == []


# What former versions left ---------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_a_database_of_a_former_version(make_server: Launch, release: str) -> None:
    server = make_server()
    lay_out(release, server.database)
    server.start()
    assert server.answers("home.example.net") == ["198.51.100.8"]
    assert server.answers("any.home.example.net") == ["198.51.100.8"]
    assert server.answers("home.example.net", "AAAA") == ["2001:db8::8"]
    assert server.answers("away.example.net") == []
    assert server.answers("cam.example.net") == ["198.51.100.9"]
    assert server.answers("www.example.net", "TXT") == ['"a; b" "c"']
    assert len(server.answers("mail.example.net", "MX")) == 2
    assert server.answers("x.gone.example") == []
    assert server.ask("www.bob.example", "TXT").answer[0].to_text().endswith("www.example.net.")
    assert server.ddns("check")["faults"] == []
    key = server.ddns("key", "add", ACCOUNT)["key"]
    reply = server.update(f"{ACCOUNT}:{key}", "home.example.net", "198.51.100.77")
    assert reply.body == "good 198.51.100.77\n"
    latest = schema_of(server.database).partition("_")[0]
    before = migration_backup_path(server.database, latest)
    assert before.exists() == (str(before) in server.log) == (release != latest)


# What keeps it small ---------------------------------------------------------------------------


def test_journal_and_requests_are_bounded(make_server: Launch) -> None:
    settings = (
        "[store]\njournal_rows = 300\n[requests]\nrows = 40\nper_host = 9\nwrite_time = 0.05\n"
    )
    server = make_server().with_settings(NO_LIMITS + settings).start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    hosts = [f"h{number}.{ZONE}" for number in range(8)]
    for host in hosts:
        server.call("host_add", name=host, account=ACCOUNT)
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    pages = []
    client = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    with closing(client):
        for number in range(1600):
            address = f"10.0.{number >> 8}.{number & 255}"
            path = update_path(",".join(hosts[:2] if number % 2 else hosts[2:]), address)
            assert "good" in get_with(client, path, login).body
            if number % 400 == 399:
                server.call("host_show", name=hosts[0])  # has what waits written
                assert count(server, "journal") <= 300 + 256
                assert count(server, "request") <= 40
                with closing(sqlite3.connect(server.database)) as connection:
                    pages.append(connection.execute("pragma page_count").fetchone()[0])
    assert len(server.call("host_show", name=hosts[0])["requests"]) <= 9
    # what came since would take 470 pages
    assert pages[-1] <= pages[0] + 40, f"it does not grow: {pages}"
    assert server.ddns("check")["faults"] == []


def log_size(server: Server) -> int:
    return os.stat(f"{server.database}-wal").st_size


def write(server: Server, number: int) -> None:
    """A change of some 1,800 KiB of log."""
    import_hosts(server, 200, "busy.example", number % 256)


def test_the_log_of_writes_stays_small(make_server: Launch, tmp_path: Path) -> None:
    """Also when somebody who exports a zone stands still: the export is given up."""
    settings = "[store]\nreader_patience = 4.0\njournal_rows = 10\n"
    server = make_server().with_settings(NO_LIMITS + settings).start()
    import_hosts(server, 2000)
    for number in range(12):
        write(server, number)
    assert log_size(server) < LOG_LIMIT * 1.1
    with socket.socket(socket.AF_UNIX) as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(str(socket_path(server.database)))
        stalled.sendall(b"GET /v1/zones/large.example/rows HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stalled.recv(100)
        began = time.monotonic()
        grown = number = 0
        while grown <= LOG_LIMIT * 1.5 and time.monotonic() - began < 3.5:
            write(server, number)
            number += 1
            grown = log_size(server)
        assert grown > LOG_LIMIT * 1.1, "it is held up"

        def small_again() -> bool:
            nonlocal number
            time.sleep(0.05)
            write(server, number)
            number += 1
            return log_size(server) <= LOG_LIMIT * 1.1

        eventually(small_again, "what it has grown is given back")
        size = 0
        stalled.settimeout(PATIENCE)
        while more := stalled.recv(65_536):
            size += len(more)
        assert size < 2000 * 1000, "the export is not whole"
    assert "too slow" in server.log
    assert "Traceback" not in server.log
    assert sum(1 for _ in SocketClient(socket_path(server.database)).rows("large.example")) > 4000
