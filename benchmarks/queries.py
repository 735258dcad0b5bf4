"""Queries a second by dnsperf: us, NSD, Knot, PowerDNS on SQLite, stock twisted.names; a core each.

    python -m benchmarks.queries [--hosts N] [--seconds N] [--rounds N] [--only NAME]...
        [--questions mix|hits|random] [--tcp] [--pace N]

The mix: two hits of A and one of AAAA to one NODATA and one NXDOMAIN, in random order; the names
that do not exist are random. Or only hits of A, or only random names. With --tcp they come over 20
connections that stay open, without waiting for answers. With --pace so many a second come, and the
99th percentile of the time to an answer is shown, in milliseconds.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import peers


@dataclass
class Run:
    """One run of dnsperf against one server."""

    rate: float
    lost: float  # per cent
    cpu: float  # the server's microseconds of processor time a query
    resident: int  # MiB
    p99: float  # milliseconds, 0 unless the load was paced


def _ddns(directory: Path, port: int, zone: str, settings: str = "") -> list[str]:
    (directory / "zone").write_text(zone)
    subprocess.run(
        [
            Path(sys.executable).with_name("ddns"),
            "zone",
            "import",
            directory / "zone",
            f"--database={directory / 'ddns.sqlite'}",
        ],
        check=True,
        capture_output=True,
    )
    return peers.ddns(directory, port, settings=peers.UNREACHED + settings)


def _in_python(directory: Path, port: int, zone: str) -> list[str]:
    return _ddns(directory, port, zone, "[dns]\ncompiled = false\n")


SERVERS: dict[str, Callable[[Path, int, str], list[str]]] = {
    "twistd ddns": _ddns,
    "NSD": peers.nsd,
    "Knot": peers.knot,
    "PowerDNS, SQLite": peers.powerdns,
    "PowerDNS, no caches": partial(peers.powerdns, caches=False),
    "twisted.names": peers.twisted_names,
    "Python path": _in_python,
    "echo": peers.echo,
}
USUAL = list(SERVERS)[:6]


def questions(hosts: int, count: int, kind: str = "mix") -> str:
    """dnsperf's input."""
    known = [("h{0}", "A"), ("h{0}", "A"), ("h{1}", "AAAA"), ("h{0}", "MX")]
    kinds = {"mix": [*known, ("x{2:x}", "A")], "hits": known[:1], "random": [("x{2:x}", "A")]}
    chance = random.Random(1)
    lines = []
    for _ in range(count):
        number = chance.randrange(hosts)
        name, rtype = chance.choice(kinds[kind])
        name = name.format(number, number | 1, chance.getrandbits(64))
        lines.append(f"{name}.{peers.ZONE} {rtype}")
    return "\n".join(lines) + "\n"


def measure(name: str, zone: str, data: Path, seconds: int, options: Sequence[str] = ()) -> Run:
    """Start one server, warm it up, and run dnsperf against it."""
    with tempfile.TemporaryDirectory() as made:
        directory, port = Path(made), peers.free_port()
        command = SERVERS[name](directory, port, zone)
        with peers.running(command, directory, port) as server:
            _dnsperf(port, data, 1, options)
            before = peers.cpu_seconds(server.pid)
            sent, lost, rate, p99 = _dnsperf(port, data, seconds, options)
            spent = peers.cpu_seconds(server.pid) - before
            return Run(rate, lost, spent / sent * 1e6, peers.resident(server.pid) // 1024, p99)


def _dnsperf(
    port: int, data: Path, seconds: int, options: Sequence[str]
) -> tuple[int, float, float, float]:
    """Queries completed, per cent lost, queries a second, the 99th percentile if it was paced."""
    where = ["-s", "127.0.0.1", "-p", str(port), "-d", str(data)]
    load = ["dnsperf", *where, "-l", str(seconds), "-c", "20", "-q", "200", *options]
    done = subprocess.run(
        ["taskset", "-c", str(peers.LOAD_CORE), *load], check=True, capture_output=True, text=True
    ).stdout

    def number(label: str) -> float:
        found = re.search(rf"{label}:\s+([\d.]+)", done)
        assert found is not None, done
        return float(found[1])

    completed, sent = number("Queries completed"), number("Queries sent")
    times = sorted(map(float, re.findall(r"^> .* (\d+\.\d+)$", done, re.MULTILINE)))
    p99 = times[int(len(times) * 0.99)] * 1000 if times else 0.0
    return int(completed), (1 - completed / sent) * 100, number("Queries per second"), p99


def main() -> None:
    """Interleave the rounds of all servers, so that other load affects them alike."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hosts", type=int, default=100_000)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", action="append", choices=SERVERS)
    options.add_argument("--questions", choices=("mix", "hits", "random"), default="mix")
    options.add_argument("--tcp", action="store_true")
    options.add_argument("--pace", type=int, metavar="N", help="queries a second")
    options.add_argument("--plot", metavar="FILE", help="draw it (needs matplotlib)")
    args = options.parse_args()
    zone = peers.zone_text(args.hosts)
    names = args.only or USUAL
    load = ["-m", "tcp"] if args.tcp else []
    load += ["-v", "-Q", str(args.pace)] if args.pace else []
    results: dict[str, list[Run]] = {name: [] for name in names}
    with tempfile.NamedTemporaryFile("w", suffix=".queries") as data:
        data.write(questions(args.hosts, 1_000_000, args.questions))
        data.flush()
        for _ in range(args.rounds):
            for name in names:
                results[name].append(measure(name, zone, Path(data.name), args.seconds, load))
    ours = median(run.rate for run in results[names[0]])
    print(
        f"{'server':18} {'queries/s':>10} {'us/query':>9} {'lost %':>7} {'MiB':>5} {'ours is':>8}"
        f" {'p99 ms':>7}"
    )
    for name, runs in results.items():
        rate = median(run.rate for run in runs)
        print(
            f"{name:18} {rate:10.0f} {median(run.cpu for run in runs):9.2f}"
            f" {max(run.lost for run in runs):7.2f} {runs[-1].resident:5} {ours / rate:7.2f}x"
            f" {median(run.p99 for run in runs):7.2f}"
        )
    if args.plot:
        plot(results, args.plot)


def plot(results: dict[str, list[Run]], file: str) -> None:
    """Bars of the medians, a line from the least to the most of each server."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    names = list(reversed(results))
    rates = [[run.rate / 1000 for run in results[name]] for name in names]
    middle = [median(found) for found in rates]
    spread = [
        [m - min(found) for m, found in zip(middle, rates, strict=True)],
        [max(found) - m for m, found in zip(middle, rates, strict=True)],
    ]
    figure, axes = pyplot.subplots(figsize=(7, 2.6))
    colours = ["#2563eb" if name.startswith("twistd") else "#9ca3af" for name in names]
    axes.barh(names, middle, xerr=spread, color=colours, capsize=3)
    axes.set_xlabel("thousand queries a second, one core")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main()
