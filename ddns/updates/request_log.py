"""The last requests of each host, so that its owner can see why it is not updated.

A request costs a place in memory; the database is written now and then, with all that came
meanwhile. Requests beyond the places in memory are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ddns.config.settings import RequestsSettings
from ddns.model.journal import Author
from ddns.model.request_log import (
    UNKNOWN,
    Arrival,
    LoggedRequest,
    logged_request,
    should_log,
)
from ddns.model.update import Outcome, Update
from ddns.store.interfaces import IStore, ITransaction, StoreError


class RequestLog:
    """Keeps requests until they are written.

    :param store: where they are written.
    :param clock: the reactor's, for when.
    :param settings: how many are kept, in memory and in the database.

    ``left_out`` counts requests that were to be kept and were not.
    """

    _log = Logger()

    def __init__(self, store: IStore, clock: IReactorTime, settings: RequestsSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._waiting: list[LoggedRequest] = []
        self._listeners: dict[object, Callable[[LoggedRequest], None]] = {}
        self._timer: IDelayedCall | None = None
        self._writing = 0  # transactions that have not ended
        self.left_out = 0

    def apply(self, settings: RequestsSettings) -> None:
        """Use these settings, also for what waits already."""
        self._settings = settings

    def subscribe(self, listener: Callable[[LoggedRequest], None]) -> Callable[[], None]:
        """Call *listener* with each request that is kept, as soon as it is answered, until the
        returned function is called."""
        mark = object()
        self._listeners[mark] = listener

        def end() -> None:
            self._listeners.pop(mark, None)

        return end

    def wants(self, update: Update, outcome: Outcome) -> bool:
        """Return whether to :meth:`add` a request; most are refused before they cost anything."""
        if not self._settings.per_host or not should_log(update, outcome):
            return False
        if len(self._waiting) >= self._settings.waiting:
            self.left_out += 1
            return False
        return True

    def add(
        self,
        update: Update,
        outcome: Outcome,
        asked: str,
        answer: str,
        arrival: Arrival = UNKNOWN,
    ) -> None:
        """Keep what a client asked and was told."""
        request = logged_request(update, outcome, asked, answer, arrival)
        self._waiting.append(request)
        for listener in tuple(self._listeners.values()):
            listener(request)
        if self._timer is None:
            self._timer = self._clock.callLater(self._settings.write_time, self._write)

    def _write(self) -> None:
        self._timer = None
        ensureDeferred(self.flush())

    async def flush(self) -> None:
        """Write what waits; whoever reads next sees it, and what is being written already."""
        if not (self._waiting or self._writing):
            return
        requests, self._waiting = self._waiting, []
        author = Author("server", "requests", requests[-1].entry.at if requests else 0.0)
        self._writing += 1
        try:
            await self._store.transact(author, partial(_log_requests, requests, self._settings))
        except StoreError as error:
            self.left_out += len(requests)
            if not error.logged:
                self._log.error("requests cannot be logged: {error}", error=error)
        finally:
            self._writing -= 1

    async def stop(self) -> None:
        """Write what waits, for the last time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.flush()


def _log_requests(
    requests: Sequence[LoggedRequest], settings: RequestsSettings, transaction: ITransaction
) -> None:
    transaction.log_requests(requests, settings.per_host, settings.failed_per_host, settings.rows)
