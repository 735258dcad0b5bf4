"""The SQLite store: a writer (:mod:`ddns.store.sqlite.writer`), and readers beside it with
connections of their own, which write-ahead logging makes possible."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.config.settings import StoreSettings
from ddns.model.copies import Copy
from ddns.model.journal import Author, Event
from ddns.store.interfaces import (
    IReading,
    IStore,
    ITransaction,
    StoreClosed,
    StoreError,
)
from ddns.store.results import Checked, Committed, Copied
from ddns.store.scanning import IScan
from ddns.store.sqlite import database
from ddns.store.sqlite.fault_log import FaultLog
from ddns.store.sqlite.kept_view import KeptView
from ddns.store.sqlite.maintenance import Maintenance
from ddns.store.sqlite.reader import Reader
from ddns.store.sqlite.writer import Writer, one_line
from ddns.store.sqlite.zone_scan import ZoneScan
from ddns.store.stats import StoreStats
from ddns.system.files import real_path, wal_path
from ddns.system.threads import LowPriorityPool

T = TypeVar("T")

BUSY_STEP = 0.05
"""Seconds after which a writer that finds the database locked looks at its queue again."""


@implementer(IStore)
class SQLiteStore:
    """A store in one SQLite database.

    :param reactor: provides IReactorFromThreads and IReactorTime
    :param path: the database, made if it does not exist
    :param patience: seconds that work waits for a database which another program has locked
    :param journal_rows: events that the journal keeps
    :param reader_patience: seconds that a scan waits to be asked for more
    :param monotonic: a clock in seconds
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        path: str | Path,
        *,
        patience: float = 4.0,
        journal_rows: int = 200_000,
        reader_patience: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reactor = reactor
        self._path = real_path(path)
        self._scan_timeout = reader_patience
        self._lock: int | None = None
        self._open: database.Opened | None = None
        self._closing: Deferred[None] | None = None
        self._faults = FaultLog(monotonic)
        self._writer = Writer(
            reactor,
            timeout=patience,
            journal_rows=journal_rows,
            monotonic=monotonic,
            faults=self._faults,
        )
        self._reader = LowPriorityPool(1, 1, "ddns-store-reader")
        self._view = KeptView()  # of the reader's thread
        self._maintenance = Maintenance(reactor, lambda: self._opened.view())

    def configure(self, settings: StoreSettings) -> None:
        self._writer.timeout = settings.patience
        self._writer.journal_rows = settings.journal_rows
        self._scan_timeout = settings.reader_patience

    def derive(self, rule: Callable[[ITransaction], Iterable[Copy]]) -> None:
        self._writer.rule = rule

    # Life ------------------------------------------------------------------------------------

    def use_lock(self, descriptor: int) -> None:
        """Open with a lock that another process handed over; the descriptor is the store's now."""
        self._lock = descriptor

    def open(self) -> None:
        lock, self._lock = self._lock, None
        self._open = database.open_database(self._path, BUSY_STEP, lock)
        self._writer.start(self._open)
        self._reader.start()
        self._maintenance.start()

    def created(self) -> bool:
        return self._opened.created

    def close(self) -> Deferred[None]:
        if self._open is None or self._closing is not None:
            return maybeDeferred(lambda: None)
        self._closing = Deferred()
        self._writer.stop().addCallback(lambda _: self._stop_reading())
        return self._closing

    def _stop_reading(self) -> None:
        opened, self._open = self._opened, None
        self._maintenance.stop()
        self._reader.stop()
        try:
            self._view.close()
            opened.close()
        except sqlite3.Error as error:
            self._log.error("closing the database: {error}", error=error)
        assert self._closing is not None
        self._closing.callback(None)

    @property
    def _opened(self) -> database.Opened:
        if self._open is None:
            raise StoreClosed("the store is closed")
        return self._open

    # Writing ---------------------------------------------------------------------------------

    def transact(
        self, author: Author, work: Callable[[ITransaction], T], bulk: bool = False
    ) -> Deferred[Committed[T]]:
        return self._writer.transact(author, work, bulk)

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> None:
        self._writer.listeners.append(listener)

    # Reading ---------------------------------------------------------------------------------

    def _in_reader(self, function: Callable[[], T]) -> Deferred[T]:
        def run() -> T:
            try:
                return function()
            except sqlite3.Error as error:
                raise one_line(error) from error

        if self._open is None:  # the pool would queue it, and never start a thread
            return fail(StoreClosed("the store is closed"))
        return deferToThreadPool(self._reactor, self._reader, run).addErrback(self._note)

    def _note(self, failure: Failure) -> Failure:
        if isinstance(failure.value, StoreError) and failure.value.logged:
            self._faults.failed_reading(failure.getErrorMessage())
        return failure

    def read(self, work: Callable[[IReading], T]) -> Deferred[T]:
        def run() -> T:
            with self._view.of(self._opened) as connection:
                return work(Reader(connection))

        return self._in_reader(run)

    def changes_since(self, position: int, limit: int = 1000) -> Deferred[list[Event]]:
        return self.read(lambda reading: reading.changes_since(position, limit))

    def scan(self, zones: Sequence[bytes]) -> IScan:
        return ZoneScan(
            lambda: self._opened.view(), zones, self._in_reader, self._reactor, self._scan_timeout
        )

    def stats(self) -> StoreStats:
        return StoreStats(
            self._writer.position,
            self._writer.waiting(),
            _size(self._path),
            _size(wal_path(self._path)),
            self._writer.commits,
            self._writer.failed_ago(),
            "" if self._open is None else self._open.lost(),
        )

    # Maintenance -----------------------------------------------------------------------------

    def back_up(self, to: Path, replace: bool = False) -> Deferred[Copied]:
        return self._maintenance.back_up(to, replace).addErrback(self._note)

    def check(self) -> Deferred[Checked]:
        return self._maintenance.check().addErrback(self._note)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
