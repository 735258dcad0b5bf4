"""Sends notices that wait in the store, until they are there or too old.

What is sent is removed after it was sent, so a crash in between sends it once more. One timer waits
for what is due next. Mails of an account, and what goes to one target, are sent one after the
other; after a failure all of them wait, for pauses that grow, and hold up nobody else.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ddns.model.journal import Author
from ddns.model.notices import Notice, Way
from ddns.policy.notices import NoticeRules, pause
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError

AT_ONCE = {Way.MAIL: 4, Way.WEBHOOK: 8, Way.APPRISE: 2}
"""Notices, or mails of several, that are sent at the same time."""

READ = 100
"""Notices that are read at once."""

IN_A_MAIL = 50
"""Notices of a kind that are one mail."""

WRITE = 0.2
"""Seconds in which results are collected before they are written."""

AGAIN = 5.0
"""Seconds after which the store is asked again that has failed."""

LOOK = 3600.0
"""Seconds after which there is a look at the latest: the clock may be set."""

STEP = 0.05
"""Seconds between two checks whether the last ones have gone."""


class NotDelivered(Exception):
    """A notice did not arrive; ``str()`` says why in one line for its owner. ``for_good`` says that
    it never will."""

    def __init__(self, reason: str, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


Deliver = Callable[[Sequence[Notice]], Awaitable[None]]
"""Sends notices of a kind to one place; raises :class:`NotDelivered`."""


class _Ended(NamedTuple):
    """An attempt and what came of it."""

    notices: Sequence[Notice]
    error: NotDelivered | None


class Courier:
    """Sends notices.

    :param store: has them.
    :param reactor: for pauses.
    :param now: seconds since 1970.
    :param rules: say when they are given up.
    :param deliver: sends them, by way.
    :param random: returns a number from 0 to 1.

    ``counts`` is how many notices became what, by way and ``delivered``, ``failed`` (to be tried
    again) or ``given_up``.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        reactor: IReactorTime,
        now: Callable[[], float],
        rules: Callable[[], NoticeRules],
        deliver: Mapping[Way, Deliver],
        random: Callable[[], float],
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._now = now
        self._rules = rules
        self._deliver = deliver
        self._random = random
        self._busy: set[tuple[Way, str]] = set()
        self._ended: list[_Ended] = []
        self._timer: IDelayedCall | None = None
        self._writing: IDelayedCall | None = None
        self._looking = self._again = False
        self._running = False
        self.counts = Counter({(way, what): 0 for way in Way for what in _WHAT})

    async def start(self) -> None:
        """Send what is due already, and go on with it."""
        now = self._now()
        try:
            await self._store.transact(
                Author("server", "clock", now), lambda transaction: transaction.limit_notices(now)
            )
        except StoreError as error:
            self._log.error("notices may have to wait: {error}", error=error)
        self._running = True
        self.wake()

    def wake(self) -> None:
        """Look for what is due."""
        self._look_in(0.0)

    async def stop(self, stop_time: float) -> None:
        """Begin nothing more; give what is being sent *stop_time* seconds. What is not there by
        then is sent once more after the next start."""
        self._running = False
        deadline = self._reactor.seconds() + stop_time
        while len(self._busy) > len(self._ended) and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, STEP)
        for timer in (self._timer, self._writing):
            if timer is not None:
                timer.cancel()
        self._timer = self._writing = None
        await self._write()

    # Looking -----------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        if not self._running:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._looking:
            self._again = True
        else:
            self._looking = True
            ensureDeferred(self._look_or_log())

    async def _look_or_log(self) -> None:
        wait = AGAIN
        try:
            wait = await self._begin_what_is_due()
        except StoreError as error:
            if not error.logged:
                self._log.error("notices cannot be sent: {error}", error=error)
        except Exception:
            self._log.failure("notices cannot be sent")
        self._looking = False
        if self._again:
            self._again, wait = False, 0.0
        if self._timer is None:
            self._look_in(wait)

    async def _begin_what_is_due(self) -> float:
        """Begin to send some of what is due; return after how many seconds to look again."""
        now = self._now()
        has_begun = False
        for way, lanes in self._free().items():
            found = await self._store.read(partial(_due, way, now, lanes))
            for notices in _together(found)[: AT_ONCE[way] - len(lanes)]:
                self._busy.add((way, notices[0].lane))
                ensureDeferred(self._send(way, notices))
                has_begun = True
        if has_begun:
            return 0.0
        # What finds no place waits for what is being sent, whose end looks again.
        free = self._free()
        due = await self._store.read(lambda reading: reading.next_notice(free))
        return LOOK if due is None else min(max(due - now, STEP), LOOK)

    def _free(self) -> dict[Way, list[str]]:
        """Return the ways in which something can be sent, with the lanes that are busy."""
        lanes = {way: [lane for of, lane in self._busy if of is way] for way in AT_ONCE}
        return {way: busy for way, busy in lanes.items() if len(busy) < AT_ONCE[way]}

    async def _send(self, way: Way, notices: Sequence[Notice]) -> None:
        error: NotDelivered | None = None
        try:
            await self._deliver[way](notices)
        except NotDelivered as raised:
            error = raised
        except Exception as raised:  # its frames may hold secrets
            self._log.error(
                "a notice was not sent by {way}: {kind}", way=way, kind=type(raised).__name__
            )
            error = NotDelivered("something that was not foreseen")
        self._ended.append(_Ended(notices, error))
        if self._writing is None and self._running:
            self._writing = self._reactor.callLater(WRITE, self._write_soon)

    # What came of it ---------------------------------------------------------------------------

    def _write_soon(self) -> None:
        self._writing = None
        ensureDeferred(self._write())

    async def _write(self) -> None:
        ended, self._ended = self._ended, []
        if not ended:
            return
        now = self._now()
        work = partial(_write_results, ended, self._rules(), now, self._random())
        try:
            committed = await self._store.transact(Author("server", "notices", now), work)
        except StoreError as error:
            if not error.logged:
                self._log.error("it cannot be noted what was sent: {error}", error=error)
            self._ended += ended  # and their lanes are busy until it is
            if self._writing is None and self._running:
                self._writing = self._reactor.callLater(AGAIN, self._write_soon)
            return
        self.counts.update(committed.value)
        for one in ended:
            self._busy.discard((one.notices[0].way, one.notices[0].lane))
        self.wake()


