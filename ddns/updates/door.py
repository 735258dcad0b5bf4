"""Connections that came to nothing, for the diagnosis of hosts whose clients are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cachetools import FIFOCache

from ddns.model.door import Knock, Trouble

CAPACITY = 1000
"""Addresses and troubles that are remembered."""


class Door:
    """Remembers the last connection of each address and trouble, in memory.

    :param now: the time in seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last: FIFOCache[tuple[str, Trouble], Knock] = FIFOCache(CAPACITY)

    def note(self, peer: str, trouble: Trouble) -> None:
        """Remember a connection from an address."""
        key = peer, trouble
        self._last.pop(key, None)  # so that it is the newest
        self._last[key] = Knock(self._now(), peer, trouble)

    def knocks(self, peers: Iterable[str]) -> list[Knock]:
        """Return what is remembered of these addresses."""
        found = (self._last.get((peer, trouble)) for peer in peers for trouble in Trouble)
        return [knock for knock in found if knock is not None]
