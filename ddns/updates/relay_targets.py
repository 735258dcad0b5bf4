"""Fairness among relays: a service that is slow or down keeps back those to it, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from cachetools import LRUCache

from ddns.policy.pauses import doubled

AT_ONCE, OF_ACCOUNT = 2, 4
"""Attempts that go on at a time with one service, and for one account."""

REMEMBERED = 1000
"""Services whose state is remembered."""

PACE = 0.05
"""Seconds between two attempts that are put off because of the same service, at least."""

FIRST, MOST = 30.0, 600.0
"""Seconds for which a service that does not answer is left alone; they double up to the second."""


class _Target:
    """A service.

    ``failures`` is how often it has not answered in a row, ``free`` when it may be asked again,
    ``slot`` when the next of those may be that are put off, ``pace`` the seconds between them.
    """

    __slots__ = ("failures", "free", "pace", "slot")

    def __init__(self) -> None:
        self.failures = 0
        self.free = self.slot = 0.0
        self.pace = PACE


class Turn(NamedTuple):
    """Whether a relay may be tried now; if not, for how many seconds it is to wait."""

    now: bool
    wait: float = 0.0


class Targets:
    """Which services may be asked.

    :param clock: goes on evenly, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._targets: LRUCache[str, _Target] = LRUCache(REMEMBERED)
        self._going: Counter[str] = Counter()
        self._of_account: Counter[str] = Counter()

    def going(self) -> int:
        """Return how many attempts go on."""
        return self._going.total()

    def turn(self, target: str, account: str) -> Turn:
        """Say when a relay's turn is. One that is put off has a time of its own, so that thousands
        do not come back together."""
        now, known = self._clock(), self._target(target)
        busy = self._going[target] >= AT_ONCE or self._of_account[account] >= OF_ACCOUNT
        if not busy and now >= known.free:
            return Turn(True)
        known.slot = max(known.slot, known.free, now) + known.pace
        return Turn(False, known.slot - now)

    def forgive(self, target: str) -> None:
        """Let a service be asked at once, whatever it has done before."""
        self._targets.pop(target, None)

    def begin(self, target: str, account: str) -> None:
        """An attempt begins."""
        self._going[target] += 1
        self._of_account[account] += 1

    def end(self, target: str, account: str, took: float, answered: bool) -> None:
        """An attempt has ended after so many seconds, with any answer at all or with none."""
        for counter, key in ((self._going, target), (self._of_account, account)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
        known = self._target(target)
        known.pace = max(PACE, took / AT_ONCE)
        if answered:
            known.failures, known.free = 0, 0.0
        else:
            known.failures += 1
            known.free = self._clock() + doubled(FIRST, known.failures, MOST)
            known.slot = max(known.slot, known.free)

    def _target(self, name: str) -> _Target:
        found = self._targets.get(name)
        if found is None:
            found = self._targets[name] = _Target()
        return found
