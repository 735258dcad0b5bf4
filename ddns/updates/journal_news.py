"""Follows the journal for what owners want to hear of: changed addresses, blocked accounts.

How far it has come is kept in the database, in the transaction that writes the notices. So a
restart repeats nothing, and loses nothing that the journal still has.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ddns.model.journal import Author, Event, EventKind, unpack_values
from ddns.model.notices import Kind
from ddns.model.records import ADDRESS_TYPES, address_to_text, type_to_text
from ddns.policy.notices import NoticeRules, shortened
from ddns.store.interfaces import IReading, IStore, ITransaction, JournalTrimmed, StoreError
from ddns.updates.noticing import News, put_news

READER = "notices"
"""How the store calls this reader of the journal."""

LATER = 2.0
"""Seconds after which a commit is looked at: by then the log of requests knows of it."""

AT_ONCE = 500
"""Events that are read at once."""

UNWRITTEN = 10_000
"""Events without news that are read before the position is written down."""

ENOUGH = 10
"""Requests of a host in which that by which it was changed is looked for."""


class JournalNews:
    """Writes notices of what commits have changed.

    :param store: whose journal is followed.
    :param reactor: its clock says when.
    :param now: seconds since 1970.
    :param rules: what is told.
    :param flush_requests: has the log of requests written.
    :param told: called when notices may have been written.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        reactor: IReactorTime,
        now: Callable[[], float],
        rules: Callable[[], NoticeRules],
        flush_requests: Callable[[], Awaitable[None]],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._now = now
        self._rules = rules
        self._flush_requests = flush_requests
        self._told = told
        self._position = self._written = 0
        self._timer: IDelayedCall | None = None
        self._looking: Deferred[None] | None = None
        self._running = False

    async def start(self) -> None:
        """Go on where the last process ended."""
        position = await self._store.read(lambda reading: reading.journal_position(READER))
        self._position = self._written = position
        self._running = True
        self._store.subscribe(self.committed)
        self._look_later()

    async def stop(self) -> None:
        """Look at what is there, for the last time."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looking is not None:
            await self._looking
        await self._look_or_log()
        if self._position != self._written:
            await self._note_or_log()

    def committed(self, events: Sequence[Event]) -> None:
        """Look at a commit soon, if there may be anything in it."""
        if self._timer is None and self._running and any(map(_may_be_news, events)):
            self._look_later()

    def _look_later(self) -> None:
        self._timer = self._reactor.callLater(LATER, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._looking is not None:  # the look that goes on reads to the end
            self._look_later()
            return
        self._looking = ensureDeferred(self._look_or_log())
        self._looking.addBoth(self._looked)

    def _looked(self, result: object) -> None:
        self._looking = None

    async def _look_or_log(self) -> None:
        try:
            while await self._read_some():
                pass
        except StoreError as error:
            if not error.logged:
                self._log.error("owners cannot be told of changes: {error}", error=error)
            if self._running and self._timer is None:
                self._look_later()
        except Exception:
            self._log.failure("owners cannot be told of changes")

    async def _read_some(self) -> bool:
        try:
            events = await self._store.changes_since(self._position, AT_ONCE)
        except JournalTrimmed as error:
            self._position = self._store.stats().position
            self._log.warn("owners are not told of older changes: {error}", error=error)
            return False
        if not events:
            return False
        last = events[-1].position
        wanted = [event for event in events if _may_be_news(event)]
        owners = {event.owner for event in wanted if event.owner is not None}
        if owners:
            owners = await self._store.read(lambda reading: reading.tells_changes(owners))
        wanted = [one for one in wanted if one.owner is None or one.owner in owners]
        if wanted:
            await self._flush_requests()
            work = partial(_tell, wanted, last, self._rules(), self._now())
            await self._store.transact(self._author(), work)
            self._written = last
            self._told()
        self._position = last
        if last - self._written > UNWRITTEN:
            await self._note()
        return len(events) == AT_ONCE

    async def _note(self) -> None:
        position = self._position
        work = partial(_note_position, position)
        await self._store.transact(self._author(), work)
        self._written = position

    async def _note_or_log(self) -> None:
        try:
            await self._note()
        except StoreError as error:
            self._log.error("it is not known until where owners were told: {error}", error=error)

    def _author(self) -> Author:
        return Author("server", READER, self._now())


def _note_position(position: int, transaction: ITransaction) -> None:
    transaction.put_journal_position(READER, position)


def _may_be_news(event: Event) -> bool:
    """Return whether an event has a changed address or a block."""
    if event.kind is EventKind.RRSET:
        return event.type in ADDRESS_TYPES
    return event.kind is EventKind.ACCOUNT and event.after is not None and _is_blocked(event)


def _is_blocked(event: Event) -> bool:
    before, after = (json.loads(side or b"{}").get("block") for side in (event.before, event.after))
    return after is not None and before != after


def _tell(
    events: Sequence[Event],
    position: int,
    rules: NoticeRules,
    now: float,
    transaction: ITransaction,
) -> None:
    news = [one for event in events if (one := _news_of(event, transaction)) is not None]
    put_news(transaction, news, rules, now)
    transaction.put_journal_position(READER, position)


def _news_of(event: Event, reading: IReading) -> News | None:
    if event.kind is EventKind.ACCOUNT:
        block = json.loads(event.after or b"{}")["block"]
        why = {"reason": "blocked", "why": block["reason"], "until": block["until"]}
        quiet = "blocked" if event.author.via == "abuse" else ""
        return News(event.subject, None, Kind.REFUSED, {**why, "at": event.author.at}, quiet)
    host = reading.host(event.owner or b"")
    old, new = _addresses(event, event.before), _addresses(event, event.after)
    if host is None or old == new or event.author.at < host.created:
        return None
    change = {"type": type_to_text(event.type or 0), "old": old, "new": new}
    details = {"changes": [change], **_client(event, reading)}
    return News(host.account, host.name, Kind.CHANGED, details)


def _addresses(event: Event, side: bytes | None) -> list[str]:
    if side is None:
        return []
    rrset = unpack_values(event.owner or b"", event.type or 0, side)
    return shortened(map(address_to_text, rrset.rdatas))


def _client(event: Event, reading: IReading) -> dict[str, Any]:
    """Return by whom something was changed, and by which client, if its request is still kept."""
    author = event.author
    found = {"at": author.at, "who": author.who, "via": author.via}
    for _, entry in reading.requests_of_host(event.owner or b"", ENOUGH):
        if entry.at == author.at and entry.dialect == author.via:
            return {**found, "peer": entry.peer, "agent": entry.agent}
    return found
