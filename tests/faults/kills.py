"""Kill a server under load, many times: the test of the suite, for as long as one likes.

    python -m tests.faults.kills [--kills N] [--seed N]

The status is 0 when nothing was lost, 1 when something was; then the database is left for a look.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.faults.killing import Run
from tests.processes import Server


def main(arguments: list[str] | None = None) -> int:
    """The status."""
    options = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.kills")
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    args = options.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="ddns-kills-"))
    server = Server(folder, "--no-sample")
    began = time.monotonic()
    run = None
    try:
        run = Run(server, random.Random(args.seed))
        while run.kills.total() < args.kills:
            run.kill()
            if run.kills.total() % 10 == 0:
                print(f"{run.kills.total()} kills", file=sys.stderr, flush=True)
        run.finish()
        wrong = ""
    except AssertionError as error:
        wrong = str(error)
    except Exception:
        wrong = traceback.format_exc()
    finally:
        server.clean_up()
    print(f"seed: {args.seed}")
    print(f"duration: {time.monotonic() - began:.0f} s")
    if run is not None:
        report(run)
    if wrong:
        print(f"{wrong}\nwhat is left is in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


def report(run: Run) -> None:
    """What was done."""
    moments = ", ".join(f"{count} {moment}" for moment, count in run.kills.most_common())
    print(f"kills: {run.kills.total()} ({moments}); ended in order before: {run.stops}")
    print(f"journal: {run.ledger.position} changes")
    print(f"{'updates by':20} {'acknowledged':>12} {'attempted':>10}")
    rows = [(one.way, len(one.acknowledged), one.attempted) for one in run.counters]
    for way, *counts in (*rows, ("all", *map(sum, zip(*[row[1:] for row in rows], strict=True)))):
        print("{:20} {:12} {:10}".format(way, *counts))


if __name__ == "__main__":
    sys.exit(main())
