"""Durable DNS UPDATEs a second (RFC 2136), all signed: here, in BIND and in Knot.

python -m benchmarks.dynamic_updates [--requests N] [--rounds N]

Each replaces the address of one of 200 names. Then 200 of them come at once from one client.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import peers
from benchmarks.load import Tally, UpdateRun
from benchmarks.updates import HOST_NAMES, HOSTS, IN_FLIGHT, command, filled, interleaved, show
from ddns.model import names
from ddns.zone.tsig import TsigKey, request_signer

GOOD = "0"
"""NOERROR, as it is counted."""

NAME, ALGORITHM, SECRET = peers.TSIG_KEY


KEY = TsigKey(names.from_text(NAME), ALGORITHM, base64.b64decode(SECRET))


def _sign(message: bytes) -> bytes:
    return request_signer(KEY).sign(message, time.time())


@contextlib.contextmanager
def _ddns() -> Iterator[int]:
    """This project; its port."""
    with filled() as (database, port, _, _):
        secret = database.with_name("secret")
        secret.write_text(SECRET)
        kind = ("--kind=tsig", f"--name={NAME}", f"--algorithm={ALGORITHM}")
        command(database, "key", "add", "user", *kind, f"--secret-file={secret}")
        yield port


@contextlib.contextmanager
def _peer(make: Callable[..., list[str]]) -> Iterator[int]:
    """Another server; its port."""
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), peers.free_port()
        command = make(directory, port, peers.zone_text(0), signed=True)
        with peers.running(command, directory, port):
            yield port


def main() -> None:
    """Compare the servers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    bursts: dict[str, Counter[str]] = {}

    def load(port: int, requests: int, in_flight: int) -> Tally:
        run = UpdateRun(port, peers.ZONE, requests, _sign)
        return asyncio.run(run.run(HOST_NAMES, in_flight))

    def run(name: str, server: contextlib.AbstractContextManager[int], requests: int) -> Tally:
        with server as port:
            tally = load(port, requests, IN_FLIGHT)
            bursts.setdefault(name, Counter()).update(load(port, HOSTS, HOSTS).answers)
        return tally

    servers: dict[str, Callable[[], contextlib.AbstractContextManager[int]]] = {
        "twistd ddns": _ddns,
        "Knot": lambda: _peer(peers.knot),
        "BIND": lambda: _peer(peers.bind),
    }
    runs = {
        name: lambda requests, name=name, server=server: run(name, server(), requests)
        for name, server in servers.items()
    }
    show(interleaved(runs, args.requests, args.rounds))
    print(f"\nof bursts of {HOSTS}:")
    for name, answers in bursts.items():
        failed = answers.total() - answers[GOOD]
        print(f"{name:24} {failed:>4} failed of {answers.total()}: {dict(answers)}")


if __name__ == "__main__":
    main()
