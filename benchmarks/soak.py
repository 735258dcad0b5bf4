"""Does the server grow? All that it has to do in a long life, a little of each, for as long as one
likes; and a look at it every few seconds.

    python -m benchmarks.soak --minutes 2 [--updates N] [--queries N] [--every S] [--table FILE]

The first half is for warming up. The status is 1, with the reason in words, when in the second half
memory, descriptors, threads or the database grow by more than they may, when the write-ahead log
does at any time, or when anything failed that had to succeed.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks import samples
from benchmarks.activity import at_work
from benchmarks.mixture import Mixture, settings
from benchmarks.samples import Bound, Sample
from tests.processes import Server

BOUNDS = (
    Bound("resident", "MiB", noise=4.0, per_hour=8.0),
    Bound("descriptors", "descriptors", noise=8.0, per_hour=2.0),
    Bound("threads", "threads", noise=4.0, per_hour=1.0),
    Bound("database", "MiB", noise=1.0, per_hour=1.0),
)

MAX_WAL = 16.0 + 4.0
"""MiB: it is moved into the database when it is longer than 16, by what commits meanwhile."""


class Queries:
    """A dnsperf for as long as the rest runs."""

    def __init__(self, server: Server, mode: str, rate: int, data: Path, seconds: float) -> None:
        where = ["-s", "127.0.0.1", "-p", str(server.dns_port), "-d", str(data), "-m", mode]
        load = ["dnsperf", *where, "-l", str(int(seconds)), "-c", "4", "-Q", str(rate), "-t", "10"]
        self._process = subprocess.Popen(
            load, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.name = f"queries over {mode.upper()}"

    def finish(self, early: bool) -> tuple[int, int]:
        """Return the numbers of queries answered and lost; stop it first if *early*."""
        if early:
            self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate()

        def number(label: str) -> int:
            found = re.search(rf"{label}:\s+(\d+)", said)
            if found is None:
                raise RuntimeError(said)
            return int(found[1])

        return number("Queries completed"), number("Queries lost")

    def stop(self) -> None:
        """Stop it, if it is running."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def runs(server: Server) -> bool:
    """Return whether the process is running."""
    return server.process is not None and server.process.poll() is None


def watch(server: Server, mixture: Mixture, seconds: float, every: float) -> list[Sample]:
    """Sample the server until the time is over or it exits."""
    assert server.process is not None
    began, found = time.monotonic(), []
    while (now := time.monotonic() - began) < seconds and runs(server):
        slowest = [max(one.slowest for one in mixture.updates), mixture.query.slowest]
        for one in (*mixture.updates, mixture.query):
            one.slowest = 0.0
        with suppress(OSError, KeyError):  # it ends just now
            found.append(samples.take(now, server.process.pid, server.database, *slowest))
        time.sleep(every)
    return found


def judge(taken: Sequence[Sample]) -> list[str]:
    """Print the growth of each figure; return messages about problems."""
    wrong = []
    for bound in BOUNDS:
        growth = samples.growth(taken, bound)
        print(growth)
        if growth.is_too_much:
            wrong.append(str(growth))
    wal = max(one.wal for one in taken)
    print(f"write-ahead log: {wal:.1f} MiB at most")
    if wal > MAX_WAL:
        wrong.append(f"the write-ahead log had {wal:.1f} MiB, more than {MAX_WAL}")
    return wrong


def soak(args: argparse.Namespace, folder: Path) -> list[str]:
    """Run the soak test; return messages about problems."""
    server = Server(folder, "--no-sample").with_settings(settings(0)).with_miniupdate()
    loads: list[Queries] = []
    try:
        mixture = Mixture(server.start(), args.updates)
        data = folder / "questions"
        data.write_text(mixture.questions())
        for mode, rate in (("udp", args.queries), ("tcp", max(1, args.queries // 10))):
            loads.append(Queries(server, mode, rate, data, args.seconds))
        with at_work(mixture.activities):
            taken = watch(server, mixture, args.seconds, args.every)
        answered = {load.name: load.finish(early=not runs(server)) for load in loads}
        return report(server, mixture, taken, answered, args.table)
    finally:
        for load in loads:
            load.stop()
        server.clean_up()


def report(
    server: Server,
    mixture: Mixture,
    taken: Sequence[Sample],
    answered: dict[str, tuple[int, int]],
    table: Path | None,
) -> list[str]:
    """Print a summary; return messages about problems."""
    wrong = []
    if table is not None:
        samples.write(taken, table)
    print(f"{'activity':28} {'done':>9} {'failed':>7}")
    done = {**answered, **{one.name: (one.done, one.failed) for one in mixture.activities}}
    for name, (count, failed) in done.items():
        print(f"{name:28} {count:9} {failed:7}")
        if failed:
            wrong.append(f"{name}: {failed} failed")
        if not count and mixture.time_for(name, taken[-1].seconds):
            wrong.append(f"{name}: never done")
    for one in mixture.activities:
        wrong += one.failures
    for name in ("update_ms", "query_ms"):
        print(f"{name}: {max(getattr(one, name) for one in taken):.0f} at most")
    print(f"resident: {taken[0].resident:.0f} MiB first, {taken[-1].resident:.0f} MiB last")
    wrong += judge(taken)
    if not runs(server):
        wrong.append(f"the server has ended:\n{server.log[-2000:]}")
    else:
        wrong += [f"ddns check: {fault}" for fault in server.call("check")["faults"]]
        if server.terminate() != 0:
            wrong.append("the server does not stop in order")
    if "Traceback" in server.log:
        wrong.append(f"a mistake left a traceback:\n{server.log[-2000:]}")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Run the soak test and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.soak")
    length = options.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=2.0)
    length.add_argument("--seconds", type=float)
    options.add_argument("--updates", type=float, default=40.0, help="a second, of all dialects")
    options.add_argument("--queries", type=int, default=500, help="a second over UDP; 1/10 by TCP")
    options.add_argument("--every", type=float, default=2.0, help="seconds between two samples")
    options.add_argument("--table", type=Path, help="write the samples: .csv or .md")
    args = options.parse_args(arguments)
    args.seconds = args.seconds or args.minutes * 60
    with tempfile.TemporaryDirectory(prefix="ddns-soak-") as folder:
        wrong = soak(args, Path(folder))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
