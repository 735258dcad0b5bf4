"""Threads that give way do, and no other does."""

from __future__ import annotations

import os
import queue
import sys
import threading

import pytest

from ddns.background import NICE, BackgroundPool
from tests.programs import PATIENCE


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_a_pool_gives_way() -> None:
    found: queue.Queue[int] = queue.Queue()
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    pool = BackgroundPool(0, 1, "test")
    pool.start()
    try:
        pool.callInThread(
            lambda: found.put(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        assert found.get(timeout=PATIENCE) == NICE
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    finally:
        pool.stop()


def test_work_is_done_where_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*about: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    found: queue.Queue[str] = queue.Queue()
    pool = BackgroundPool(0, 1, "test")
    pool.start()
    try:
        pool.callInThread(found.put, "done")
        assert found.get(timeout=PATIENCE) == "done"
    finally:
        pool.stop()
