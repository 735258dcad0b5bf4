"""The SQLite store: one writer thread, one connection, group commit.

While the last commit is being made durable, new work queues up; all of it becomes the next batch:
one ``BEGIN IMMEDIATE``, a savepoint for each piece of work, one fsync. Readers have connections of
their own, which write-ahead logging lets them use beside the writer.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from ddns.model.journal import Author, Event
from ddns.store import database
from ddns.store.interfaces import (
    Committed,
    IReading,
    IScan,
    IStore,
    ITransaction,
    StoreClosed,
    StoreError,
)
from ddns.store.journalling import Batch
from ddns.store.reading import Reading
from ddns.store.results import Checked, Copied
from ddns.store.scanning import Scan
from ddns.store.transaction import Transaction
from ddns.store.upkeep import Upkeep

T = TypeVar("T")

BUSY_STEP = 0.05  # seconds: how often a writer that finds the database locked looks at its queue


@dataclass(slots=True)
class _Work:
    """A piece of work on its way through the writer."""

    author: Author
    function: Callable[[ITransaction], Any]
    done: Deferred[Committed[Any]]
    deadline: float
    result: Committed[Any] | Failure | None = None


@implementer(IStore)
class SQLiteStore:
    """*reactor* provides IReactorFromThreads and IReactorTime; *patience* is how many seconds work
    waits for a database that somebody else has locked; *journal_rows* how many events are kept;
    *reader_patience* how many seconds a scan waits to be asked for more. The latter three are
    attributes that may be set at any time."""

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
        self._path = Path(path)
        self.patience = patience
        self.journal_rows = journal_rows
        self.reader_patience = reader_patience
        self._monotonic = monotonic
        self._listeners: list[Callable[[Sequence[Event]], None]] = []
        self._queue: deque[_Work] = deque()
        self._draining = False
        self._open: database.Opened | None = None
        self._closing: Deferred[None] | None = None
        self._position = 0
        self._writer = ThreadPool(1, 1, name="ddns-store-writer")
        self._reader = ThreadPool(1, 1, name="ddns-store-reader")
        self._upkeep = Upkeep(reactor, self._path)

    # Life ------------------------------------------------------------------------------------

    def open(self, lock: int | None = None) -> None:
        """See IStore; *lock* is the descriptor of the database's lock, if it was handed on to us,
        and belongs to the store from now on."""
        self._open = database.open_database(self._path, BUSY_STEP, lock)
        self._reread_position()
        self._writer.start()
        self._reader.start()
        self._upkeep.start()

    def created(self) -> bool:
        return self._opened.created

    def close(self) -> Deferred[None]:
        if self._open is None or self._closing is not None:
            return maybeDeferred(lambda: None)
        self._closing = Deferred()
        if not self._draining:
            self._finish()
        return self._closing

    def _finish(self) -> None:
        opened, self._open = self._opened, None
        self._upkeep.stop()
        self._reader.stop()
        self._writer.stop()
        try:
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

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> None:
        self._listeners.append(listener)

    # Writing, the reactor's side -------------------------------------------------------------

    def transact(self, author: Author, work: Callable[[ITransaction], T]) -> Deferred[Committed[T]]:
        done: Deferred[Committed[T]] = Deferred()
        if self._open is None or self._closing is not None:
            done.errback(StoreClosed("the store is closed"))
            return done
        self._queue.append(_Work(author, work, done, self._monotonic() + self.patience))
        if not self._draining:
            self._draining = True
            self._start_batch()
        return done

    def _start_batch(self) -> None:
        """Have the writer take what has queued up, once the reactor is through with what is ready:
        that makes larger batches, and the two threads contend less for the interpreter."""
        self._reactor.callLater(0, self._writer.callInThread, self._run_batch)

    def _batch_done(self, works: Sequence[_Work], events: Sequence[Event]) -> None:
        """Tell everyone, and begin the next batch if one has queued up."""
        if self._queue:
            self._start_batch()
        else:
            self._draining = False
        if events:
            for listener in self._listeners:
                try:
                    listener(events)
                except Exception:
                    self._log.failure("a listener of the journal failed")
        for work in works:
            if isinstance(work.result, Failure):
                work.done.errback(work.result)
            else:
                assert work.result is not None
                work.done.callback(work.result)
        # One of those who were just told may have closed the store already.
        if self._closing is not None and not self._draining and self._open is not None:
            self._finish()

    # Writing, the writer's side --------------------------------------------------------------

    def _run_batch(self) -> None:
        works: list[_Work] = []
        while self._queue:
            works.append(self._queue.popleft())
        events: Sequence[Event] = ()
        try:
            alive = self._begin(works)
            if alive:
                events = self._commit(alive)
        except Exception as error:
            failure = Failure(_one_line(error))
            for work in works:
                if work.result is None or isinstance(work.result, Committed):
                    work.result = failure
            self._recover()
        self._reactor.callFromThread(self._batch_done, works, events)

    def _begin(self, works: Sequence[_Work]) -> list[_Work]:
        """Begin the transaction; refuse work whose patience ends before the database is free."""
        alive = list(works)
        while alive:
            try:
                self._opened.connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ):
                    raise
                now = self._monotonic()
                refused = Failure(StoreError("the database is locked by another program"))
                for work in alive:
                    if work.deadline <= now:
                        work.result = refused
                alive = [work for work in alive if work.result is None]
            else:
                return alive
        return alive

    def _commit(self, works: Sequence[_Work]) -> Sequence[Event]:
        connection = self._opened.connection
        execute = connection.execute
        batch = Batch(connection, self._position + 1)
        for work in works:
            transaction = Transaction(connection, batch, work.author)
            try:
                value = work.function(transaction)
                transaction.done()
            except Exception as error:
                if not connection.in_transaction:  # SQLite gave the whole batch up: disk full, I/O
                    raise
                transaction.undo()
                work.result = Failure(_one_line(error))
            else:
                work.result = Committed(value, frozenset(transaction.zones_changed))
        batch.flush()
        position = self._position + len(batch.events)
        if position // 256 != self._position // 256:
            execute("delete from journal where position <= ?", (position - self.journal_rows,))
        execute("commit")
        self._position = position
        return batch.events

    def _recover(self) -> None:
        """After a failed batch: leave no transaction open, and know again what the disk knows."""
        try:
            if self._opened.connection.in_transaction:
                self._opened.connection.execute("rollback")
            self._reread_position()
        except sqlite3.Error as error:
            self._log.error("the database does not recover yet: {error}", error=error)

    def _reread_position(self) -> None:
        row = self._opened.connection.execute("select max(position) from journal").fetchone()
        self._position = row[0] or 0

    # Reading ---------------------------------------------------------------------------------

    def _in_reader(self, function: Callable[[], T]) -> Deferred[T]:
        def run() -> T:
            try:
                return function()
            except sqlite3.Error as error:
                raise _one_line(error) from error

        if self._open is None:  # its thread would never come to it
            return fail(StoreClosed("the store is closed"))
        return deferToThreadPool(self._reactor, self._reader, run)

    def read(self, work: Callable[[IReading], T]) -> Deferred[T]:
        def run() -> T:
            with database.view(self._path) as connection:
                return work(Reading(connection))

        return self._in_reader(run)

    def changes_since(self, position: int, limit: int = 1000) -> Deferred[list[Event]]:
        def run() -> list[Event]:
            with database.view(self._path) as connection:
                return Reading(connection).changes_since(position, limit)

        return self._in_reader(run)

    def scan(self, zone: bytes) -> IScan:
        return Scan(self._path, zone, self._in_reader, self._reactor, self.reader_patience)

    # Upkeep ----------------------------------------------------------------------------------

    def back_up(self, to: Path, replace: bool = False) -> Deferred[Copied]:
        return self._upkeep.back_up(to, replace)

    def check(self) -> Deferred[Checked]:
        return self._upkeep.check()


def _one_line(error: Exception) -> Exception:
    """What went wrong in SQLite as a StoreError; anything else as it is."""
    if isinstance(error, sqlite3.Error):
        return StoreError(f"the database cannot do it: {error}")
    return error