_WHAT = ("delivered", "failed", "given_up")


def _due(way: Way, now: float, lanes: Sequence[str], reading: IReading) -> list[Notice]:
    return reading.due_notices(way, now, lanes, READ)


def _together(notices: Sequence[Notice]) -> list[list[Notice]]:
    """Return what is sent at once, for each lane: its first notice, and in a mail all that are of
    the same kind."""
    found: dict[str, list[Notice]] = {}
    for notice in notices:
        first = found.setdefault(notice.lane, [])
        is_alike = notice.way is Way.MAIL and first and notice.kind is first[0].kind
        if not first or (is_alike and len(first) < IN_A_MAIL):
            first.append(notice)
    return list(found.values())


def _write_results(
    ended: Sequence[_Ended],
    rules: NoticeRules,
    now: float,
    jitter: float,
    transaction: ITransaction,
) -> Counter[tuple[Way, str]]:
    """Remove what was sent and what is given up, and let the rest wait; return how many there were
    of each."""
    counts: Counter[tuple[Way, str]] = Counter()
    for notices, error in ended:
        given_up = 0
        for notice in notices:
            is_old = now - notice.created >= rules.give_up
            is_over = error is not None and (error.for_good or is_old)
            given_up += is_over
            if error is None or is_over:
                transaction.change_notice(notice.id, None)
        first = notices[0]
        counts[first.way, "given_up"] += given_up
        counts[first.way, "delivered" if error is None else "failed"] += len(notices) - given_up
        if error is not None and not error.for_good:
            attempts = max(notice.attempts for notice in notices) + 1
            due = now + pause(attempts, jitter)
            transaction.put_off_notices(dataclasses.replace(first, attempts=attempts, due=due))
        _note_target(transaction, first.target, error, now, given_up)
    return counts


def _note_target(
    transaction: ITransaction,
    number: int | None,
    error: NotDelivered | None,
    now: float,
    given_up: int,
) -> None:
    target = None if number is None else transaction.notice_target(number)
    if target is None:
        return
    if error is None:
        if target.failing is not None:
            transaction.note_notice_target(target.id, None, "", 0)
    else:
        failing = now if target.failing is None else target.failing
        transaction.note_notice_target(target.id, failing, str(error), given_up)
