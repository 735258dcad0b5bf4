"""How often something may be done: token buckets by whatever it is counted by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Buckets:
    """*burst* at once, and as many again in *period* seconds. At most *capacity* of them are kept:
    those that were not used for longest are forgotten, which makes them full; what is full anyhow
    is not kept. Times are a monotonic clock's.

    A bucket is kept as the moment at which it is full again (the virtual scheduling algorithm of
    ITU-T I.371).
    """

    def __init__(self, burst: int, period: float, *, capacity: int = 20_000) -> None:
        self._burst = burst
        self._interval = period / burst
        self._capacity = capacity
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, key: Hashable, now: float) -> float:
        """In how many seconds there will be something to take; 0.0 is at once."""
        full = self._full_at.get(key, now)
        return max(0.0, full - now - self._interval * (self._burst - 1))

    def take(self, key: Hashable, now: float) -> None:
        """Take one out."""
        full = max(now, self._full_at.get(key, now))
        self._full_at[key] = full + self._interval
        self._full_at.move_to_end(key)
        for _ in range(2):  # one comes, so the table never grows while two may go
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._capacity:
                break
            del self._full_at[oldest]

    def give_back(self, key: Hashable, now: float) -> None:
        """What was taken was not used."""
        full = self._full_at.get(key)
        if full is None:
            return
        if full - self._interval <= now:
            del self._full_at[key]
        else:
            self._full_at[key] = full - self._interval

    def empty(self, which: Callable[[Any], bool]) -> None:
        """Forget the buckets whose key is one of these: they are full."""
        for key in [key for key in self._full_at if which(key)]:
            del self._full_at[key]

    def __len__(self) -> int:
        return len(self._full_at)
