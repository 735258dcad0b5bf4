"""The networks that the passwords of accounts were right from, so that their owners come first when
many guess.

The store keeps them over restarts as marks of the accounts. What it cannot keep is only forgotten.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable
from functools import partial

from cachetools import FIFOCache
from twisted.internet.defer import ensureDeferred

from ddns.model import records
from ddns.model.account import Account
from ddns.model.journal import Author
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError

DAY = 86_400.0
KEPT = 28 * DAY
"""Seconds for which a network is remembered."""

PER_ACCOUNT = 8
"""Networks of one account. No more than these are written for it in a day."""

ACCOUNTS = 50_000

_Marks = FIFOCache[str, dict[bytes, float]]
"""For each account the marks of its networks, and when they were made."""


class FamiliarNetworks:
    """Networks are IPv4 /24 and IPv6 /48: wide enough for an address that changes now and then.

    :param store: where they are kept.
    :param now: seconds since 1970.
    """

    def __init__(self, store: IStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._marks: _Marks = FIFOCache(ACCOUNTS)

    async def load(self) -> None:
        """Read what was kept.

        :raises StoreError: when it cannot be read.
        """
        self._marks = await self._store.read(partial(_read, self._now() - KEPT))

    def knows(self, account: Account, peer: str) -> bool:
        """Return whether the account's password was right from the network of *peer* lately."""
        at = self._marks.get(account.name, {}).get(_mark(account, peer))
        return at is not None and abs(self._now() - at) < KEPT

    def note(self, account: Account, peer: str) -> None:
        """Remember that the account's password was right from the network of *peer*."""
        marks, mark, now = self._marks.pop(account.name, {}), _mark(account, peer), self._now()
        self._marks[account.name] = marks
        if mark not in marks and len(marks) >= PER_ACCOUNT:
            oldest = min(marks, key=marks.__getitem__)
            if abs(now - marks[oldest]) < DAY:
                return
            del marks[oldest]
        if abs(now - marks.get(mark, -math.inf)) < DAY:
            return
        marks[mark] = now
        ensureDeferred(self._write(account.name, mark, now))

    async def _write(self, account: str, mark: bytes, now: float) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.put_mark(account, mark, now, PER_ACCOUNT)

        with contextlib.suppress(StoreError):
            await self._store.transact(Author("server", "networks", now), work)


def _read(since: float, reading: IReading) -> _Marks:
    found: _Marks = FIFOCache(ACCOUNTS)
    for account, mark, at in reversed(reading.marks(since, ACCOUNTS * PER_ACCOUNT)):
        found.setdefault(account, {})[mark] = at
    return found


def _mark(account: Account, peer: str) -> bytes:
    """Return a hash of a network: another one for each account, and for a later one of its name."""
    network = records.network_of(peer)
    wide = network[:3] if len(network) == 4 else network[:6]
    key = hashlib.sha256(f"{account.name} {account.created!r}".encode()).digest()
    return hashlib.blake2b(wide, key=key, digest_size=16).digest()
