"""What was measured over the last hour and day."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from ddns.server.sampler import DAY, HOUR, IN_ONE, SECONDS, Measured, Sampler


class Meter:
    """A server whose numbers a test sets."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queries, self.waiting = 0.0, 0.0
        self.sampler = Sampler(self.read, self.clock, lambda: 1000.0 + self.clock.seconds())

    def read(self) -> Measured:
        return Measured({"queries": self.queries}, {"store": self.waiting})

    def later(self, *queries: float) -> None:
        """So many queries come within each pause."""
        for number in queries:
            self.queries += number
            self.clock.advance(SECONDS)

    def series(self, which: str, name: str = "queries") -> list[float]:
        found: list[float] = self.sampler.samples()[which]["series"].get(name, [])
        return found


@pytest.fixture
def meter() -> Meter:
    meter = Meter()
    meter.sampler.start()
    return meter


def test_rates_begin_with_the_second_sample(meter: Meter) -> None:
    assert meter.series("hour") == []
    meter.waiting = 7.0
    meter.later(50, 0, 5)
    assert meter.series("hour") == [5.0, 0.0, 0.5]
    assert meter.series("hour", "store") == [7.0, 7.0, 7.0]
    assert meter.sampler.samples()["hour"]["until"].startswith("1970-01-01T00:17:10")


def test_a_day_has_means(meter: Meter) -> None:
    meter.later(*[10.0] * (IN_ONE // 2), *[30.0] * (IN_ONE // 2 - 1))
    assert meter.series("day") == []
    meter.later(30.0)
    assert meter.series("day") == [2.0]
    assert meter.sampler.samples()["day"]["seconds"] == SECONDS * IN_ONE


def test_no_more_is_kept_than_an_hour_and_a_day(meter: Meter) -> None:
    meter.later(*[1.0] * (IN_ONE * (DAY + 2)))
    assert (len(meter.series("hour")), len(meter.series("day"))) == (HOUR, DAY)


def test_numbers_that_begin_anew_are_no_negative_rate(meter: Meter) -> None:
    meter.later(50)
    meter.queries = 0.0
    meter.later(0)
    assert meter.series("hour") == [5.0, 0.0]


def test_it_ends(meter: Meter) -> None:
    meter.sampler.stop()
    meter.sampler.stop()
    assert meter.clock.getDelayedCalls() == []
