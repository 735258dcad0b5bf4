"""A private reactor in a thread of its own, so that tests use plain blocking sockets as clients."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from ddns.net.shutdown import Closable, close_all

try:
    from twisted.internet.epollreactor import EPollReactor
except ImportError:  # not Linux
    EPollReactor = SelectReactor  # type: ignore[misc]

PATIENCE = 20.0
"""Seconds that anything in a test may take on a busy machine before the test fails."""


class RunningReactor:
    """A reactor that runs in a thread, from construction to :meth:`stop`; one life each."""

    def __init__(self) -> None:
        self.reactor: Any = EPollReactor()
        started = threading.Event()
        self.reactor.callWhenRunning(started.set)
        self._thread = threading.Thread(
            target=self.reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
        )
        self._thread.start()
        assert started.wait(PATIENCE), "the reactor did not start"
        self._own = self.call(self._registered)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What *function* returns, or what its Deferred fires with, called in the reactor."""
        results: queue.Queue[Any] = queue.Queue()

        def run() -> None:
            done: Deferred[Any] = maybeDeferred(function, *args)
            done.addBoth(results.put)

        self.reactor.callFromThread(run)
        result = results.get(timeout=3 * PATIENCE)  # a transaction waits for the disk, too
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def end(self, kind: Closable) -> Deferred[None]:
        """Begin to end these connections as a server does that stops."""
        begun: list[Deferred[None]] = self.call(
            lambda: [ensureDeferred(close_all([kind], self.reactor, PATIENCE))]
        )
        return begun[0]

    def leftovers(self) -> set[Any]:
        """Delayed calls, readers and writers that were not there when the reactor started."""
        return self.call(self._registered) - self._own

    def _registered(self) -> set[Any]:
        reactor = self.reactor
        return {*reactor.getDelayedCalls(), *reactor.getReaders(), *reactor.getWriters()}

    def stop(self) -> None:
        self.reactor.callFromThread(self.reactor.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the reactor did not stop"


@contextmanager
def running_reactor() -> Iterator[RunningReactor]:
    running = RunningReactor()
    try:
        yield running
    finally:
        running.stop()
