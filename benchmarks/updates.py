"""Durable updates a second: dyndns2 here, RFC 2136 into BIND and Knot; one core for each server.

python -m benchmarks.updates [--requests N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.load import HttpRun, Tally, UpdateRun
from ddns.cli.client import SocketClient
from ddns.system.files import socket_path

HOSTS = 200
HOST_NAMES = [f"h{number}.{peers.ZONE}" for number in range(HOSTS)]
IN_FLIGHT = 50


def command(database: Path, *words: str) -> dict[str, str]:
    """The ``ddns`` command's answer."""
    program = Path(sys.executable).with_name("ddns")
    done = subprocess.run(
        [program, *words, "--json", f"--database={database}"], check=True, capture_output=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@contextlib.contextmanager
def filled() -> Iterator[tuple[Path, int, int, int]]:
    """This project with the hosts of an account: the database, the ports for DNS and HTTP, and the
    number of the process."""
    with tempfile.TemporaryDirectory() as name:
        directory, port, http = Path(name), peers.free_port(), peers.free_port()
        database = directory / "ddns.sqlite"
        with peers.running(peers.ddns(directory, port, http), directory, port) as server:
            command(database, "zone", "add", peers.ZONE)
            command(database, "account", "add", "user")
            api = SocketClient(socket_path(database))  # a command takes a third of a second
            for host in HOST_NAMES:
                api.call("host_add", name=host, account="user")
            yield database, port, http, server.pid


def _ddns(requests: int) -> Tally:
    with filled() as (database, _, http, _):
        key = command(database, "key", "add", "user")["key"]
        return asyncio.run(HttpRun(http, "user", key, requests).run(HOST_NAMES, IN_FLIGHT))


def _peer(make: object, requests: int) -> Tally:
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), peers.free_port()
        command = make(directory, port, peers.zone_text(0))  # type: ignore[operator]
        with peers.running(command, directory, port):
            return asyncio.run(UpdateRun(port, peers.ZONE, requests).run(HOST_NAMES, IN_FLIGHT))


Run = Callable[[int], Tally]
"""Makes so many updates of a fresh server."""


def interleaved(servers: dict[str, Run], requests: int, rounds: int) -> dict[str, list[Tally]]:
    """Run one server after the other, round by round, so that other load affects them alike."""
    results: dict[str, list[Tally]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, run in servers.items():
            results[name].append(run(requests))
    return results


def show(results: dict[str, list[Tally]]) -> None:
    """Print a table of medians; the ratio is to the first server, which is ours."""
    ours = median(tally.rate for tally in next(iter(results.values())))
    print(
        f"{'server':24} {'updates/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'ours to it':>11}  answers"
    )
    for name, tallies in results.items():
        rate = median(tally.rate for tally in tallies)
        half = median(tally.percentile(0.5) for tally in tallies)
        most = median(tally.percentile(0.99) for tally in tallies)
        print(
            f"{name:24} {rate:10.0f} {half:8.1f} {most:8.1f} {ours / rate:11.2f}"
            f"  {tallies[-1].answers}"
        )


def main() -> None:
    """Compare the servers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    servers: dict[str, Run] = {
        "twistd ddns (dyndns2)": _ddns,
        "BIND (RFC 2136)": lambda requests: _peer(peers.bind, requests),
        "Knot (RFC 2136)": lambda requests: _peer(peers.knot, requests),
    }
    show(interleaved(servers, args.requests, args.rounds))


if __name__ == "__main__":
    main()
