"""Tells owners of hosts, once, that these are about to go offline because nobody hears of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ddns.model.account import Host
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES
from ddns.policy.expiry import WARNED
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.looks import Looks

EVERY = 600.0
"""Seconds between two looks."""

TOGETHER = 100
"""Hosts that one transaction looks at."""


class _Seen(NamedTuple):
    """How many hosts a transaction has looked at, and those whose owners are to be told."""

    number: int
    hosts: list[Host]


class Warner:
    """Looks every ten minutes for hosts that go offline soon.

    :param store: remembers of which it was told.
    :param reactor: its clock says when to look.
    :param now: seconds since 1970.
    :param tell: is called with an account and hosts of it.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        reactor: IReactorTime,
        now: Callable[[], float],
        tell: Callable[[str, Sequence[Host]], None],
    ) -> None:
        self._store = store
        self._now = now
        self._tell = tell
        self._looks = Looks(self._look_or_log, reactor)

    def start(self) -> None:
        """Look now, and go on with it."""
        self._looks.start(EVERY, now=True)

    async def stop(self) -> None:
        """Finish what was begun."""
        await self._looks.stop()

    async def _look_or_log(self) -> None:
        try:
            while await self._warn_some() == TOGETHER:
                pass
        except StoreError as error:
            if not error.logged:
                self._log.error("owners cannot be told of silent hosts: {error}", error=error)
        except Exception:
            self._log.failure("owners cannot be told of silent hosts")

    async def _warn_some(self) -> int:
        now = self._now()
        author = Author("server", "warning", now)
        seen = (await self._store.transact(author, lambda t: about_to_expire(now, t))).value
        of = attrgetter("account")
        for account, hosts in groupby(sorted(seen.hosts, key=of), key=of):
            self._tell(account, list(hosts))
        return seen.number


def about_to_expire(now: float, transaction: ITransaction) -> _Seen:
    """Return hosts that go offline soon and have an address, and remember that this was told."""
    hosts = transaction.hosts_to_warn(now, WARNED, TOGETHER)
    for host in hosts:
        transaction.note_warned(host.name)
    online = [
        host
        for host in hosts
        if any(transaction.rrset(host.zone, host.name, number) for number in ADDRESS_TYPES)
    ]
    return _Seen(len(hosts), online)
