"""Come back to things, each after pauses that double, and to one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

T = TypeVar("T")

PAUSES = (0.0, *(2.0**n for n in range(10)))
"""Seconds before each try; the last pause recurs."""

GENTLE = 0.01
"""Seconds between two tries, so that thousands that are due take their time."""


class Retries(Generic[T]):
    """What is to be tried again, and when. Iterating yields all of it.

    :param clock: for the pauses.
    :param call: called with each thing that is due, and the number in :data:`PAUSES` of the pause
        that is over. It is due again after the next, unless it is done by then.
    """

    def __init__(self, clock: IReactorTime, call: Callable[[T, int], object]) -> None:
        self._clock = clock
        self._call = call
        self._numbers: dict[T, int] = {}
        self._queues: list[dict[T, float]] = [{} for _ in PAUSES]  # each in the order of time
        self._timer: IDelayedCall | None = None

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._queues)

    def pause(self, thing: T) -> int | None:
        """Return the number of the pause that a thing is in, None if it is not to be tried."""
        return self._numbers.get(thing)

    def begin(self, thing: T, number: int) -> None:
        """Try a thing after the pause of that number, whatever has become of it before."""
        self.done(thing)
        self._numbers[thing] = number
        self._queues[number][thing] = self._clock.seconds() + PAUSES[number]
        self._schedule()

    def done(self, thing: T) -> None:
        """Try it no more."""
        number = self._numbers.pop(thing, None)
        if number is not None:
            del self._queues[number][thing]

    def stop(self) -> None:
        """Try nothing any more."""
        for thing in list(self._numbers):
            self.done(thing)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _first(self) -> tuple[float, T] | None:
        heads = [next(iter(queue.items())) for queue in self._queues if queue]
        if not heads:
            return None
        thing, due = min(heads, key=lambda head: head[1])
        return due, thing

    def _schedule(self) -> None:
        if (first := self._first()) is None:
            return
        delay = max(GENTLE, first[0] - self._clock.seconds())
        if self._timer is None:
            self._timer = self._clock.callLater(delay, self._go_on)
        elif self._timer.getTime() > self._clock.seconds() + delay:
            self._timer.reset(delay)

    def _go_on(self) -> None:
        self._timer = None
        first = self._first()
        if first is not None and first[0] <= self._clock.seconds():
            thing = first[1]
            number = self._numbers[thing]
            self.begin(thing, min(number + 1, len(PAUSES) - 1))
            self._call(thing, number)
        self._schedule()
