"""Threads of low priority, for work that can wait while queries are answered."""

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
"""Nice values (setpriority(2)) of threads that are never relieved, and of a worker's, which is
relieved when it starves. Only Linux has nice values per thread. On a busy machine the first gives a
third of the processor time of a normal thread, the second a seventieth."""

STARVED_AFTER, STARVED_SHARE = 0.1, 0.1
"""Work is starved if it waits for more than this many seconds, and has the processor for less than
this share of its duration."""

RECOVERY, MAX_RECOVERY = 10.0, 600.0
"""Seconds of normal priority after work has starved; they double each time that it starves again
soon after, up to the second value."""


def is_busy() -> bool:
    """Return whether all processors are in use."""
    return os.getloadavg()[0] >= (os.cpu_count() or 1)


def run_when_idle() -> bool:
    """Schedule this thread on idle processors only (SCHED_IDLE).

    Return whether it is, since a sandbox may forbid it.
    """
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return True
    return False


class LowPriorityThread(threading.Thread):
    """A thread that lowers its own priority, where that is allowed."""

    nice = LOW_PRIORITY

    def run(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self.nice)
        super().run()


class LowPriorityPool(ThreadPool):
    """A pool of low-priority threads."""

    threadFactory: type[threading.Thread] = LowPriorityThread


class _LowestThread(LowPriorityThread):
    nice = LOWEST_PRIORITY


class _LowestPool(LowPriorityPool):
    threadFactory = _LowestThread


class _IdleThread(_LowestThread):
    """A SCHED_IDLE thread: it is preempted as soon as another thread wakes up (sched(7)), while any
    other may keep the processor until the next scheduler tick, up to 4 ms later."""

    def run(self) -> None:
        run_when_idle()
        super().run()


class _IdlePool(LowPriorityPool):
    threadFactory = _IdleThread


class LowPriorityWorker:
    """Runs one piece of work at a time at the lowest priority, and bulk work on idle processors.

    Beside programs that use all processors, a thread of the lowest priority may get next to none.
    When that happens, a thread of normal priority takes over for a while, so that neither the work
    starves nor those who wait for the interpreter lock while it holds it.

    - *name*: prefix of thread names.
    - *monotonic*: seconds.
    - *worked*: processor time of the calling thread, in seconds.
    - *is_busy*: whether all processors are in use.
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
        self._lowest = _LowestPool(1, 1, name)
        self._idle = _IdlePool(0, 1, f"{name}-bulk")
        self._normal = ThreadPool(0, 1, f"{name}-normal")
        self._normal_until = -MAX_RECOVERY
        self._recovery = RECOVERY

    def start(self) -> None:
        """Start the threads."""
        for pool in (self._lowest, self._idle, self._normal):
            pool.start()

    def stop(self) -> None:
        """Finish the current work, then stop the threads."""
        for pool in (self._lowest, self._idle, self._normal):
            pool.stop()

    def call(self, work: Callable[[], None], bulk: bool = False) -> None:
        """Run *work* in a thread; the work before it must be finished."""
        now = self._monotonic()
        if now < self._normal_until:
            pool = self._normal
        elif bulk and not self._is_busy():
            pool = self._idle
        else:
            pool = self._lowest
        pool.callInThread(self._do, work, now)

    def _do(self, work: Callable[[], None], since: float) -> None:
        before = self._worked()
        work()
        now = self._monotonic()
        if since >= self._normal_until and is_starved(now - since, self._worked() - before):
            again = since < self._normal_until + self._recovery
            self._recovery = min(self._recovery * 2, MAX_RECOVERY) if again else RECOVERY
            self._normal_until = now + self._recovery


def is_starved(took: float, worked: float) -> bool:
    """Return whether work got too little processor time in the seconds that it took.

    Waiting for a disk looks the same, but then neither priority makes a difference.
    """
    return took - worked > STARVED_AFTER and worked < took * STARVED_SHARE
