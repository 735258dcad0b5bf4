"""Rate limits: token buckets by any key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Buckets:
    """Token buckets of *burst* tokens that refill within *period* seconds.

    At most *capacity* buckets are kept. The least recently used are dropped first, which makes them
    full; full ones need not be kept. Times are monotonic.

    A bucket is stored as the time when it will be full again (the virtual scheduling algorithm of
    ITU-T I.371).
    """

    def __init__(self, burst: int, period: float, *, capacity: int = 20_000) -> None:
        self._burst = burst
        self._interval = period / burst
        self._capacity = capacity
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, key: Hashable, now: float) -> float:
        """Return the seconds until a token is available; 0.0 if one is."""
        full = self._full_at.get(key, now)
        return max(0.0, full - now - self._interval * (self._burst - 1))

    def take(self, key: Hashable, now: float) -> None:
        """Take a token."""
        full = max(now, self._full_at.get(key, now))
        self._full_at[key] = full + self._interval
        self._full_at.move_to_end(key)
        for _ in range(
            2
        ):  # each call adds at most one, so the table shrinks while full ones are left
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._capacity:
                break
            del self._full_at[oldest]

    def give_back(self, key: Hashable, now: float) -> None:
        """Return a token that was taken and not used."""
        full = self._full_at.get(key)
        if full is None:
            return
        if full - self._interval <= now:
            del self._full_at[key]
        else:
            self._full_at[key] = full - self._interval

    def empty(self, which: Callable[[Any], bool]) -> None:
        """Drop the buckets with matching keys, which makes them full."""
        for key in [key for key in self._full_at if which(key)]:
            del self._full_at[key]

    def __len__(self) -> int:
        return len(self._full_at)
