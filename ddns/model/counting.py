"""What a server counts while it works: plain numbers, which cost next to nothing, for whoever
comes to look at them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ddns.model.update import Outcome, Status

WAITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: bounds for what takes as long as a disk or a password."""

MAX_DIALECTS = 32
"""Dialects that are counted each by itself."""

OTHER = "other"
"""What dialects beyond those are counted as."""


class Histogram:
    """How often something was how much. ``counts`` has a number for each bound, of what was at most
    that and more than the bound before, and a last one for what was above all; ``sum`` is of all
    together."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """It was that much, so many times. Time does not run backwards, though a clock may."""
        if value < 0.0:
            value = 0.0
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times


class DialectCounts:
    """The updates of one dialect: what became of each host that they named, and how long it took
    from a request to what came of it, in seconds."""

    __slots__ = ("seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[Status | None, int] = dict.fromkeys((*Status, None), 0)
        self.seconds = Histogram(WAITS)


class UpdateCounts:
    """What became of updates, by dialect.

    A request that was refused counts once, any other as often as it names hosts, and one that names
    none (a login, a check page) as None. *dialects* are those that are known; others may come, but
    only so many are told apart.
    """

    def __init__(self, dialects: Iterable[str]) -> None:
        self.dialects = {dialect: DialectCounts() for dialect in dialects}

    def performed(self, dialect: str, outcome: Outcome, seconds: float) -> None:
        """The pipeline has come to this outcome."""
        self.answered(dialect, outcome).seconds.observe(seconds)

    def answered(self, dialect: str, outcome: Outcome) -> DialectCounts:
        """This is what a client is told."""
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
    """Connections, by what became of them when they came: taken, refused because there were too
    many, and taken in the place of another that had been idle."""

    accepted: int = 0
    refused: int = 0
    displaced: int = 0
