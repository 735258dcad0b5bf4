"""Threads that give way: what they do can wait, and an answer to a query cannot."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

from twisted.python.threadpool import ThreadPool

NICE = 19
"""setpriority(2) of these threads. Where the reactor's thread has to share a processor with them it
gets it as soon as it wants it, and they nearly all that it leaves."""


class BackgroundThread(threading.Thread):
    """Lowers its own priority before it begins. Linux alone has one for each thread; elsewhere, and
    where it is forbidden, nothing is different."""

    def run(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        super().run()


class BackgroundPool(ThreadPool):
    """A pool of at most so many such threads; *least* are there as long as it runs."""

    threadFactory = BackgroundThread

    def __init__(self, least: int, most: int, name: str) -> None:
        super().__init__(least, most, name)
