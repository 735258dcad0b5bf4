"""Walk over the records of zones without holding anything up."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.store.interfaces import StoreClosed, StoreError
from ddns.store.scanning import IScan, Scanned

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
    :param timeout: seconds between two calls of :meth:`next` after which the view is given up
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
        self._rows: Any = None
        self._within = False  # the first of the zones has been begun
        self._clock = clock
        self._timeout = timeout
        self._timer: IDelayedCall | None = None
        self._given_up = False

    def next(self, most: int = 1000) -> Deferred[list[Scanned]]:
        self._stop_timer()
        return self._in_reader(partial(self._next, most)).addCallback(self._start_timer)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _start_timer(self, scanned: list[Scanned]) -> list[Scanned]:
        # As long as a view is open, the write-ahead log can only grow: a checkpoint has to keep
        # what the view may still read.
        self._stop_timer()
        self._timer = self._clock.callLater(self._timeout, self._give_up)
        return scanned

    def _give_up(self) -> None:
        self._given_up = True
        self.close()

    def _next(self, most: int) -> list[Scanned]:
        if self._given_up:
            raise StoreError("whoever reads the zone is too slow")
        if self._rows is None:
            self._view = self._open_view()
            self._rows = self._view.__enter__().cursor()
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
        self._view = self._rows = None
