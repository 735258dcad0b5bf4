"""The one door to updates, for HTTP, miniupdate and whatever an embedder listens on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from dns.rcode import SERVFAIL
from twisted.internet.defer import Deferred

from ddns.model.counters import UpdateCounts
from ddns.model.update import Outcome, Status, Update
from ddns.system.latch import Latch
from ddns.updates.door import Door
from ddns.updates.record_update import RecordUpdate
from ddns.updates.request_log import RequestLog
from ddns.updates.signed_update import DIALECT


class Pipeline:
    """Has updates performed once everything is loaded, and counts them in ``counts``.

    :param perform: the steps, :meth:`ddns.updates.updater.Updater.perform`.
    :param perform_records: those of changes of records,
        :meth:`ddns.updates.record_updater.RecordUpdater.perform`.
    :param now: seconds since 1970, for whoever makes an Update.
    :param requests: the log in which callers note what a client asked and was told.
    :param clock: monotonic, for how long updates take.

    ``heard`` is told of each update and what came of it, ``heard_records`` of each change of
    records that was made, ``door`` of connections that came to nothing. ``between`` is called
    before and after each update. Many may be performed in one turn of the reactor; a server reads
    its UDP sockets there, so that queries wait for one update at most.
    """

    def __init__(
        self,
        perform: Callable[[Update], Awaitable[Outcome]],
        perform_records: Callable[[RecordUpdate], Awaitable[Outcome]],
        now: Callable[[], float],
        requests: RequestLog | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = now
        self.requests = requests
        self.door = Door(now)
        self.counts = UpdateCounts(
            ("miniupdate", DIALECT)
        )  # resources add the dialects that they speak
        self.between: Callable[[], None] = lambda: None
        self.heard: Callable[[Update, Outcome], None] = lambda update, outcome: None
        self.heard_records: Callable[[RecordUpdate], None] = lambda asked: None
        self._perform = perform
        self._perform_records = perform_records
        self._clock = clock
        self._loaded = Latch()
        self._closed = False

    def open(self) -> None:
        """Perform what waits: everything has been loaded."""
        self._loaded.open()

    def close(self) -> None:
        """Fail what waits and what is still to come: nothing is loaded, or nothing is any more."""
        self._closed = True
        self._loaded.open()

    def loaded(self) -> Deferred[None]:
        """Return a Deferred that fires when everything is loaded, or will never be."""
        return self._loaded.wait()

    async def perform(self, update: Update) -> Outcome:
        """Perform an update as soon as everything is loaded, and count its outcome."""
        outcome = await self._let_in(update.dialect, lambda: self._perform(update))
        self.heard(update, outcome)
        return outcome

    async def perform_records(self, asked: RecordUpdate) -> Outcome:
        """Change records in the same way, and note it in the log of requests. Nothing was changed
        if there is a ``refusal``."""
        outcome = await self._let_in(asked.dialect, lambda: self._perform_records(asked))
        if outcome.refusal is None and not outcome.rcode:
            self.heard_records(asked)
        requests = self.requests
        if requests is not None and requests.wants(asked.update, outcome):
            requests.add(asked.update, outcome, asked.shown(), asked.told(outcome))
        return outcome

    async def _let_in(self, dialect: str, perform: Callable[[], Awaitable[Outcome]]) -> Outcome:
        began = self._clock()
        if not self._loaded.is_open:
            # An empty directory would say badauth, and many clients stop for good when told so.
            await self._loaded.wait()
        if self._closed:
            outcome = Outcome(Status.FAILED, rcode=SERVFAIL)
        else:
            self.between()
            outcome = await perform()
            self.between()
        self.counts.performed(dialect, outcome, self._clock() - began)
        return outcome
