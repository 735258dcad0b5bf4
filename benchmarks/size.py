"""A million hosts: time from start to the first answer, and resident memory.

python -m benchmarks.size [--hosts N]
"""

from __future__ import annotations

import argparse
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import peers
from ddns.api import zones
from ddns.model import names
from ddns.model.account import Account, ZoneInfo
from ddns.model.journal import Author
from ddns.store.sqlite import database
from ddns.store.sqlite.transaction import Transaction
from ddns.store.sqlite.unit_of_work import Batch


def fill(path: Path, hosts: int, origins: Sequence[str] = (peers.ZONE,)) -> None:
    """Create a database with so many hosts in each zone, each with an A record, all of one
    account."""
    opened = database.open_database(path, 1.0)
    connection = opened.connection
    connection.execute("begin immediate")
    batch = Batch(connection, 1)
    transaction = Transaction(connection, batch, Author("benchmark", "benchmark", 0.0))
    transaction.put_account(Account("user", None, 0.0))
    wire = [names.from_text(origin) for origin in origins]
    for origin in wire:
        transaction.put_zone(ZoneInfo(origin, 1, None, 0.0))
        for rrset in zones.initial_rrsets(origin, []):
            transaction.put_rrset(origin, rrset)
    transaction.done()
    batch.flush()
    for zone, origin in enumerate(wire, 1):
        owners = [b"\x08h%07d" % number + origin for number in range(hosts)]
        connection.executemany(
            "insert into host (name, zone, account, ttl, created) values (?, ?, 'user', 10, 0)",
            ((owner, zone) for owner in owners),
        )
        connection.executemany(
            "insert into rrset (zone, owner, type, ttl, rdatas, of_host)"
            " values (?, ?, 1, 10, ?, 1)",
            (
                (zone, owner, b"\0\4\x0a" + number.to_bytes(3, "big"))
                for number, owner in enumerate(owners)
            ),
        )
    connection.execute("commit")
    opened.close()


def first_answer(command: list[str], directory: Path, port: int, name: str) -> tuple[float, int]:
    """Start a server and query for an A record until it answers; return the seconds that this took,
    and its resident memory in KiB."""
    begin = time.monotonic()
    with open(directory / "log", "wb") as log:
        server = subprocess.Popen(
            ["taskset", "-c", str(peers.SERVER_CORE), *command],
            stdout=log,
            stderr=log,
            cwd=directory,
        )
    try:
        _query_until_answered(port, names.from_text(name))
        return time.monotonic() - begin, peers.resident(server.pid)
    finally:
        server.terminate()
        server.wait()


def _query_until_answered(port: int, name: bytes) -> None:
    query = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + name + b"\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.01)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                client.sendto(query, ("127.0.0.1", port))
                if client.recv(512)[6:8] == b"\0\1":
                    return
            except OSError:
                continue
    raise RuntimeError("no answer")


def main() -> None:
    """Fill the database, start the server and query it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hosts", type=int, default=1_000_000)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory, port = Path(made), peers.free_port()
        fill(directory / "ddns.sqlite", args.hosts)
        last = f"h{args.hosts - 1:07}.{peers.ZONE}"
        for _ in range(3):
            took, size = first_answer(peers.ddns(directory, port), directory, port, last)
            print(f"{args.hosts} hosts: first answer after {took:.2f} s, {size >> 10} MiB resident")


if __name__ == "__main__":
    main()
