"""AXFR of a large zone, beside Knot and NSD; and how long queries wait meanwhile.

    python -m benchmarks.transfers [--records N] [--rounds N] [--seconds N]

What reads the zone only reads: a secondary takes longer to make a zone of it. Latencies are
dnsperf's at 20,000 queries a second: idle, and with one transfer after the other, in turns.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import dns.message

from benchmarks import peers
from benchmarks.latency import Latencies
from benchmarks.queries import questions

HEADER = 12
OWN = HEADER + len(peers.ZONE) + 2 + 4  # octets before the first answer, an SOA


def transfer(port: int) -> tuple[int, float]:
    """Take the zone by AXFR; return its records and the seconds from question to end."""
    wire = dns.message.make_query(peers.ZONE, "AXFR").to_wire()
    records, soa = 0, b""
    with socket.create_connection(("127.0.0.1", port)) as client:
        began = time.perf_counter()
        client.sendall(len(wire).to_bytes(2, "big") + wire)
        with client.makefile("rb", 2**18) as stream:
            while True:
                message = stream.read(int.from_bytes(stream.read(2), "big"))
                count = int.from_bytes(message[6:8], "big")
                if not count:
                    raise RuntimeError(f"no transfer: RCODE {message[3] & 15}")
                if not soa:  # its numbers, with which no other record ends
                    start = OWN + 12
                    size = int.from_bytes(message[start - 2 : start], "big")
                    soa = message[start + size - 20 : start + size]
                records += count
                if message.count(soa) > (records == count):
                    return records, time.perf_counter() - began


def knot(directory: Path, port: int, zone: str) -> list[str]:
    """Knot, which lets loopback transfer."""
    return _with(peers.knot(directory, port, zone), "update", "[update, transfer]")


def nsd(directory: Path, port: int, zone: str) -> list[str]:
    """NSD, which lets loopback transfer."""
    allowed = "zone:\n    provide-xfr: 127.0.0.1 NOKEY\n"
    return _with(peers.nsd(directory, port, zone), "zone:\n", allowed)


def _with(command: list[str], old: str, new: str) -> list[str]:
    """Change the configuration that a command names at its end."""
    file = Path(command[-1])
    file.write_text(file.read_text().replace(old, new))
    return command


def ddns(directory: Path, port: int, zone: str) -> list[str]:
    """This project, with the zone, which loopback may transfer."""
    (directory / "zone").write_text(zone)
    for words in (
        ["zone", "import", str(directory / "zone")],
        ["zone", "set", peers.ZONE, "--secondary", "127.0.0.1"],
    ):
        program = Path(sys.executable).with_name("ddns")
        database = f"--database={directory / 'ddns.sqlite'}"
        subprocess.run([program, *words, database], check=True, capture_output=True)
    return peers.ddns(directory, port)


SERVERS: dict[str, Callable[[Path, int, str], list[str]]] = {
    "twistd ddns": ddns,
    "Knot": knot,
    "NSD": nsd,
}


def main() -> None:
    """Measure transfers from each, then queries beside ours."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=10)
    args = options.parse_args()
    hosts = args.records * 2 // 3
    zone, rates = peers.zone_text(hosts), {}
    for name, make in SERVERS.items():
        with tempfile.TemporaryDirectory() as made:
            directory, port = Path(made), peers.free_port()
            command = make(directory, port, zone)
            with peers.running(command, directory, port):
                _wait_for_zone(port)
                found = [transfer(port) for _ in range(args.rounds)]
                rates[name] = median(records / seconds for records, seconds in found)
                ratio = rates["twistd ddns"] / rates[name]
                print(f"{name:12} {found[0][0]:9} records {rates[name]:10,.0f} a second", end="")
                print(f"  ours to it {ratio:.2f}", flush=True)
                if name == "twistd ddns":
                    _beside_queries(directory, port, hosts, args)


def _wait_for_zone(port: int) -> None:
    for _ in range(600):
        try:
            transfer(port)
            return
        except (RuntimeError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the zone never came")


def _beside_queries(directory: Path, port: int, hosts: int, args: argparse.Namespace) -> None:
    data, log = directory / "queries", directory / "dnsperf.log"
    data.write_text(questions(hosts, 100_000))
    Latencies(port, data, 2, log).finish()
    quiet, loaded = [], []
    for _ in range(args.rounds):
        run = Latencies(port, data, args.seconds, log)
        run.finish()
        quiet.append(run.report("idle"))
        run, over, taken = Latencies(port, data, args.seconds, log), threading.Event(), [0]
        reading = threading.Thread(target=_transfers, args=(port, over, taken))
        reading.start()
        run.finish()
        over.set()
        reading.join()
        loaded.append(run.report(f"{taken[0]} transfers"))
    print(f"p99 to idle: {median(loaded) / median(quiet):.2f}")


def _transfers(port: int, over: threading.Event, taken: list[int]) -> None:
    while not over.is_set():
        transfer(port)
        taken[0] += 1


if __name__ == "__main__":
    main()
