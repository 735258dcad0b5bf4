"""Listens to what clients of hosts tell: which families of addresses, and what they are refused.

A word costs a place in memory; the database is written now and then, and only for hosts whose
silence somebody wants to be told of. A stop writes what waits; what a crash loses is told again by
the next word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from cachetools import FIFOCache
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ddns.model.journal import Author
from ddns.model.notices import Kind
from ddns.model.records import AAAA, ADDRESS_TYPES, A, type_to_text
from ddns.model.text import printable
from ddns.model.update import (
    SUCCESSES,
    Change,
    Outcome,
    Remove,
    Renumber,
    Replace,
    Result,
    Status,
    Update,
)
from ddns.policy.notices import NOTED_EVERY, NoticeRules, Told, heard
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.looks import Looks
from ddns.updates.noticing import News, put_news
from ddns.updates.record_update import RecordUpdate

EVERY = 60.0
"""Seconds between two times of writing."""

TOGETHER = 200
"""Words that one transaction writes."""

MAX_WAITING = 20_000
"""Words, and hosts with refusals, that are kept in memory; others are left to the next word."""


class Hearing:
    """Notes words and refusals, and writes each minute what is to be kept of them.

    :param store: where it is written.
    :param reactor: its clock says when.
    :param rules: what is told.
    :param told: called when notices may have been written.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        reactor: IReactorTime,
        rules: Callable[[], NoticeRules],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._rules = rules
        self._told = told
        self._waiting: dict[bytes, Told] = {}
        self._noted: FIFOCache[bytes, tuple[float, frozenset[int]]] = FIFOCache(MAX_WAITING)
        self._refusals: FIFOCache[tuple[str, bytes], int] = FIFOCache(MAX_WAITING)
        self._news: list[News] = []
        self._looks = Looks(self._write_or_log, reactor)

    def start(self) -> None:
        """Begin to write."""
        self._looks.start(EVERY, now=False)

    async def stop(self) -> None:
        """Write what waits, for the last time."""
        await self._looks.stop()
        await self._write_or_log()

    async def flush(self) -> None:
        """Write what waits."""
        await self._looks.once()

    # What comes --------------------------------------------------------------------------------

    def update(self, update: Update, outcome: Outcome) -> None:
        """Note an update."""
        if outcome.user is None:
            return
        results: Iterable[Result] = outcome.results
        if outcome.refusal is not None:
            results = [Result(change, outcome.refusal) for change in update.changes]
        for result in results:
            name = result.change.name
            if name is None:
                continue
            if result.status in SUCCESSES:
                if self._refusals:
                    self._refusals.pop((outcome.user, name), None)
                self._word(name, _told_by(result.change, update.at), update.at)
            elif result.status is not Status.FAILED:
                self._refused(outcome.user, name, result.status, update)

    def records(self, asked: RecordUpdate) -> None:
        """Note a change of records that was made."""
        for owner, number in asked.touched_rrsets():
            if number in ADDRESS_TYPES:
                self._word(owner, {number: asked.at}, asked.at)

    def _word(self, name: bytes, told: Told, at: float) -> None:
        families = frozenset(number for number, when in told.items() if when is not None)
        noted = self._noted.get(name)
        if noted is not None and noted[1] == families and 0 <= at - noted[0] < NOTED_EVERY:
            return
        if name in self._waiting or len(self._waiting) < MAX_WAITING:
            self._waiting[name] = {**self._waiting.get(name, {}), **told}
            self._noted[name] = at, families

    def _refused(self, account: str, name: bytes, status: Status, update: Update) -> None:
        count = self._refusals.get((account, name), 0) + 1
        self._refusals[account, name] = count
        if count == self._rules().refusals and len(self._news) < MAX_WAITING:
            agent = printable(update.agent)[:100]
            client = {"via": update.dialect, "peer": update.peer, "agent": agent}
            why = {"reason": "updates", "count": count, "why": status.value, "at": update.at}
            self._news.append(News(account, name, Kind.REFUSED, {**why, **client}, "updates"))
        elif count > self._rules().refusals:
            self._refusals[account, name] = 1  # it is told again if it goes on

    # What is written ---------------------------------------------------------------------------

    async def _write_or_log(self) -> None:
        try:
            while self._waiting or self._news:
                await self._write_some()
        except StoreError as error:
            if not error.logged:
                self._log.error("words of hosts cannot be kept: {error}", error=error)
        except Exception:
            self._log.failure("words of hosts cannot be kept")

    async def _write_some(self) -> None:
        words = {name: self._waiting.pop(name) for name in list(self._waiting)[:TOGETHER]}
        news, self._news = self._news[:TOGETHER], self._news[TOGETHER:]
        if not news:
            watched = await self._store.read(
                lambda reading: {name for name in words if reading.host_word(name) is not None}
            )
            words = {name: words[name] for name in watched}
        at = max((when for told in words.values() for when in told.values() if when), default=0.0)
        at = max([at, *(one.details["at"] for one in news)])
        if words or news:
            work = partial(_write, words, news, self._rules(), at)
            committed = await self._store.transact(Author("server", "hearing", at), work)
            if committed.value:
                self._told()


def _told_by(change: Change, at: float) -> Told:
    """Return of which families a change told an address, or took it away."""
    told: Told = {}
    for edit in change.edits:
        if isinstance(edit, Renumber):
            told[AAAA] = at
        elif isinstance(edit, Replace | Remove) and edit.type in ADDRESS_TYPES and not edit.prefix:
            told[edit.type] = at if isinstance(edit, Replace) and edit.rdatas else None
    return told


def _write(
    words: Mapping[bytes, Told],
    news: list[News],
    rules: NoticeRules,
    now: float,
    transaction: ITransaction,
) -> bool:
    """Write words and notices; return whether there were any of the latter."""
    found = []
    for one in news:
        host = transaction.host(one.host or b"")
        if host is not None and host.account == one.account:
            found.append(one)
    for name, told in words.items():
        before, host = transaction.host_word(name), transaction.host(name)
        if before is None or host is None:
            continue
        word, stopped = heard(before, told, rules.family)
        transaction.put_host_word(name, word)
        if stopped:
            details = {"family": type_to_text(stopped), "last": _last(word.v4, word.v6, stopped)}
            found.append(News(host.account, name, Kind.FAMILY, details))
    put_news(transaction, found, rules, now)
    return bool(found)


def _last(v4: float | None, v6: float | None, stopped: int) -> float | None:
    return v4 if stopped == A else v6
