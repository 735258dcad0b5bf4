"""Clients that count upwards in their hosts' addresses, for tests of single faults."""

from __future__ import annotations

import http.client
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ddns.model import names
from ddns.model.journal import unpack_values
from ddns.model.records import A
from tests.processes import Server, get_with, update_path
from tests.programs import PATIENCE


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


def all_have_more(updaters: list[Updater], before: list[int]) -> bool:
    """Whether each has had an update acknowledged since."""
    return all(
        len(updater.acknowledged) > count for updater, count in zip(updaters, before, strict=True)
    )


def committed_numbers(database: Path) -> dict[str, set[int]]:
    """All that each host was ever set to, says the journal."""
    found: dict[str, set[int]] = defaultdict(set)
    with closing(sqlite3.connect(database)) as connection:
        events = connection.execute("select owner, after from journal where type = ?", (A,))
        for owner, after in events:
            (rdata,) = unpack_values(owner, A, after).rdatas
            found[names.to_text(owner)].add(int.from_bytes(rdata[1:], "big"))
    return found
