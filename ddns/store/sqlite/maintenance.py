"""Long reads of a whole database beside its server: in a thread of their own, one at a time, with
so many pauses that neither updates nor queries notice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool

from ddns.store.interfaces import StoreClosed, StoreError
from ddns.store.results import Checked, Copied
from ddns.store.sqlite import database
from ddns.store.sqlite.backup import copy
from ddns.store.sqlite.check import check
from ddns.system.threads import LowPriorityPool

T = TypeVar("T")

PAUSE = 0.001
"""Seconds between two steps, about as long as a step takes."""


class Maintenance:
    """Backups and checks of the open database of which *view* opens a view; *reactor* provides
    IReactorFromThreads."""

    def __init__(
        self, reactor: Any, view: Callable[[], AbstractContextManager[sqlite3.Connection]]
    ) -> None:
        self._reactor = reactor
        self._view = view
        self._pool = LowPriorityPool(0, 1, "ddns-store-upkeep")
        self._ending = threading.Event()

    def start(self) -> None:
        """Be ready for work; the thread starts with the first."""
        self._pool.start()

    def stop(self) -> None:
        """Abort what is being done, and refuse everything further."""
        self._ending.set()
        self._pool.stop()

    def back_up(self, to: Path, replace: bool) -> Deferred[Copied]:
        """See :meth:`ddns.store.interfaces.IStore.back_up`."""
        return self._begin(partial(copy, to=to, replace=replace, pause=self._pause))

    def check(self) -> Deferred[Checked]:
        """See :meth:`ddns.store.interfaces.IStore.check`."""
        return self._begin(partial(check, pause=self._pause))

    def _begin(self, work: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        def run() -> T:
            try:
                with self._view() as connection:
                    connection.set_progress_handler(self._give_way, database.LONG_STATEMENT)
                    return work(connection)
            except sqlite3.Error as error:
                raise StoreError(f"the database cannot do it: {error}") from error
            except OSError as error:
                raise StoreError(f"{error.filename or 'the file'}: {error.strerror}") from error

        if self._ending.is_set():
            return fail(StoreClosed("the store is closed"))
        return deferToThreadPool(self._reactor, self._pool, run)

    def _pause(self) -> None:
        if self._ending.wait(PAUSE):
            raise StoreClosed("the store is closed")

    def _give_way(self) -> int:
        """Pause within a long statement; SQLite interrupts it for any other answer than 0."""
        return self._ending.wait(PAUSE)
