"""Token buckets: bursts, refilling, and how many are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.policy.token_bucket import Buckets


def test_a_burst_and_then_one_after_the_other() -> None:
    buckets = Buckets(3, 3600.0)
    for _ in range(3):
        assert buckets.wait("a", 50.0) == 0.0
        buckets.take("a", 50.0)
    assert buckets.wait("a", 50.0) == pytest.approx(1200.0)
    assert buckets.wait("b", 50.0) == 0.0
    assert buckets.wait("a", 1250.0) == pytest.approx(0.0)
    buckets.take("a", 1250.0)
    assert buckets.wait("a", 1250.0) == pytest.approx(1200.0)
    assert buckets.wait("a", 1e9) == 0.0


def test_one_at_a_time() -> None:
    buckets = Buckets(1, 0.5)
    buckets.take("a", 0.0)
    assert buckets.wait("a", 0.125) == pytest.approx(0.375)
    assert buckets.wait("a", 0.5) == 0.0


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    buckets = Buckets(1, 100.0, capacity=2)
    for key in ("a", "b", "a", "c"):
        buckets.take(key, 0.0)
    assert len(buckets) == 2
    assert buckets.wait("b", 1.0) == 0.0
    assert buckets.wait("a", 1.0) > 100.0
    assert buckets.wait("c", 1.0) == pytest.approx(99.0)


@given(
    st.integers(1, 5),
    st.lists(st.floats(0.0, 20.0), max_size=60),
)
def test_never_more_than_burst_and_rate(burst: int, pauses: list[float]) -> None:
    buckets = Buckets(burst, 100.0)
    now, taken = 0.0, []
    for pause in pauses:
        now += pause
        if buckets.wait("a", now) == 0.0:
            buckets.take("a", now)
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            length = taken[last] - taken[first]
            assert last - first + 1 <= burst + length * burst / 100.0 + 1e-6
