"""What is handed out comes back in time, once, and never takes more room than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddns.policy.handouts import Handouts


def test_a_secret_is_good_until_it_expires() -> None:
    handouts: Handouts[int] = Handouts(time=10.0)
    handouts.add("a", 1, "alice", 100.0)
    assert handouts.find("a", 109.9) == 1
    assert handouts.find("a", 110.0) is None
    assert handouts.find("b", 100.0) is None
    assert handouts.take("a", 110.0) is None
    assert len(handouts) == 0


def test_a_secret_is_taken_once() -> None:
    handouts: Handouts[int] = Handouts()
    handouts.add("a", 1, "alice", 0.0)
    handouts.add("b", 2, "alice", 0.0)
    assert handouts.take("a", 1.0) == 1
    assert handouts.take("a", 1.0) is None
    assert handouts.find("b", 1.0) == 2


def test_the_oldest_of_one_makes_room() -> None:
    handouts: Handouts[int] = Handouts(to_one=2)
    handouts.add("bob's", 0, "bob", 0.0)
    for number in range(3):
        handouts.add(str(number), number, "alice", 1.0)
    assert [handouts.find(one, 2.0) for one in ("0", "1", "2", "bob's")] == [None, 1, 2, 0]


def test_the_oldest_of_all_makes_room() -> None:
    handouts: Handouts[int] = Handouts(capacity=2)
    for number in range(3):
        handouts.add(str(number), number, f"person {number}", 1.0)
    assert [handouts.find(str(number), 2.0) for number in range(3)] == [None, 1, 2]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 7.0), st.booleans())))
def test_it_never_keeps_more_than_it_may(steps: list[tuple[str, float, bool]]) -> None:
    handouts: Handouts[str] = Handouts(time=10.0, capacity=5, to_one=3)
    now, last = 0.0, ""
    for number, (to, pause, comes_back) in enumerate(steps):
        now += pause
        if comes_back:
            handouts.take(last, now)
        last = str(number)
        handouts.add(last, to, to, now)
        assert handouts.find(last, now) == to
        assert 1 <= len(handouts) <= 5
