"""The script that watches a server for hours: it runs, and it would see a leak."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.samples import Bound, Growth, Sample, growth, slope, take, write
from benchmarks.soak import BOUNDS, MAX_WAL, judge, main
from tests.programs import program

MEMORY = BOUNDS[0]


def test_a_short_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program("dnsperf")
    table = tmp_path / "table.csv"
    status = main(["--seconds", "5", "--every", "0.25", "--updates", "20", "--table", str(table)])
    said, wrong = capsys.readouterr()
    assert (status, wrong) == (0, ""), said
    assert "resident: " in said
    assert len(table.read_text().splitlines()) > 5


def series(resident: Callable[[float], float], minutes: float = 60.0) -> list[Sample]:
    """An hour of samples; a spike now and then is no leak."""
    chance = random.Random(1)
    return [
        Sample(
            seconds=at,
            resident=resident(at) + chance.choice([0, 0, 0, 0, 64]) + chance.random(),
            descriptors=20 + chance.randrange(10),
            threads=5,
            wal=15.0,
            database=1.0,
            update_ms=1.0,
            query_ms=1.0,
        )
        for at in range(0, int(minutes * 60), 5)
    ]


@pytest.mark.parametrize(
    ("resident", "leaks"),
    [
        (lambda at: 80, False),
        (lambda at: 80 + min(at, 1200) / 10, False),  # tables that are full after 20 minutes
        (lambda at: 80 + 30 * (1 - math.exp(-at / 400)), False),
        (lambda at: 80 - at / 100, False),
        (lambda at: 80 + at / 100, True),  # 36 MiB an hour
        (lambda at: 80 + 20 * (at // 900), True),  # in steps
        (lambda at: 80 + max(0, at - 1800) / 60, True),  # late
    ],
)
def test_a_leak_is_seen(resident: Callable[[float], float], leaks: bool) -> None:
    taken = series(resident)
    assert growth(taken, MEMORY).is_too_much == leaks
    wrong = judge(taken)
    assert len(wrong) == leaks
    if leaks:
        assert wrong[0].startswith("resident: +")
        assert wrong[0].endswith(" an hour: too much")


def test_noise_in_a_short_run_is_no_leak() -> None:
    assert not growth(series(lambda at: 80 + at / 100, minutes=2), MEMORY).is_too_much


@pytest.mark.parametrize("figure", ["descriptors", "threads", "database"])
def test_other_figures(figure: str) -> None:
    taken = [Sample(at, 80, 20, 5, 1.0, 1.0, 1.0, 1.0) for at in range(0, 3600, 5)]
    assert judge(taken) == []
    growing = [replace(one, **{figure: 20 + one.seconds // 120}) for one in taken]
    (wrong,) = judge(growing)
    assert wrong.startswith(f"{figure}: +")


def test_a_log_that_grows_once_is_too_much() -> None:
    taken = [Sample(at, 80, 20, 5, 16.0, 1.0, 1.0, 1.0) for at in range(100)]
    taken[3] = replace(taken[3], wal=MAX_WAL + 1)
    (wrong,) = judge(taken)
    assert wrong.startswith("the write-ahead log had 21.0 MiB")


def test_one_sample_has_no_slope() -> None:
    (sample,) = [Sample(0.0, 80, 20, 5, 1.0, 1.0, 1.0, 1.0)]
    assert growth([sample], MEMORY) == Growth(MEMORY, 0.0, 0.0)
    assert slope([]) == 0.0


def test_many_samples_are_judged_in_time() -> None:
    """Any two points are compared, so there must not be a day's."""
    taken = [Sample(at, at / 100, 20, 5, 1.0, 1.0, 1.0, 1.0) for at in range(0, 86_400, 2)]
    found = growth(taken, Bound("resident", "MiB", 0.0, 35.0))
    assert found.slope == pytest.approx(36.0, rel=0.01)
    assert found.is_too_much


def test_a_sample_of_this_process(tmp_path: Path) -> None:
    database = tmp_path / "ddns.sqlite"
    database.write_bytes(bytes(2**20))
    with open(database, "rb"):
        taken = take(1.5, os.getpid(), database, 0.25, 0.5)
    assert (taken.seconds, taken.update_ms, taken.query_ms) == (1.5, 250, 500)
    assert (taken.database, taken.wal) == (1.0, 0.0)
    assert taken.resident > 10
    assert taken.descriptors > 3
    assert taken.threads >= 1


def test_both_kinds_of_tables(tmp_path: Path) -> None:
    taken = [Sample(2.5, 80.25, 20, 5, 1.0, 1.0, 1.0, 1.0)]
    write(taken, tmp_path / "a.csv")
    write(taken, tmp_path / "a.md")
    assert (tmp_path / "a.csv").read_text().split()[1] == "2.50,80.25,20,5,1,1,1,1"
    assert (tmp_path / "a.md").read_text().splitlines()[2].startswith("| 2.50 | 80.25 | 20 |")
