"""A million hosts: time from start to the first answer, resident memory, and the cost of a commit.

python -m benchmarks.size [--hosts N]
"""

from __future__ import annotations

import argparse
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import peers
from ddns.api import zones
from ddns.model import names
from ddns.model.account import Account, ZoneInfo
from ddns.model.journal import Author
from ddns.store.sqlite import database
from ddns.store.sqlite.transaction import Transaction
from ddns.store.sqlite.unit_of_work import Batch


def fill(path: Path, hosts: int) -> None:
    """A database with so many hosts of one account, an A record each."""
    opened = database.open_database(path, 1.0)
    origin = names.from_text(peers.ZONE)
    connection = opened.connection
    connection.execute("begin immediate")
    batch = Batch(connection, 1)
    transaction = Transaction(connection, batch, Author("benchmark", "benchmark", 0.0))
    transaction.put_account(Account("user", None, 0.0))
    transaction.put_zone(ZoneInfo(origin, 1, None, 0.0))
    for rrset in zones.initial_rrsets(origin, []):
        transaction.put_rrset(origin, rrset)
    transaction.done()
    batch.flush()
    owners = [b"\x08h%07d" % number + origin for number in range(hosts)]
    connection.executemany(
        "insert into host (name, zone, account, ttl, created) values (?, 1, 'user', 10, 0)",
        ((owner,) for owner in owners),
    )
    connection.executemany(
        "insert into rrset (zone, owner, type, ttl, rdatas, of_host) values (1, ?, 1, 10, ?, 1)",
        ((owner, b"\0\4\x0a" + number.to_bytes(3, "big")) for number, owner in enumerate(owners)),
    )
    connection.execute("commit")
    opened.close()


def first_answer(port: int, name: bytes) -> None:
    """Ask until there is an answer with a record in it."""
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
    """Fill, start, ask."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hosts", type=int, default=1_000_000)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory, port = Path(made), peers.free_port()
        fill(directory / "ddns.sqlite", args.hosts)
        for _ in range(3):
            begin = time.monotonic()
            with open(directory / "log", "wb") as log:
                server = subprocess.Popen(peers.ddns(directory, port), stdout=log, stderr=log)
            try:
                last = b"\x08h%07d" % (args.hosts - 1) + names.from_text(peers.ZONE)
                first_answer(port, last)
                took = time.monotonic() - begin
                size = peers.resident(server.pid) / 1024
                print(
                    f"{args.hosts} hosts: first answer after {took:.2f} s, {size:.0f} MiB resident"
                )
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
