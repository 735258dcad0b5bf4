"""Counts of wrong credentials: by user and network, by network, and by account.

A count never locks anybody out. It decides whose password is checked later, and when the owner of
an account is notified. The tables are bounded; the least recently counted goes first.
"""

from __future__ import annotations

from collections.abc import Hashable

from cachetools import FIFOCache

FORGIVEN = 3
"""Failures that people have who mistype: else whoever guesses from ever new networks, each time
without any failure yet, would be before them for a day."""

_Table = FIFOCache[Hashable, tuple[float, int]]
"""The time of the first failure in the window, and the number of failures since."""


class Failures:
    """Failures within *window* seconds of the first one; at most *capacity* entries in each table.
    Times are monotonic."""

    def __init__(self, *, window: float = 86_400.0, capacity: int = 20_000) -> None:
        self.window = window
        self._by_user: _Table = FIFOCache(capacity)
        self._by_network: _Table = FIFOCache(capacity)
        self._by_account: _Table = FIFOCache(capacity)

    def note(self, user: str, network: bytes, now: float, *, exists: bool) -> int:
        """Count a failure; return the count of the account, 0 if it does not exist."""
        self._add(self._by_user, (user, network), now)
        self._add(self._by_network, network, now)
        return self._add(self._by_account, user, now) if exists else 0

    def rank(self, user: str, network: bytes, now: float) -> tuple[int, int]:
        """Return the sort key of the password queue: fewest recent failures first, and a few are as
        good as none."""
        counts = (
            self._recent(self._by_user, (user, network), now)[1],
            self._recent(self._by_network, network, now)[1],
        )
        return max(0, counts[0] - FORGIVEN), max(0, counts[1] - FORGIVEN)

    def forget(self, account: str) -> None:
        """Reset the count of a deleted account, whose name may be registered again."""
        self._by_account.pop(account, None)

    def _recent(self, table: _Table, key: Hashable, now: float) -> tuple[float, int]:
        since, number = table.get(key, (now, 0))
        return (since, number) if now - since < self.window else (now, 0)

    def _add(self, table: _Table, key: Hashable, now: float) -> int:
        since, number = self._recent(table, key, now)
        table[key] = since, number + 1  # moves it to the end of the queue
        return number + 1
