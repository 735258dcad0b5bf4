"""Coming back to things: when, how often, and to how many at a time."""

from __future__ import annotations

from twisted.internet.task import Clock

from ddns.updates.retries import PAUSES, Retries

STEP = 1 / 128


class Tried:
    """What was tried, after which pause, and when."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.calls: list[tuple[str, int, float]] = []
        self.retries: Retries[str] = Retries(self.clock, self.call)

    def call(self, thing: str, number: int) -> None:
        self.calls.append((thing, number, round(self.clock.seconds(), 1)))

    def pass_(self, seconds: float) -> list[tuple[str, int, float]]:
        """What is tried in that time."""
        self.calls.clear()
        self.clock.pump([STEP] * round(seconds / STEP))
        return self.calls


def test_the_pauses_double_and_the_last_recurs() -> None:
    tried = Tried()
    tried.retries.begin("a", 1)
    times = [at for _, _, at in tried.pass_(2100.0)]
    assert times == [1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 127.0, 255.0, 511.0, 1023.0, 1535.0, 2047.0]
    assert [number for _, number, _ in tried.calls] == [*range(1, 11), 10, 10]


def test_what_is_done_or_begins_anew() -> None:
    tried = Tried()
    tried.retries.begin("a", 1)
    tried.retries.begin("b", 0)
    assert tried.pass_(0.5) == [("b", 0, 0.0)]
    tried.retries.done("b")
    tried.retries.done("b")
    assert list(tried.retries) == ["a"]
    assert tried.pass_(3.0) == [("a", 1, 1.0), ("a", 2, 3.0)]
    tried.retries.begin("a", 1)
    assert tried.retries.pause("a") == 1
    assert tried.retries.pause("b") is None
    assert [call[:2] for call in tried.pass_(3.2)] == [("a", 1), ("a", 2)]
    tried.retries.stop()
    tried.retries.stop()
    assert tried.clock.getDelayedCalls() == []


def test_thousands_take_their_time_and_nobody_waits_for_ever() -> None:
    tried = Tried()
    for number in range(1000):
        tried.retries.begin(str(number), 0)
    tried.pass_(1.0)
    assert 50 < len(tried.calls) <= 100
    assert [thing for thing, _, _ in tried.calls] == [str(n) for n in range(len(tried.calls))]
    tried.pass_(400.0)
    assert min(tried.retries.pause(str(number)) or 0 for number in range(1000)) >= 5
    assert len(tried.clock.getDelayedCalls()) == 1


def test_one_that_is_due_sooner_than_what_is_waited_for() -> None:
    tried = Tried()
    tried.retries.begin("a", len(PAUSES) - 1)
    tried.pass_(100.0)
    tried.retries.begin("b", 1)
    assert tried.pass_(2.0) == [("b", 1, 101.0)]
