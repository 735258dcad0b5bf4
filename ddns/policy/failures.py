"""How often credentials were wrong: by user and network, by network, and by account.

A count never keeps anybody out. It decides whose password is checked later, and when the owner of
an account is told. The tables are bounded; what is noted last stays longest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Count:
    since: float
    number: int = 0


class Failures:
    """Counts begin anew *window* seconds after their first failure; *capacity* is for each table.
    Times are a monotonic clock's."""

    def __init__(self, *, window: float = 86_400.0, capacity: int = 20_000) -> None:
        self.window = window
        self._capacity = capacity
        self._by_user: OrderedDict[Hashable, _Count] = OrderedDict()
        self._by_network: OrderedDict[Hashable, _Count] = OrderedDict()
        self._by_account: OrderedDict[Hashable, _Count] = OrderedDict()

    def note(self, user: str, network: bytes, now: float, *, exists: bool) -> int:
        """Count a failure; how many the account has had, 0 if there is none of that name."""
        self._add(self._by_user, (user, network), now)
        self._add(self._by_network, network, now)
        return self._add(self._by_account, user, now) if exists else 0

    def rank(self, user: str, network: bytes, now: float) -> tuple[int, int]:
        """What a further attempt has to answer for; the smaller comes first."""
        return (
            self._of(self._by_user, (user, network), now),
            self._of(self._by_network, network, now),
        )

    def forget(self, account: str) -> None:
        """The account has gone; whoever has the name next begins anew."""
        self._by_account.pop(account, None)

    def _of(self, table: OrderedDict[Hashable, _Count], key: Hashable, now: float) -> int:
        count = table.get(key)
        return count.number if count is not None and now - count.since < self.window else 0

    def _add(self, table: OrderedDict[Hashable, _Count], key: Hashable, now: float) -> int:
        count = table.get(key)
        if count is None or now - count.since >= self.window:
            count = table[key] = _Count(now)
            if len(table) > self._capacity:
                table.popitem(last=False)
        table.move_to_end(key)
        count.number += 1
        return count.number
