"""Durable updates a second: dyndns2 here, RFC 2136 into BIND and Knot; one core for each server.

python -m benchmarks.updates [--requests N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.load import HttpRun, Tally, UpdateRun

HOSTS = 200
IN_FLIGHT = 50


def command(database: Path, *words: str) -> dict[str, str]:
    """The ``ddns`` command's answer."""
    program = Path(sys.executable).with_name("ddns")
    done = subprocess.run(
        [program, *words, "--json", f"--database={database}"], check=True, capture_output=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _ddns(requests: int) -> Tally:
    with tempfile.TemporaryDirectory() as name:
        directory, port, http = Path(name), peers.free_port(), peers.free_port()
        database = directory / "ddns.sqlite"
        hosts = [f"h{number}.{peers.ZONE}" for number in range(HOSTS)]
        with peers.running(peers.ddns(directory, port, http), directory, port):
            command(database, "zone", "add", peers.ZONE)
            command(database, "account", "add", "user")
            for host in hosts:
                command(database, "host", "add", host, "--account", "user")
            key = command(database, "key", "add", "user")["key"]
            return asyncio.run(HttpRun(http, "user", key, requests).run(hosts, IN_FLIGHT))


def _peer(make: object, requests: int) -> Tally:
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), peers.free_port()
        command = make(directory, port, peers.zone_text(0))  # type: ignore[operator]
        hosts = [f"h{number}.{peers.ZONE}" for number in range(HOSTS)]
        with peers.running(command, directory, port):
            return asyncio.run(UpdateRun(port, peers.ZONE, requests).run(hosts, IN_FLIGHT))


def main() -> None:
    """Interleave the rounds of all servers, so that other load affects them alike."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    servers = {
        "twistd ddns (dyndns2)": _ddns,
        "BIND (RFC 2136)": lambda requests: _peer(peers.bind, requests),
        "Knot (RFC 2136)": lambda requests: _peer(peers.knot, requests),
    }
    results: dict[str, list[Tally]] = {name: [] for name in servers}
    for _ in range(args.rounds):
        for name, run in servers.items():
            results[name].append(run(args.requests))
    best = max(median(tally.rate for tally in results[name]) for name in list(servers)[1:])
    print(f"{'server':24} {'updates/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'ratio':>6}  answers")
    for name, tallies in results.items():
        rate = median(tally.rate for tally in tallies)
        half = median(tally.percentile(0.5) for tally in tallies)
        most = median(tally.percentile(0.99) for tally in tallies)
        print(
            f"{name:24} {rate:10.0f} {half:8.1f} {most:8.1f} {rate / best:6.2f}"
            f"  {tallies[-1].answers}"
        )


if __name__ == "__main__":
    main()
