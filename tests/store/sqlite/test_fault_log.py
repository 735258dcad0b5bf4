"""What is said of a database that fails and works in turn."""

from __future__ import annotations

from ddns.store.sqlite.fault_log import EPISODES, PERIOD, FaultLog
from tests.store.sqlite.blocking import logged


def test_one_that_fails_at_every_other_commit_does_not_fill_the_log() -> None:
    now = [0.0]
    faults = FaultLog(lambda: now[0])
    with logged() as lines:
        for _ in range(1000):
            faults.failed_writing("the disk is full", 3)
            faults.written()
            now[0] += 0.01
    assert len(lines) == 2 * EPISODES
    now[0] += PERIOD
    with logged() as lines:
        faults.failed_writing("the disk is full", 1)
        faults.written()
    assert len(lines) == 2
    assert lines[-1].endswith(f" {(1000 - EPISODES) * 3 + 1} calls failed")


def test_each_reason_is_told() -> None:
    faults = FaultLog(lambda: 0.0)
    with logged() as lines:
        for reason in ("the disk is full", "it is locked", "the disk is full"):
            faults.failed_writing(reason, 1)
        faults.failed_reading("it is locked")
    assert [line.partition(":")[0] for line in lines] == ["the disk is full", "it is locked"]
