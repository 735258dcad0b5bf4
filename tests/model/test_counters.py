"""The numbers that are kept: how much was how much, and what became of updates."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ddns.model.counters import MAX_DIALECTS, OTHER, Histogram, UpdateCounts
from ddns.model.update import Change, Outcome, Result, Status

values = st.floats(min_value=0, max_value=100)


def results(*statuses: Status) -> Outcome:
    change = Change("home.example.net", None, ())
    return Outcome(results=tuple(Result(change, status) for status in statuses))


def test_a_bound_belongs_to_what_is_below_it() -> None:
    histogram = Histogram((1, 2))
    for value in (0.5, 1, 1.5, 2, 3):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.sum == 8


@given(st.lists(st.tuples(values, st.integers(1, 5))), st.sets(values, min_size=1))
def test_a_histogram_counts_as_one_would_by_hand(
    observed: list[tuple[float, int]], bounds: set[float]
) -> None:
    histogram = Histogram(sorted(bounds))
    for value, times in observed:
        histogram.observe(value, times)
    for bound, count in zip(histogram.bounds, itertools.accumulate(histogram.counts), strict=False):
        assert count == sum(times for value, times in observed if value <= bound)
    assert sum(histogram.counts) == sum(times for _, times in observed)


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(-3600.0)
    assert histogram.counts == [1, 0]
    assert histogram.sum == 0.0


def test_each_host_counts_and_a_refusal_once() -> None:
    updates = UpdateCounts(["dyndns2"])
    updates.performed("dyndns2", results(Status.GOOD, Status.GOOD, Status.NOHOST), 0.02)
    updates.performed("dyndns2", Outcome(Status.BADAUTH), 0.5)
    updates.performed("dyndns2", Outcome(), 0.001)
    updates.answered("dyndns2", Outcome())
    of = updates.dialects["dyndns2"]
    counted = {status: count for status, count in of.statuses.items() if count}
    assert counted == {Status.GOOD: 2, Status.NOHOST: 1, Status.BADAUTH: 1, None: 2}
    assert sum(of.seconds.counts) == 3


def test_dialects_are_bounded_whatever_comes() -> None:
    updates = UpdateCounts(["dyndns2"])
    for number in range(1000):
        updates.performed(f"made-up-{number}", Outcome(), 0.0)
    updates.performed("dyndns2", results(Status.GOOD), 0.0)
    assert len(updates.dialects) == MAX_DIALECTS + 1
    assert sum(of.statuses[None] for of in updates.dialects.values()) == 1000
    assert updates.dialects[OTHER].statuses[None] > 900
    assert updates.dialects["dyndns2"].statuses[Status.GOOD] == 1
