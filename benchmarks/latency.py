"""How long queries wait at 20,000 a second: idle, under updates, under a large import.

    python -m benchmarks.latency [--seconds N] [--rounds N] [--import-records N]

Idle and updates take turns, and the medians of their 99th percentiles are compared. Updates come at
1,000 a second over keep-alive HTTP; the import is of another zone, read and sent by the ``ddns``
command. Latencies are dnsperf's, a query.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.load import HttpRun
from benchmarks.queries import questions

RATE = 20_000
UPDATES = 1_000
HOSTS = 100_000


class Latencies:
    """A dnsperf that runs beside something else, and its results."""

    def __init__(self, port: int, data: Path, seconds: int, log: Path) -> None:
        where = ["-s", "127.0.0.1", "-p", str(port), "-d", str(data), "-c", "20"]
        load = ["dnsperf", *where, "-v", "-l", str(seconds), "-Q", str(RATE)]
        self._log = log
        with open(log, "wb") as out:
            self._process = subprocess.Popen(
                ["taskset", "-c", str(peers.LOAD_CORE), *load], stdout=out
            )

    def finish(self) -> None:
        """Wait for the end of its time."""
        self._process.wait()

    def stop(self) -> None:
        """Stop it now."""
        self._process.send_signal(2)
        self._process.wait()

    def report(self, what: str) -> float:
        """Print percentiles and return the 99th, in milliseconds."""
        text = self._log.read_text()
        times = sorted(
            float(found) * 1000 for found in re.findall(r"^> .* (\d+\.\d+)$", text, re.M)
        )
        if not times:
            raise RuntimeError(text[-2000:])
        shares = {share: times[int(len(times) * share)] for share in (0.5, 0.99, 0.999)}
        shown = "  ".join(f"p{share * 100:g} {value:7.3f}" for share, value in shares.items())
        print(f"{what:24} {len(times):8} queries  {shown}  max {times[-1]:8.3f} ms", flush=True)
        return shares[0.99]


def update(port: int, key: str, hosts: list[str], seconds: int) -> float:
    """Send updates for so long; return how many succeeded per second."""
    updates = HttpRun(port, "user", key, UPDATES * seconds, pace=UPDATES)
    return asyncio.run(updates.run(hosts, 10)).rate


def main() -> None:
    """Measure idle, under updates and during an import, on one server."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--import-records", type=int, default=1_000_000)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory, port, http = Path(made), peers.free_port(), peers.free_port()
        data, log = directory / "queries", directory / "dnsperf.log"
        data.write_text(questions(HOSTS, 100_000))
        (directory / "zone").write_text(peers.zone_text(HOSTS))

        def command(*words: str) -> dict[str, str]:
            """On the server's core: the other one is left to what measures."""
            program = Path(sys.executable).with_name("ddns")
            there = ["taskset", "-c", str(peers.SERVER_CORE)]
            done = subprocess.run(
                [*there, program, *words, "--json", f"--database={directory / 'ddns.sqlite'}"],
                check=True,
                capture_output=True,
            )
            return json.loads(done.stdout)  # type: ignore[no-any-return]

        command("zone", "import", str(directory / "zone"))
        with peers.running(peers.ddns(directory, port, http), directory, port):
            command("zone", "add", "dyn.example")
            command("account", "add", "user")
            hosts = [f"h{number}.dyn.example" for number in range(100)]
            for host in hosts:
                command("host", "add", host, "--account", "user")
            key = command("key", "add", "user")["key"]

            Latencies(port, data, 2, log).finish()
            quiet, loaded = [], []
            for _ in range(args.rounds):
                run = Latencies(port, data, args.seconds, log)
                run.finish()
                quiet.append(run.report("idle"))
                run = Latencies(port, data, args.seconds, log)
                # At a low priority: what is measured is the server, not what asks it for updates.
                with ProcessPoolExecutor(1, initializer=os.nice, initargs=(19,)) as pool:
                    rate = pool.submit(update, http, key, hosts, args.seconds).result()
                run.finish()
                loaded.append(run.report(f"{rate:.0f} updates/s"))
            idle, busy = median(quiet), median(loaded)

            text = peers.zone_text(args.import_records * 2 // 3).replace(peers.ZONE, "big.example")
            (directory / "big").write_text(text)
            run = Latencies(port, data, 600, log)
            begin = time.monotonic()
            command("zone", "import", str(directory / "big"))
            took = time.monotonic() - begin
            run.stop()
            importing = run.report(f"import, {took:.0f} s")
            print(f"p99 to idle: updates {busy / idle:.2f}, import {importing / idle:.2f}")


if __name__ == "__main__":
    main()
