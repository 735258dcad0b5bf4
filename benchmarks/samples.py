"""Samples of a long-running server, and the slopes through them."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from itertools import combinations
from pathlib import Path
from statistics import median

MIB = 2**20
MAX_POINTS = 400
"""A slope is fitted through so many points at most, each the median of its neighbours."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment: seconds since the beginning, MiB, numbers, and the slowest since the sample before,
    in milliseconds."""

    seconds: float
    resident: float
    descriptors: int
    threads: int
    wal: float
    database: float
    update_ms: float
    query_ms: float


def take(seconds: float, pid: int, database: Path, update: float, query: float) -> Sample:
    """What the system says of a process; *update* and *query* are seconds. It takes 0.3 s, longer
    than a check of a password, of whose 64 MiB and threads nothing is to be seen.

    :raises OSError: when the process has gone.
    """
    looks = [_look(pid)]
    for _ in range(3):
        time.sleep(0.1)
        looks.append(_look(pid))
    resident, descriptors, threads = map(min, zip(*looks, strict=True))
    sizes = _size(Path(f"{database}-wal")), _size(database)
    return Sample(
        seconds, resident / 1024, descriptors, threads, *sizes, update * 1000, query * 1000
    )


def _look(pid: int) -> tuple[int, int, int]:
    """Resident KiB, descriptors, threads."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    return int(status["VmRSS"].split()[0]), descriptors, int(status["Threads"])


def _size(path: Path) -> float:
    try:
        return path.stat().st_size / MIB
    except FileNotFoundError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Bound:
    """The allowed growth of a figure: *per_hour*, plus *noise* for a run of any length."""

    figure: str
    unit: str
    noise: float
    per_hour: float


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of a figure within so many hours, by the slope through its samples."""

    bound: Bound
    slope: float  # an hour
    hours: float

    @property
    def is_too_much(self) -> bool:
        allowed = self.bound.noise + self.bound.per_hour * self.hours
        return self.slope * self.hours > allowed

    def __str__(self) -> str:
        verdict = "too much" if self.is_too_much else "fine"
        bound = self.bound
        return (
            f"{bound.figure}: {self.slope * self.hours:+.2f} {bound.unit} in"
            f" {self.hours * 60:.1f} minutes, {self.slope:+.1f} an hour: {verdict}"
        )


def growth(samples: Sequence[Sample], bound: Bound) -> Growth:
    """That of the second half of the samples; the first is for warming up."""
    half = [one for one in samples if one.seconds * 2 >= samples[-1].seconds]
    points = [(one.seconds / 3600, float(getattr(one, bound.figure))) for one in half]
    hours = points[-1][0] - points[0][0]
    return Growth(bound, slope(_thinned(points)), hours)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between any two points (Theil and Sen). Unlike least squares it
    cares nothing for a spike, such as the 64 MiB of a password that is being checked."""
    found = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1]
    return median(found) if found else 0.0


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    step = -(-len(points) // MAX_POINTS)
    groups = [points[at : at + step] for at in range(0, len(points), step)]
    return [(median(x for x, _ in group), median(y for _, y in group)) for group in groups]


def write(samples: Sequence[Sample], path: Path) -> None:
    """Write a table: CSV, or Markdown for a name that ends with ``.md``."""
    names = [field.name for field in fields(Sample)]
    rows = [[f"{value:.2f}".removesuffix(".00") for value in astuple(one)] for one in samples]
    with open(path, "w", newline="") as file:
        if path.suffix == ".md":
            for row in (names, ["---:"] * len(names), *rows):
                file.write(f"| {' | '.join(row)} |\n")
        else:
            csv.writer(file).writerows([names, *rows])
