"""How a store is doing, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddns.model.counters import LATENCY_BUCKETS, Histogram

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Bounds for how many works one commit takes."""


@dataclass(slots=True)
class Commits:
    """What a writer counts: the works of each commit, how many seconds a commit took from the
    beginning of the transaction until it was durable, and works that failed because the database
    did."""

    works: Histogram = field(default_factory=lambda: Histogram(SIZES))
    seconds: Histogram = field(default_factory=lambda: Histogram(LATENCY_BUCKETS))
    failed: int = 0


@dataclass(frozen=True, slots=True)
class StoreStats:
    """The last position of the journal; works that wait for the next commit; octets of the database
    and of the log that has not been moved into it. ``failed_ago`` is for how many seconds it has
    not failed any more, None if something has been written since."""

    position: int
    waiting: int
    size: int
    log_size: int
    commits: Commits
    failed_ago: float | None
