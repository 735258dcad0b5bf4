"""Refused updates a second beside ``nochg`` and ``good``: what a storm of retries costs.

python -m benchmarks.refusals [--requests N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.load import HttpRun, Tally, addresses
from benchmarks.updates import HOSTS, IN_FLIGHT, command

SETTINGS = """
[dns.rate_limit]
responses_per_second = 10000000
[abuse]
change_burst = 2
change_interval = 1000000
refusals = 0
"""

ONE = "198.51.100.1"


def _rates(requests: int) -> dict[str, Tally]:
    """One server, its clients one after the other."""
    with tempfile.TemporaryDirectory() as name:
        directory, port, http = Path(name), peers.free_port(), peers.free_port()
        database = directory / "ddns.sqlite"
        hosts = [f"h{number}.{peers.ZONE}" for number in range(HOSTS)]

        def run(user: str, secret: str, given: Iterator[str], count: int = requests) -> Tally:
            load = HttpRun(http, user, secret, count)
            load.addresses = given
            return asyncio.run(load.run(hosts, IN_FLIGHT))

        with peers.running(peers.ddns(directory, port, http, SETTINGS), directory, port):
            command(database, "zone", "add", peers.ZONE)
            command(database, "account", "add", "user")
            for host in hosts:
                command(database, "host", "add", host, "--account", "user")
            key = command(database, "key", "add", "user")["key"]
            run("user", key, itertools.repeat(ONE), 5 * HOSTS)  # every host has it now
            for user in ("stranger", "user"):  # a password costs argon2 the first time it is seen
                run(user, "an old password", addresses(), IN_FLIGHT)
            results = {
                "nothing to change": run("user", key, itertools.repeat(ONE)),
                "too often": run("user", key, addresses()),
                "unknown user": run("stranger", "an old password", addresses()),
                "wrong password": run("user", "an old password", addresses()),
            }
            command(database, "account", "block", "user", "benchmark")
            results["blocked account"] = run("user", key, addresses())
            return results


def main() -> None:
    """Interleave the rounds of all cases, so that other load affects them alike."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    results: dict[str, list[Tally]] = {}
    for _ in range(args.rounds):
        for name, tally in _rates(args.requests).items():
            results.setdefault(name, []).append(tally)
    nochg = median(tally.rate for tally in results["nothing to change"])
    print(f"{'requests':20} {'answers/s':>10} {'ratio':>6}  answers")
    for name, tallies in results.items():
        rate = median(tally.rate for tally in tallies)
        print(f"{name:20} {rate:10.0f} {rate / nochg:6.2f}  {tallies[-1].answers}")


if __name__ == "__main__":
    main()
