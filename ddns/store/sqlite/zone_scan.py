"""Walk over the records of zones without holding anything up."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.store.interfaces import IReading, StoreClosed, StoreError
from ddns.store.scanning import IScan, Scanned
from ddns.store.sqlite.reader import Reader

T = TypeVar("T")

_ROWS = (
    "select owner, type, ttl, rdatas from rrset"
    " where zone = (select id from zone where origin = ?) order by owner, type"
)


@implementer(IScan)
class ZoneScan:
    """The rows of zones, from one connection, which is open as long as the scan.

    :param view: opens the view
    :param zones: the origins
    :param in_reader: runs a function in the reader's thread
    :param timeout: seconds between two calls after which the view is given up
    """

    def __init__(
        self,
        view: Callable[[], AbstractContextManager[sqlite3.Connection]],
        zones: Sequence[bytes],
        in_reader: Callable[[Callable[[], Any]], Deferred[Any]],
        clock: IReactorTime,
        timeout: float,
    ) -> None:
        self._open_view = view
        self._zones = deque(zones)
        self._in_reader = in_reader
        self._view: Any = None
        self._connection: Any = None
        self._rows: Any = None
        self._within = False  # the first of the zones has been begun
        self._clock = clock
        self._timeout = timeout
        self._timer: IDelayedCall | None = None
        self._given_up = False

    def next(self, most: int = 1000) -> Deferred[list[Scanned]]:
        return self._in_view(partial(self._next, most))

    def read(self, work: Callable[[IReading], T]) -> Deferred[T]:
        return self._in_view(lambda connection: work(Reader(connection)))

    def _in_view(self, look: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        self._stop_timer()
        return self._in_reader(partial(self._look, look)).addCallback(self._start_timer)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _start_timer(self, result: T) -> T:
        # As long as a view is open, the write-ahead log can only grow: a checkpoint has to keep
        # what the view may still read.
        self._stop_timer()
        self._timer = self._clock.callLater(self._timeout, self._give_up)
        return result

    def _give_up(self) -> None:
        self._given_up = True
        self.close()

    def _look(self, look: Callable[[sqlite3.Connection], T]) -> T:
        if self._given_up:
            raise StoreError("whoever reads the zone is too slow")
        if self._view is None:
            self._view = self._open_view()
            self._connection = self._view.__enter__()
        return look(self._connection)

    def _next(self, most: int, connection: sqlite3.Connection) -> list[Scanned]:
        if self._rows is None:
            self._rows = connection.cursor()
        scanned = []
        while most and self._zones:
            zone = self._zones[0]
            if not self._within:
                self._rows.execute(_ROWS, (zone,))
            rows = self._rows.fetchmany(most)
            last = len(rows) < most
            scanned.append(Scanned(zone, rows, last))
            most -= len(rows)
            self._within = not last
            if last:
                self._zones.popleft()
        return scanned

    def close(self) -> Deferred[None]:
        self._stop_timer()
        closed = self._in_reader(self._close)
        closed.addErrback(self._close_here)
        return closed

    def _close_here(self, failure: Failure) -> None:
        """Close the view in this thread: the store is closed, and the reader's thread has ended."""
        failure.trap(StoreClosed)
        self._close()

    def _close(self) -> None:
        if self._view is not None:
            self._view.__exit__(None, None, None)
        self._view = self._connection = self._rows = None
