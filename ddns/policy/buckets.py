"""How often something may be done: token buckets by whatever it is counted by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Buckets:
    """*burst* at once, and as many again in *period* seconds. At most *capacity* of them are kept:
    those that were not used for longest are forgotten, which makes them full. Times are a monotonic
    clock's."""

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
        if len(self._full_at) > self._capacity:
            self._full_at.popitem(last=False)

    def __len__(self) -> int:
        return len(self._full_at)
