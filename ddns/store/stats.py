"""A store's numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddns.model.counters import LATENCY_BUCKETS, Histogram

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Bounds of the histogram of works per commit."""


@dataclass(slots=True)
class Commits:
    """Counters of a writer: the works of each commit, the seconds of each commit from the beginning
    of its transaction until it was durable, and works that failed because the database did."""

    works: Histogram = field(default_factory=lambda: Histogram(SIZES))
    seconds: Histogram = field(default_factory=lambda: Histogram(LATENCY_BUCKETS))
    failed: int = 0


@dataclass(frozen=True, slots=True)
class StoreStats:
    """``position`` is the journal's last; ``waiting`` the works that wait for the next commit.
    ``data_size`` and ``log_size`` are octets of the data and of a log that is not merged into it
    yet, 0 where there is none. ``failed_ago`` is the seconds since the store last failed, None if
    something has been written since. ``lost`` says what became of the data if they were removed or
    replaced, so that nothing can be written; it is empty otherwise."""

    position: int
    waiting: int
    data_size: int
    log_size: int
    commits: Commits
    failed_ago: float | None
    lost: str = ""
