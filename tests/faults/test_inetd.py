"""kill -9 of whoever serves, while a super-server's connections go on coming: a server, what
``ddns-inetd`` becomes without one, a server again. Nothing that was acknowledged is lost."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ddns.system.files import lock_path
from tests.conftest import ACCOUNT, ZONE
from tests.faults.updaters import address_of, committed_numbers, number_of
from tests.processes import Server, eventually, integrity
from tests.programs import PATIENCE
from tests.starting import Client, start, starter

ROUNDS = 3
CLIENTS = 4


@dataclass
class Updater:
    """A client that counts upwards, in its host's address, with a connection for each update."""

    server: Server
    host: str
    secret: str
    attempted: int = 0
    acknowledged: list[int] = field(default_factory=lambda: [0])
    failures: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def work(self, over: threading.Event) -> None:
        """Update until it is over; whoever serves may be killed at any moment."""
        while not over.is_set():
            started = start(starter(self.server))
            self.processes.append(started.process)
            with suppress(OSError, AssertionError), started.socket:  # a line may be cut short
                self.update(started.client())

    def update(self, client: Client) -> None:
        """The next one."""
        self.attempted += 1
        address = address_of(self.attempted)
        if client.login(ACCOUNT, self.secret) != "OK Authenticated":
            return
        said = client.update(self.host, address)
        if said == f"OK {self.host.upper()} mapped to {address}":
            self.acknowledged.append(self.attempted)
        elif said:
            self.failures.append(said)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, "--no-sample")
    settings = "[miniupdate]\nconnections_per_address = 100\n[inetd]\nlinger_time = 0.3\n"
    server.config.write_text(server.config.read_text() + settings)
    yield server.start()
    server.clean_up()


def test_no_acknowledged_update_is_lost(server: Server) -> None:
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    secret = server.call("key_add", account=ACCOUNT, kind="miniupdate")["key"]
    updaters = [Updater(server, f"k{number}.{ZONE}", secret) for number in range(CLIENTS)]
    for updater in updaters:
        server.call("host_add", name=updater.host, account=ACCOUNT)
    over = threading.Event()
    threads = [threading.Thread(target=updater.work, args=(over,)) for updater in updaters]
    for thread in threads:
        thread.start()
    try:
        for number in range(ROUNDS):
            goes_on(updaters)
            over.wait(random.random() * 0.1)  # to hit it at whatever it is doing
            server.kill()
            goes_on(updaters)  # without a server
            if number % 2:
                kill_who_has(server.database, updaters)
                goes_on(updaters)
            server.start()
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
        for process in (process for updater in updaters for process in updater.processes):
            process.wait(PATIENCE)
    for updater in updaters:
        (found,) = map(number_of, server.answers(updater.host) or [address_of(0)])
        assert updater.acknowledged[-1] <= found <= updater.attempted, updater.host
        assert not updater.failures
    assert server.terminate() == 0
    assert integrity(server.database) == "ok"
    committed = committed_numbers(server.database)
    for updater in updaters:
        assert set(updater.acknowledged) - committed[updater.host] <= {0}


def goes_on(updaters: list[Updater]) -> None:
    """Wait until each has had another update acknowledged."""
    before = [len(updater.acknowledged) for updater in updaters]
    eventually(
        lambda: all(
            len(updater.acknowledged) > count
            for updater, count in zip(updaters, before, strict=True)
        ),
        "updates go on",
    )


def kill_who_has(database: Path, updaters: list[Updater]) -> None:
    """Without a server that is what one of the starters has become, or nobody any more."""
    holder = lock_path(database).read_text().strip()
    for process in (process for updater in updaters for process in list(updater.processes)):
        if str(process.pid) == holder:
            process.kill()
