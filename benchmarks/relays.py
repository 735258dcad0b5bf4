"""Relays that are due while their service is down: what they cost updates and memory.

    python -m benchmarks.relays [--relays N] [--seconds N]

The same updates, 100 a second of hosts of which each has a relay, go to a server without relays and
to one whose relays are all due to a port where nobody listens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks import peers, size
from benchmarks.load import HttpRun
from ddns.model import names
from ddns.model.relays import relay_purpose
from ddns.system.files import key_path
from ddns.system.secret_box import SecretBox

RATE = 100
UPDATED = 100
OPEN = '[outward]\nallow = ["127.0.0.0/8"]\nports = []\nplain_http = true\n'


def add_relays(database: Path, number: int, port: int) -> None:
    """Give so many hosts a relay each, to a port of this machine."""
    box = SecretBox(key_path(database))
    settings = {
        "url": f"http://127.0.0.1:{port}",
        "user": "u",
        "hostname": "h.example",
        "offline": "",
    }
    beside = None
    rows = []
    for one in range(number):
        host = b"\x08h%07d" % one + names.from_text(peers.ZONE)
        beside = box.seal(b'{"password": "x"}', relay_purpose(host), beside)
        rows.append((host, json.dumps(settings), beside))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "insert into relay (host, kind, settings, sealed, created, next)"
            " values (?, 'dyndns2', ?, ?, 0, 0)",
            rows,
        )


def measured(directory: Path, what: str, seconds: int) -> float:
    """Start the server, update hosts for so long, and show how that went; return the 99th
    percentile of the latencies in milliseconds."""
    dns, http = peers.free_port(), peers.free_port()
    command = peers.ddns(directory, dns, http, peers.UNREACHED + OPEN)
    with peers.running(command, directory, dns) as server:
        program = Path(sys.executable).with_name("ddns")
        add = [program, "key", "add", "user", f"--database={directory / 'ddns.sqlite'}"]
        key = subprocess.run(add, check=True, capture_output=True, text=True).stdout.strip()
        hosts = [f"h{one:07}.{peers.ZONE}" for one in range(UPDATED)]
        memory, latencies = [], []
        for _ in range(5):
            run = HttpRun(http, "user", key, RATE * seconds // 5, pace=RATE)
            tally = asyncio.run(run.run(hosts, 4))
            latencies += tally.latencies
            memory.append(peers.resident(server.pid))
        time.sleep(0.1)
    tally.latencies = latencies
    half, most = tally.percentile(0.5), tally.percentile(0.99)
    shown = " ".join(f"{one / 1024:.1f}" for one in memory)
    print(f"{what:12} p50 {half:6.2f} p99 {most:6.2f} ms, MiB each fifth: {shown}", flush=True)
    return most


def main() -> None:
    """Measure without relays and with them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--relays", type=int, default=10_000)
    options.add_argument("--seconds", type=int, default=60)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        database = directory / "ddns.sqlite"
        size.fill(database, args.relays)
        idle = measured(directory, "no relays", args.seconds)
        add_relays(database, args.relays, peers.free_port())
        busy = measured(directory, "all due", args.seconds)
        with closing(sqlite3.connect(database)) as connection:
            due, tried = connection.execute(
                "select count(*), count(tried) from relay where next is not null"
            ).fetchone()
        print(f"p99 to none {busy / idle:.2f}; {due} relays wait, {tried} of them were tried")


if __name__ == "__main__":
    main()
