"""kill -9 at random moments under load: nothing that was acknowledged is lost."""

from __future__ import annotations

import http.client
import os
import random
import sqlite3
import threading
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dns.exception

from ddns.model import names
from ddns.model.journal import unpack_values
from ddns.model.records import A
from tests.conftest import ACCOUNT, ZONE, Launch
from tests.processes import Server, eventually, get_with, integrity, update_path
from tests.programs import PATIENCE

KILLS = 21
CLIENTS = 6


def address_of(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def number_of(address: str) -> int:
    _, high, middle, low = map(int, address.split("."))
    return high << 16 | middle << 8 | low


@dataclass
class Updater:
    """A client that counts upwards, in its host's address; what it knows outlives the server."""

    host: str
    login: str
    attempted: int = 0
    acknowledged: list[int] = field(default_factory=lambda: [0])
    failures: list[str] = field(default_factory=list)

    def work(self, server: Server) -> None:
        """Update until the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
        try:
            while True:
                self.attempted += 1
                address = address_of(self.attempted)
                reply = get_with(connection, update_path(self.host, address), self.login)
                if reply.body != f"good {address}\n":
                    self.failures.append(f"{address}: {reply}")
                    return
                self.acknowledged.append(self.attempted)
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()


class SerialWatcher:
    """Asks DNS for the zone's serial as long as there is an answer."""

    def __init__(self) -> None:
        self.highest = 0
        self.failures: list[str] = []

    def work(self, server: Server, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.note(server.serial(ZONE, timeout=0.2))
            except (OSError, dns.exception.Timeout):  # the server is gone
                over.wait(0.01)

    def note(self, serial: int) -> None:
        if serial < self.highest:
            self.failures.append(f"serial {serial} after {self.highest}")
        self.highest = max(self.highest, serial)


def all_have_more(updaters: list[Updater], before: list[int]) -> bool:
    """Whether each has had an update acknowledged since."""
    return all(
        len(updater.acknowledged) > count for updater, count in zip(updaters, before, strict=True)
    )


def test_no_acknowledged_update_is_lost(make_server: Launch) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    chance = random.Random(seed)
    server = make_server().start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    updaters = [Updater(f"k{number}.{ZONE}", login) for number in range(CLIENTS)]
    for updater in updaters:
        server.call("host_add", name=updater.host, account=ACCOUNT)
    watcher = SerialWatcher()
    for _ in range(KILLS):
        before = [len(updater.acknowledged) for updater in updaters]
        over = threading.Event()
        threads = [
            threading.Thread(target=updater.work, args=(server,), daemon=True)
            for updater in updaters
        ]
        threads.append(threading.Thread(target=watcher.work, args=(server, over), daemon=True))
        for thread in threads:
            thread.start()
        eventually(partial(all_have_more, updaters, before), "updates go on")
        # not to wait for something, but to hit the server at whatever it is doing
        time.sleep(chance.random() * 0.4)
        server.kill()
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        server.start()
        watcher.note(server.serial(ZONE))
        for updater in updaters:
            (found,) = map(number_of, server.answers(updater.host) or [address_of(0)])
            assert updater.acknowledged[-1] <= found <= updater.attempted, updater.host
            updater.acknowledged.append(found)  # what was there once may not be lost later
            assert not updater.failures
        assert not watcher.failures
    assert server.terminate() == 0
    assert integrity(server.database) == "ok"
    committed = committed_numbers(server.database)
    for updater in updaters:
        assert set(updater.acknowledged) - committed[updater.host] <= {0}


def committed_numbers(database: Path) -> dict[str, set[int]]:
    """All that each host was ever set to, says the journal."""
    found: dict[str, set[int]] = defaultdict(set)
    with closing(sqlite3.connect(database)) as connection:
        events = connection.execute("select owner, after from journal where type = ?", (A,))
        for owner, after in events:
            (rdata,) = unpack_values(owner, A, after).rdatas
            found[names.to_text(owner)].add(int.from_bytes(rdata[1:], "big"))
    return found
