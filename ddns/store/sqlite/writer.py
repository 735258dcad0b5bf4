"""The one thread that writes: group commit on one connection.

While a commit is being made durable, new work queues up; all of it becomes the next batch: one
``BEGIN IMMEDIATE``, a savepoint for each work that needs one, one fsync.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.model.copies import Copy
from ddns.model.journal import Author, Event
from ddns.store.interfaces import ITransaction, StoreClosed, StoreError
from ddns.store.results import Committed
from ddns.store.sqlite.batch import Batch
from ddns.store.sqlite.database import Opened
from ddns.store.sqlite.fault_log import FaultLog
from ddns.store.sqlite.transaction import Transaction
from ddns.store.stats import Commits
from ddns.system.threads import LowPriorityWorker

T = TypeVar("T")


@dataclass(slots=True)
class _Work:
    """A piece of work on its way through the writer; *deadline* is when it has waited too long for
    a locked database."""

    author: Author
    function: Callable[[ITransaction], Any]
    bulk: bool
    done: Deferred[Committed[Any]]
    deadline: float
    result: Committed[Any] | Failure | None = None
    fault: bool = False  # it failed because the database did


class Writer:
    """The queue of works and the thread that commits them.

    :param reactor: provides IReactorFromThreads and IReactorTime
    :param timeout: seconds that work waits for a database which another program has locked
    :param journal_rows: events that the journal keeps
    :param monotonic: a clock in seconds
    :param faults: told of what fails, and of what is written

    ``position`` is that of the last event; ``listeners`` are called with each commit's events;
    ``commits`` are the counters.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        *,
        timeout: float,
        journal_rows: int,
        monotonic: Callable[[], float],
        faults: FaultLog,
    ) -> None:
        self._reactor = reactor
        self.timeout = timeout
        self.journal_rows = journal_rows
        self._monotonic = monotonic
        self._faults = faults
        self.listeners: list[Callable[[Sequence[Event]], None]] = []
        self.rule: Callable[[ITransaction], Iterable[Copy]] = lambda transaction: ()
        self.position = 0
        self.commits = Commits()
        self._failed_at: float | None = None
        self._opened: Opened | None = None
        self._queue: deque[_Work] = deque()
        self._draining = False
        self._stopped: Deferred[None] | None = None
        self._thread = LowPriorityWorker("ddns-store-writer")

    def start(self, opened: Opened) -> None:
        """Start the thread."""
        self._opened = opened
        self._reread_position()
        self._thread.start()

    def stop(self) -> Deferred[None]:
        """Refuse further work; fires when the queue is done and the thread has ended."""
        self._stopped = Deferred()
        if not self._draining:
            self._end()
        return self._stopped

    def _end(self) -> None:
        assert self._stopped is not None
        self._thread.stop()
        self._stopped.callback(None)

    # In the reactor's thread -----------------------------------------------------------------

    def transact(
        self, author: Author, work: Callable[[ITransaction], T], bulk: bool = False
    ) -> Deferred[Committed[T]]:
        """See :meth:`ddns.store.interfaces.IStore.transact`."""
        done: Deferred[Committed[T]] = Deferred()
        if self._opened is None or self._stopped is not None:
            done.errback(StoreClosed("the store is closed"))
            return done
        self._queue.append(_Work(author, work, bulk, done, self._monotonic() + self.timeout))
        if not self._draining:
            self._draining = True
            self._start_batch()
        return done

    def waiting(self) -> int:
        """Return the number of works that wait for the next batch."""
        return len(self._queue)

    def failed_ago(self) -> float | None:
        """See :class:`ddns.store.stats.StoreStats`."""
        return None if self._failed_at is None else self._monotonic() - self._failed_at

    def _start_batch(self) -> None:
        """Run the next batch, once the reactor has handled all that is ready: that makes for larger
        batches, and the two threads contend less for the interpreter lock."""
        self._reactor.callLater(0, self._run_in_thread)

    def _run_in_thread(self) -> None:
        self._thread.call(self._run_batch, any(work.bulk for work in self._queue))

    def _batch_done(
        self, works: Sequence[_Work], events: Sequence[Event], seconds: float | None
    ) -> None:
        """Call listeners, fire Deferreds, and start the next batch if works have queued up.
        *seconds* is how long the commit took, None if there was none."""
        self._count(works, bool(events), seconds)
        if self._queue:
            self._start_batch()
        else:
            self._draining = False
        if events:
            for listener in self.listeners:
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
        # A callback may have called stop(), while this batch still counted as running.
        if self._stopped is not None and not self._draining and not self._stopped.called:
            self._end()

    def _count(self, works: Sequence[_Work], written: bool, seconds: float | None) -> None:
        failures = [work.result for work in works if work.fault]
        failed = len(failures)
        if seconds is not None:
            self.commits.works.observe(len(works) - failed)
            self.commits.seconds.observe(seconds)
        if failed:
            self.commits.failed += failed
            self._failed_at = self._monotonic()
            for reason, count in Counter(map(_reason, failures)).items():
                self._faults.failed_writing(reason, count)
        elif written:
            self._failed_at = None
            self._faults.written()

    # In the writer's thread -------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._opened is not None
        return self._opened.connection

    def _run_batch(self) -> None:
        works: list[_Work] = []
        while self._queue:
            works.append(self._queue.popleft())
        events: Sequence[Event] = ()
        seconds = None
        try:
            if alive := self._begin(works):
                began = self._monotonic()
                events = self._commit(alive)
                seconds = self._monotonic() - began
        except Exception as error:
            failure = Failure(one_line(error))
            for work in works:
                if work.result is None or isinstance(work.result, Committed):
                    work.result, work.fault = failure, True
            self._recover()
        self._reactor.callFromThread(self._batch_done, works, events, seconds)

    def _begin(self, works: Sequence[_Work]) -> list[_Work]:
        """Begin the transaction; refuse works whose deadline passes before the database is free.

        The connection's own timeout is short, so that each work is refused in time."""
        alive = list(works)
        while alive:
            try:
                self._connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ):
                    raise
                now = self._monotonic()
                refused = Failure(
                    StoreError("the database is locked by another program", logged=True)
                )
                for work in alive:
                    if work.deadline <= now:
                        work.result, work.fault = refused, True
                alive = [work for work in alive if work.result is None]
            else:
                return alive
        return alive

    def _commit(self, works: Sequence[_Work]) -> Sequence[Event]:
        assert self._opened is not None
        connection = self._connection
        execute = connection.execute
        batch = Batch(connection, self.position + 1)
        for work in works:
            transaction = Transaction(connection, batch, work.author)
            try:
                value = work.function(transaction)
                for copy in self.rule(transaction):
                    transaction.put_copy(copy)
                transaction.done()
            except Exception as error:
                if not connection.in_transaction:
                    raise  # SQLite rolled the whole batch back by itself: disk full, I/O error
                transaction.undo()
                work.result = Failure(one_line(error))
                work.fault = isinstance(error, sqlite3.Error)
            else:
                work.result = Committed(value, frozenset(transaction.zones_changed))
        batch.flush()
        position = self.position + len(batch.events)
        if position // 256 != self.position // 256:
            # Trimming at every commit would cost each of them; 256 events are a page or two.
            execute("delete from journal where position <= ?", (position - self.journal_rows,))
        self._opened.check()  # nobody would find what is committed now
        execute("commit")  # returns after the fsync: synchronous=FULL
        self.position = position
        return batch.events

    def _recover(self) -> None:
        """Roll a failed batch back, and read the position again, lest memory and disk differ."""
        with suppress(sqlite3.Error):  # the next batch fails as well then, and tries again
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            self._reread_position()

    def _reread_position(self) -> None:
        row = self._connection.execute("select max(position) from journal").fetchone()
        self.position = row[0] or 0


def one_line(error: Exception) -> Exception:
    """Return an error of SQLite as a StoreError, and any other as it is."""
    if isinstance(error, sqlite3.Error):
        return StoreError(f"the database cannot do it: {error}", logged=True)
    return error


def _reason(result: object) -> str:
    return result.getErrorMessage() if isinstance(result, Failure) else ""
