"""Many small zones: time from the start to an answer from the last of them, beside as many records
in one zone, and beside NSD, Knot and BIND.

python -m benchmarks.zones [--zones N] [--rounds N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import peers, size

HOSTS = 7
"""A zone has nine RRsets: SOA, NS, and an A record each of so many hosts, ``ns1`` among them."""

TEXT = "\n".join(
    [
        "$TTL 10",
        "@ IN SOA ns1 hostmaster 1 3600 600 1209600 10",
        "@ IN NS ns1",
        "ns1 IN A 127.0.0.1",
        *(f"h{number:07} IN A 10.0.0.{number}" for number in range(1, HOSTS)),
        "",
    ]
)


def main() -> None:
    """Interleave the rounds of all servers, so that other load affects them alike."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--zones", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    origins = [f"z{number:07}.{peers.ZONE}" for number in range(args.zones)]
    port = peers.free_port()
    with tempfile.TemporaryDirectory() as made:
        many, one, *others = (Path(made) / name for name in ("many", "one", "nsd", "knot", "bind"))
        for directory in (many, one, *others):
            directory.mkdir()
        size.fill(many / "ddns.sqlite", HOSTS, origins)
        size.fill(one / "ddns.sqlite", args.zones * (HOSTS + 2))
        last = f"h{HOSTS - 1:07}.{origins[-1]}"
        runs = {
            "twistd ddns": (peers.ddns(many, port), many, last),
            "twistd ddns, one zone": (peers.ddns(one, port), one, f"h{0:07}.{peers.ZONE}"),
        }
        for make, directory in zip((peers.nsd, peers.knot, peers.bind), others, strict=True):
            runs[make.__name__] = (make(directory, port, TEXT, origins), directory, last)
        results: dict[str, list[tuple[float, int]]] = {name: [] for name in runs}
        for _ in range(args.rounds):
            for name, (command, directory, host) in runs.items():
                results[name].append(size.first_answer(command, directory, port, host))
    ours = median(took for took, _ in results["twistd ddns"])
    print(f"{'server':22} {'seconds':>8} {'MiB':>5} {'ours is':>8}")
    for name, found in results.items():
        took = median(seconds for seconds, _ in found)
        print(f"{name:22} {took:8.2f} {found[-1][1] >> 10:5} {ours / took:7.2f}x")


if __name__ == "__main__":
    main()
