"""Work that waits for an authority, for a limited time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, TimeoutError, ensureDeferred
from twisted.python.failure import Failure

from ddns.acme.problem import Problem
from ddns.system.aside import Aside

T = TypeVar("T")

THREADS = 4
"""Those that still wait after their time do not hold up the next order."""


class Apart:
    """Runs functions in threads of their own, each for a limited time.

    :param reactor: where results are told.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._aside = Aside(reactor, "ddns-acme", THREADS)

    def run(self, function: Callable[[], T], timeout: float) -> Deferred[T]:
        """Return the result of a function, or :class:`Problem` after *timeout* seconds. Cancelled,
        or too late, the function goes on unheard."""
        result = ensureDeferred(self._aside.run(function))
        result.addTimeout(timeout, self._reactor)
        result.addErrback(_say_so, timeout)
        return result


def _say_so(failure: Failure, timeout: float) -> Any:
    failure.trap(TimeoutError)
    raise Problem(f"the authority has not answered within {timeout:.0f} s")
