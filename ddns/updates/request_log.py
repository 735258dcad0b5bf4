"""The last requests of each host, so that its owner can see why it is not updated.

A request costs a place in memory; the database is written now and then, all that came meanwhile in
one go. When so many come that there is no room for more until then, the rest is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, logged_request, should_log
from ddns.model.update import Outcome, Update
from ddns.store.interfaces import IStore, ITransaction, StoreError

Exchange = Callable[[], tuple[str, str]]
"""What a client asked and was told."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How many requests are kept of a host and of an account, and how many of those whose
    credentials were wrong; how many in all; how many may wait for *write_time*, in seconds, to be
    written. Keeping none of a host switches the log off."""

    per_host: int = 20
    failed_per_host: int = 5
    rows: int = 200_000
    waiting: int = 1000
    write_time: float = 1.0


class RequestLog:
    """*clock* is the reactor's. ``left_out`` counts what was worth keeping and is not kept."""

    _log = Logger()

    def __init__(self, store: IStore, clock: IReactorTime, limits: RequestLimits) -> None:
        self._store = store
        self._clock = clock
        self.limit(limits)
        self._waiting: list[LoggedRequest] = []
        self._timer: IDelayedCall | None = None
        self._failed = False
        self.left_out = 0

    def limit(self, limits: RequestLimits) -> None:
        """From now on these limits hold."""
        self._limits = limits
        self._room = limits.waiting if limits.per_host else 0

    def note(self, update: Update, outcome: Outcome, exchange: Exchange) -> None:
        """Keep what a client asked and was told: *exchange* gives both."""
        if not self._room or not should_log(update, outcome):
            return
        if len(self._waiting) >= self._room:
            self.left_out += 1
            return
        self._waiting.append(logged_request(update, outcome, *exchange()))
        if self._timer is None:
            self._timer = self._clock.callLater(self._limits.write_time, self._write)

    def _write(self) -> None:
        self._timer = None
        ensureDeferred(self.flush())

    async def flush(self) -> None:
        """Write what waits; whoever reads next sees it."""
        if not self._waiting:
            return
        requests, self._waiting = self._waiting, []
        author = Author("server", "requests", requests[-1].entry.at)
        try:
            await self._store.transact(author, partial(_log_requests, requests, self._limits))
        except StoreError as error:
            self.left_out += len(requests)
            if not self._failed:  # it may go on like this for long
                self._log.error("requests cannot be logged: {error}", error=error)
            self._failed = True
        else:
            self._failed = False

    async def stop(self) -> None:
        """Write what waits, for the last time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.flush()


def _log_requests(
    requests: Sequence[LoggedRequest], limits: RequestLimits, transaction: ITransaction
) -> None:
    transaction.log_requests(requests, limits.per_host, limits.failed_per_host, limits.rows)
