"""Threads that give way: what they do can wait, and an answer to a query cannot."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from twisted.python.threadpool import ThreadPool

Clock = Callable[[], float]

LOW_PRIORITY, LOWEST_PRIORITY = 5, 19
"""setpriority(2) of these threads, and of those that are relieved when they starve. Linux alone has
one for each thread. Beside programs that want all processors the first one gets a third of what
each of them gets, the second one a seventieth."""

LATE, SHARE = 0.1, 0.1
"""Work is starved if it takes this many seconds beyond the processor time that it gets, and gets
less than this share of them."""

RECOVERY, MAX_RECOVERY = 10.0, 600.0
"""Seconds in which nothing gives way after something has starved. They double each time that it
happens again soon, and that is how long they may become."""


def is_busy() -> bool:
    """Whether all processors are wanted."""
    return os.getloadavg()[0] >= (os.cpu_count() or 1)


def run_when_idle() -> bool:
    """Have this thread take only the processor time that nobody else wants; whether it now does,
    for a sandbox may forbid it."""
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return True
    return False


class LowPriorityThread(threading.Thread):
    """Lowers its own priority before it begins; where that is forbidden nothing is different."""

    nice = LOW_PRIORITY

    def run(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self.nice)
        super().run()


class LowPriorityPool(ThreadPool):
    """A pool of such threads."""

    threadFactory: type[threading.Thread] = LowPriorityThread


class _NicestThread(LowPriorityThread):
    nice = LOWEST_PRIORITY


class _NicestPool(LowPriorityPool):
    threadFactory = _NicestThread


class _IdleThread(_NicestThread):
    """Takes nothing but what nobody else wants. Only such threads have to leave the processor to
    whoever wakes up (sched(7), SCHED_IDLE); any other may keep it until the scheduler's next tick,
    four milliseconds later."""

    def run(self) -> None:
        run_when_idle()
        super().run()


class _IdlePool(LowPriorityPool):
    threadFactory = _IdleThread


class LowPriorityWorker:
    """Does one piece of work at a time in a thread that gives way; bulk, in one that takes only
    what nobody else wants, as long as there is some. Beside programs that want all processors that
    may turn out to be next to nothing. Then a third thread with the usual priority does all for a
    while, so that neither the work starves, nor who waits for the interpreter while it has it.

    *monotonic* tells seconds, *worked* the processor time of the thread that asks for it, *is_busy*
    whether all processors are wanted.
    """

    def __init__(
        self,
        name: str,
        monotonic: Clock = time.monotonic,
        worked: Clock = time.thread_time,
        is_busy: Callable[[], bool] = is_busy,
    ) -> None:
        self._monotonic = monotonic
        self._worked = worked
        self._is_busy = is_busy
        self._gentle = _NicestPool(1, 1, name)
        self._idle = _IdlePool(0, 1, f"{name}-bulk")
        self._usual = ThreadPool(0, 1, f"{name}-usual")
        self._hurry_until = -MAX_RECOVERY
        self._recovery = RECOVERY

    def start(self) -> None:
        """Be ready for work."""
        for pool in (self._gentle, self._idle, self._usual):
            pool.start()

    def stop(self) -> None:
        """Finish what is being done, and end."""
        for pool in (self._gentle, self._idle, self._usual):
            pool.stop()

    def call(self, work: Callable[[], None], bulk: bool = False) -> None:
        """Have it done; what was given before must have come to its end."""
        now = self._monotonic()
        if now < self._hurry_until:
            pool = self._usual
        elif bulk and not self._is_busy():
            pool = self._idle
        else:
            pool = self._gentle
        pool.callInThread(self._do, work, now)

    def _do(self, work: Callable[[], None], since: float) -> None:
        before = self._worked()
        work()
        now = self._monotonic()
        if since >= self._hurry_until and is_starved(now - since, self._worked() - before):
            again = since < self._hurry_until + self._recovery
            self._recovery = min(self._recovery * 2, MAX_RECOVERY) if again else RECOVERY
            self._hurry_until = now + self._recovery


def is_starved(took: float, worked: float) -> bool:
    """Whether something that took so many seconds has got too little of the processor. Waiting for
    a disk looks alike; then nothing is gained by giving way, and nothing lost otherwise."""
    return took - worked > LATE and worked < took * SHARE
