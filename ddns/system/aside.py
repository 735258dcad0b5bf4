"""Calls that may block, in threads that nobody has to wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.python.failure import Failure

from ddns.system.threads import LowPriorityThread

T = TypeVar("T")


class Aside:
    """Runs functions in daemon threads. A thread pool would hold up the end of the process for as
    long as the slowest of them likes, and once it is full everybody else who uses it.

    :param reactor: where results are told.
    :param name: of the threads.
    :param threads: how many there are at most; further functions wait.
    """

    def __init__(self, reactor: Any, name: str, threads: int) -> None:
        self._reactor = reactor
        self._name = name
        self._places = DeferredSemaphore(threads)

    async def run(self, function: Callable[[], T]) -> T:
        """Return the result of a function. Cancelled, it goes on unheard, and keeps its thread."""
        await self._places.acquire()
        result: Deferred[T] = Deferred()
        thread = LowPriorityThread(
            target=self._run, args=(function, result), name=self._name, daemon=True
        )
        try:
            thread.start()
        except BaseException:
            self._places.release()
            raise
        return await result

    def _run(self, function: Callable[[], T], result: Deferred[T]) -> None:
        try:
            outcome: T | Failure = function()
        except Exception:
            outcome = Failure()
        self._reactor.callFromThread(self._done, outcome, result)

    def _done(self, outcome: T | Failure, result: Deferred[T]) -> None:
        self._places.release()
        # A Deferred that was cancelled passes over the result that comes late.
        if isinstance(outcome, Failure):
            result.errback(outcome)
        else:
            result.callback(outcome)
