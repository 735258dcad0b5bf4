"""Work that waits for somebody else on the network, in a thread that nobody has to wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, TimeoutError
from twisted.python.failure import Failure

from ddns.acme.problem import Problem
from ddns.system.threads import LowPriorityThread

T = TypeVar("T")


class Apart:
    """Runs functions in threads, one after the other, each for a limited time.

    A thread pool would hold up the end of the process for as long as an authority likes.

    :param reactor: where results are told.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def run(self, function: Callable[[], T], timeout: float) -> Deferred[T]:
        """Return the result of a function, or :class:`Problem` after *timeout* seconds. Cancelled,
        or too late, the function goes on unheard."""
        result: Deferred[T] = Deferred()
        thread = LowPriorityThread(
            target=self._run, args=(function, result), name="ddns-acme", daemon=True
        )
        thread.start()
        result.addTimeout(timeout, self._reactor)
        result.addErrback(_say_so, timeout)
        return result

    def _run(self, function: Callable[[], T], result: Deferred[T]) -> None:
        # A Deferred that was cancelled passes over the result that comes late.
        try:
            self._reactor.callFromThread(result.callback, function())
        except Exception:
            self._reactor.callFromThread(result.errback, Failure())


def _say_so(failure: Failure, timeout: float) -> Any:
    failure.trap(TimeoutError)
    raise Problem(f"the authority has not answered within {timeout:.0f} s")
