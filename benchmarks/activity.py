"""Periodic activities, each in a thread of its own."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_SAID = 20
"""Maximum number of failure messages kept for each activity."""

ENDING = 60.0
"""Seconds in which what has begun must have ended."""


@dataclass
class Activity:
    """Something that is done every *period* seconds; *slowest* is for whoever looks to set back."""

    name: str
    period: float
    act: Callable[[], None]
    done: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def work(self, over: threading.Event) -> None:
        """Repeat until the end; missed turns are not made up for."""
        due = time.monotonic() + random.random() * self.period
        while not over.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            try:
                self.act()
            except Exception as error:
                self.failed += 1
                if len(self.failures) < MAX_SAID:
                    self.failures.append(f"{self.name}: {error!r}")
            else:
                self.done += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            due = max(due + self.period, began)


@contextmanager
def at_work(activities: Sequence[Activity]) -> Iterator[None]:
    """Each in a thread of its own."""
    over = threading.Event()
    threads = [threading.Thread(target=one.work, args=(over,), daemon=True) for one in activities]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(ENDING)
