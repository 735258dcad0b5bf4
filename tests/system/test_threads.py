"""Threads that give way do, and no other does."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from ddns.system.threads import (
    LOW_PRIORITY,
    LOWEST_PRIORITY,
    MAX_RECOVERY,
    RECOVERY,
    STARVED_AFTER,
    LowPriorityPool,
    LowPriorityWorker,
    is_starved,
)
from tests.programs import PATIENCE

linux = pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")


@linux
def test_a_pool_gives_way() -> None:
    found: queue.Queue[int] = queue.Queue()
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    pool = LowPriorityPool(0, 1, "test")
    pool.start()
    try:
        pool.callInThread(
            lambda: found.put(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        assert found.get(timeout=PATIENCE) == LOW_PRIORITY
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    finally:
        pool.stop()


def test_work_is_done_where_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*about: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    found: queue.Queue[str] = queue.Queue()
    pool = LowPriorityPool(0, 1, "test")
    pool.start()
    try:
        pool.callInThread(found.put, "done")
        assert found.get(timeout=PATIENCE) == "done"
    finally:
        pool.stop()


class Gentle:
    """A thread whose work takes as long as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.busy = False
        self.thread = LowPriorityWorker("test", lambda: self.now, lambda: 0.0, lambda: self.busy)
        self.thread.start()

    def do(self, work: Callable[[], object], bulk: bool = False) -> object:
        """What it comes to; all that belongs to it is over then."""
        done: queue.Queue[object] = queue.Queue()
        self.thread.call(lambda: done.put(work()), bulk)
        self.thread.call(lambda: done.put(None), bulk)  # in the same thread or for the same clock
        result = done.get(timeout=PATIENCE)
        assert done.get(timeout=PATIENCE) is None
        return result

    def starve(self) -> None:
        def pass_time() -> None:
            self.now += STARVED_AFTER * 2

        self.do(pass_time)


@pytest.fixture
def gentle() -> Iterator[Gentle]:
    gentle = Gentle()
    yield gentle
    gentle.thread.stop()


def policy() -> tuple[int, int]:
    """Of the thread that asks."""
    own = threading.get_native_id()
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, own)


def lowered() -> tuple[int, int]:
    return policy()[0], LOWEST_PRIORITY


@linux
def test_bulk_takes_what_nobody_else_wants(gentle: Gentle) -> None:
    assert gentle.do(policy) == lowered()
    assert gentle.do(policy, bulk=True) == (os.SCHED_IDLE, LOWEST_PRIORITY)
    gentle.busy = True
    assert gentle.do(policy, bulk=True) == lowered()


@linux
def test_what_starves_gives_way_no_more_for_a_while(gentle: Gentle) -> None:
    usual = policy()
    gentle.starve()
    assert gentle.do(policy) == gentle.do(policy, bulk=True) == usual
    gentle.now += RECOVERY
    assert gentle.do(policy) == lowered()


@linux
def test_what_starves_again_and_again_gives_way_less_and_less(gentle: Gentle) -> None:
    def seconds() -> int:
        """Until it gives way again."""
        gentle.starve()
        begun = gentle.now
        while gentle.do(policy)[1] != LOWEST_PRIORITY:  # type: ignore[index]
            gentle.now += 1
        return round(gentle.now - begun)

    assert [seconds() for _ in range(9)] == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    gentle.now += MAX_RECOVERY + 1
    assert seconds() == RECOVERY


@pytest.mark.parametrize(
    ("took", "worked", "starved"),
    [(0.05, 0.0, False), (0.2, 0.0, True), (0.2, 0.03, False), (9.0, 0.8, True), (9.0, 1.0, False)],
)
def test_starving(took: float, worked: float, starved: bool) -> None:
    assert is_starved(took, worked) is starved
