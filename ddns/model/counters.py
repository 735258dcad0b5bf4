"""Counters for monitoring: plain numbers, so that counting costs next to nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ddns.model.update import Outcome, Status

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Histogram bounds in seconds, for latencies dominated by a disk or a password hash."""

MAX_DIALECTS = 32
"""Maximum number of dialects counted separately."""

OTHER = "other"
"""Label for all dialects beyond :data:`MAX_DIALECTS`."""


class Histogram:
    """A histogram of observed values.

    ``counts[i]`` is the number of values up to and including ``bounds[i]`` and above the bound
    before it; the last count is for values above all bounds. ``sum`` is the sum of all values.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value *times* times; a negative one, from a clock set back, counts as 0."""
        value = max(value, 0.0)
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times


class DialectCounts:
    """The updates of one dialect: results by status, and a histogram of latencies in seconds."""

    __slots__ = ("seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[Status | None, int] = dict.fromkeys((*Status, None), 0)
        self.seconds = Histogram(LATENCY_BUCKETS)


class UpdateCounts:
    """Results of updates by dialect and status.

    A refused request counts once, any other request once for each host that it names; one that
    names none (a login, a check page) counts under the status None. *dialects* are listed from the
    start; others are added when they are first used, up to :data:`MAX_DIALECTS`.
    """

    def __init__(self, dialects: Iterable[str]) -> None:
        self.dialects = {dialect: DialectCounts() for dialect in dialects}

    def performed(self, dialect: str, outcome: Outcome, seconds: float) -> None:
        """Count an outcome of the pipeline and the seconds that it took."""
        self.answered(dialect, outcome).seconds.observe(seconds)

    def answered(self, dialect: str, outcome: Outcome) -> DialectCounts:
        """Count an outcome that a client is told; return the counts of its dialect."""
        of = self.dialects.get(dialect)
        if of is None:
            if len(self.dialects) >= MAX_DIALECTS:
                dialect = OTHER
            of = self.dialects.setdefault(dialect, DialectCounts())
        statuses = of.statuses
        if outcome.refusal is not None or not outcome.results:
            statuses[outcome.refusal] += 1
        else:
            for result in outcome.results:
                statuses[result.status] += 1
        return of


@dataclass(slots=True)
class Admissions:
    """Counts of incoming connections.

    ``refused`` were over a limit; ``displaced`` are idle ones closed to make room for another.
    """

    accepted: int = 0
    refused: int = 0
    displaced: int = 0
