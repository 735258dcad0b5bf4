"""Walking over a zone's records without holding anything up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.model.rows import Row
from ddns.store.interfaces import IScan, StoreClosed, StoreError
from ddns.store.sqlite import database

T = TypeVar("T")


@implementer(IScan)
class ZoneScan:
    """Rows of one zone."""

    def __init__(
        self,
        path: Path,
        zone: bytes,
        in_reader: Callable[[Callable[[], Any]], Deferred[Any]],
        clock: IReactorTime,
        patience: float,
    ) -> None:
        self._path = path
        self._zone = zone
        self._in_reader = in_reader
        self._view: Any = None
        self._rows: sqlite3.Cursor | None = None
        self._clock = clock
        self._patience = patience
        self._timer: IDelayedCall | None = None
        self._given_up = False

    def next(self, most: int = 1000) -> Deferred[list[Row]]:
        self._wait(None)
        return self._in_reader(partial(self._next, most)).addCallback(self._wait)

    def _wait(self, rows: T) -> T:
        """Wait for as long as patience goes, or, where there are no rows yet, no longer."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None if rows is None else self._clock.callLater(self._patience, self._give_up)
        return rows

    def _give_up(self) -> None:
        """Let the view go: as long as it is there, the write-ahead log can only grow."""
        self._given_up = True
        self.close()

    def _next(self, most: int) -> list[Row]:
        if self._given_up:
            raise StoreError("whoever reads the zone is too slow")
        if self._rows is None:
            self._view = database.view(self._path)
            self._rows = self._view.__enter__().execute(
                "select owner, type, ttl, rdatas from rrset"
                " where zone = (select id from zone where origin = ?) order by owner, type",
                (self._zone,),
            )
        return self._rows.fetchmany(most)

    def close(self) -> Deferred[None]:
        self._wait(None)
        closed = self._in_reader(self._close)
        closed.addErrback(self._close_here)
        return closed

    def _close_here(self, failure: Failure) -> None:
        """The store has been closed, and its reader's thread is no more."""
        failure.trap(StoreClosed)
        self._close()

    def _close(self) -> None:
        if self._view is not None:
            self._view.__exit__(None, None, None)
        self._view = self._rows = None
