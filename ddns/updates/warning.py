"""Tells owners what nobody does but time: hosts that go offline soon, silent hosts, how much more
there was than could be told, and the server's own troubles.

That something was told is written in the transaction that writes the notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.model.notices import Details, Kind, Mark
from ddns.model.records import ADDRESS_TYPES
from ddns.policy.expiry import WARNED
from ddns.policy.notices import NoticeRules
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.looks import Looks
from ddns.updates.noticing import News, put_news

EVERY = 600.0
"""Seconds between two looks."""

TOGETHER = 100
"""Hosts that one transaction looks at."""


class Trouble(NamedTuple):
    """What does not work at this server: a kind of notice, its details, and the names that it is
    about. It is told to operators and to the owners of these names' zones."""

    kind: Kind
    details: Details
    names: Sequence[bytes] = ()


class Warner:
    """Looks every ten minutes.

    :param store: remembers of what was told.
    :param reactor: its clock says when to look.
    :param now: seconds since 1970.
    :param rules: what is told.
    :param told: called when notices may have been written.

    ``troubles`` return what does not work at the moment; whoever keeps something adds its own.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        reactor: IReactorTime,
        now: Callable[[], float],
        rules: Callable[[], NoticeRules],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._now = now
        self._rules = rules
        self._told = told
        self._looks = Looks(self._look_or_log, reactor)
        self.troubles: list[Callable[[], Sequence[Trouble]]] = []

    def start(self) -> None:
        """Look now, and go on with it."""
        self._looks.start(EVERY, now=True)

    async def stop(self) -> None:
        """Finish what was begun."""
        await self._looks.stop()

    async def _look_or_log(self) -> None:
        try:
            for find in (about_to_expire, fallen_silent, held_back):
                while await self._tell_some(find) == TOGETHER:
                    pass
            await self._tell_troubles()
        except StoreError as error:
            if not error.logged:
                self._log.error("owners cannot be told of their hosts: {error}", error=error)
        except Exception:
            self._log.failure("owners cannot be told of their hosts")

    async def _tell_some(self, find: Callable[[float, ITransaction], _Found]) -> int:
        now = self._now()
        work = partial(_tell, find, self._rules(), now)
        committed = await self._store.transact(Author("server", "warning", now), work)
        if committed.value:
            self._told()
        return committed.value

    async def _tell_troubles(self) -> None:
        now, rules = self._now(), self._rules()
        troubles = [trouble for look in self.troubles for trouble in look()]
        work = partial(_tell_all, troubles, rules, now)
        await self._store.transact(Author("server", "warning", now), work)
        if troubles:
            self._told()


class _Found(NamedTuple):
    """How much a transaction has looked at, and what is to be told of it."""

    number: int
    news: list[News]


def _tell(
    find: Callable[[float, ITransaction], _Found],
    rules: NoticeRules,
    now: float,
    transaction: ITransaction,
) -> int:
    found = find(now, transaction)
    put_news(transaction, found.news, rules, now)
    return found.number


def about_to_expire(now: float, transaction: ITransaction) -> _Found:
    """Find hosts that go offline soon and have an address, and remember that this is told."""
    hosts = transaction.hosts_to_warn(now, WARNED, TOGETHER)
    for host in hosts:
        transaction.note_warned(host.name)
    return _Found(
        len(hosts),
        [
            News(host.account, host.name, Kind.EXPIRING, {"at": host.expires})
            for host in hosts
            if any(transaction.rrset(host.zone, host.name, number) for number in ADDRESS_TYPES)
        ],
    )


def fallen_silent(now: float, transaction: ITransaction) -> _Found:
    """Find hosts that have been silent for as long as their owners wait, and remember that this is
    told."""
    silent = transaction.silent_hosts(now, TOGETHER)
    news = []
    for name in silent:
        host, word = transaction.host(name), transaction.host_word(name)
        if host is not None and word is not None:
            transaction.put_host_word(name, word._replace(silent_at=None))
            last = max((at for at in (word.v4, word.v6) if at is not None), default=None)
            details = {"days": word.days, "last": last}
            news.append(News(host.account, name, Kind.SILENT, details))
    return _Found(len(silent), news)


def held_back(now: float, transaction: ITransaction) -> _Found:
    """Find what was too much on the day that has ended, and begin another day."""
    held = transaction.held_notices(now - DAY, TOGETHER)
    for account, host, _ in held:
        transaction.put_notice_mark(account, host, "", Mark(now))
    news = [News(name, host, Kind.MORE, {"count": mark.held}) for name, host, mark in held]
    return _Found(len(held), news)


def _tell_all(
    troubles: Sequence[Trouble], rules: NoticeRules, now: float, transaction: ITransaction
) -> None:
    """Tell of troubles, each once in a time, and forget what is no reason any more not to tell
    something."""
    for trouble in troubles:
        accounts = dict.fromkeys(transaction.operator_accounts())
        for name in trouble.names:
            zone = transaction.zone_of(name)
            if zone is not None and zone.account is not None:
                accounts[zone.account] = None
        news = (News(each, None, trouble.kind, trouble.details, trouble.kind) for each in accounts)
        put_news(transaction, news, rules, now)
    transaction.forget_notice_marks(now - max(rules.quiet, DAY))
