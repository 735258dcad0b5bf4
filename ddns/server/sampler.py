"""What was measured over the last hour and day, in memory: for operators who have no Prometheus."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from ddns.api.serializers import Json, time_json
from ddns.model.update import SUCCESSES
from ddns.server.metrics import Watched

SECONDS = 10.0
"""Between two samples of the last hour."""

HOUR, DAY = 360, 288
"""Samples that are kept: of the last hour, and of the last day, of which each is the mean of
:data:`IN_ONE` others."""

IN_ONE = 30


@dataclass(frozen=True, slots=True)
class Measured:
    """Numbers of a moment: ``totals`` only go up, ``lengths`` go up and down."""

    totals: Mapping[str, float]
    lengths: Mapping[str, float]


def measure(watched: Watched) -> Measured:
    """Read the numbers of a server."""
    core, dns = watched.core, watched.dns
    limiter, mailer = core.limiter, core.account_services.mailer
    statuses = [
        (status, count)
        for dialect in core.pipeline.counts.dialects.values()
        for status, count in dialect.statuses.items()
        if status is not None
    ]
    done = sum(count for status, count in statuses if status in SUCCESSES)
    return Measured(
        totals={
            "queries": dns.udp.received() + dns.tcp.stats.received(),
            "rate_limited": limiter.slipped + limiter.dropped if limiter else 0,
            "updates": done,
            "refusals": sum(count for _, count in statuses) - done,
        },
        lengths={
            "connections": sum(door.connections() for _, door in watched.frontends()),
            "store": core.store.stats().waiting,
            "passwords": core.updates.authenticator.waiting(),
            "mails": mailer.waiting() if mailer else 0,
        },
    )


@dataclass(slots=True)
class _Kept:
    """The last samples of each series, and when the last one was taken."""

    most: int
    seconds: float
    until: float = 0.0
    series: dict[str, deque[float]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float], at: float) -> None:
        for name, value in values.items():
            self.series.setdefault(name, deque(maxlen=self.most)).append(value)
        self.until = at

    def as_json(self) -> Json:
        shown = {name: [round(one, 3) for one in kept] for name, kept in self.series.items()}
        return {"seconds": self.seconds, "until": time_json(self.until), "series": shown}


class Sampler:
    """Measures now and then.

    :param read: reads the numbers.
    :param clock: the reactor's, for when.
    :param now: seconds since 1970.
    """

    def __init__(
        self, read: Callable[[], Measured], clock: IReactorTime, now: Callable[[], float]
    ) -> None:
        self._read = read
        self._clock = clock
        self._now = now
        self._hour, self._day = _Kept(HOUR, SECONDS), _Kept(DAY, SECONDS * IN_ONE)
        self._last: tuple[float, Measured] | None = None
        self._recent: list[Mapping[str, float]] = []
        self._call = LoopingCall(self.sample)
        self._call.clock = clock

    def start(self) -> None:
        """Measure from now on."""
        self._call.start(SECONDS)

    def stop(self) -> None:
        """Measure no more."""
        if self._call.running:
            self._call.stop()

    def sample(self) -> None:
        """Take a sample; the first one is what the rates of the next begin with."""
        measured, at = self._read(), self._clock.seconds()
        before, self._last = self._last, (at, measured)
        if before is None or at <= before[0]:
            return
        rates = {
            name: max(total - before[1].totals[name], 0.0) / (at - before[0])
            for name, total in measured.totals.items()
        }
        values = {**rates, **measured.lengths}
        self._hour.add(values, self._now())
        self._recent.append(values)
        if len(self._recent) == IN_ONE:
            means = {name: sum(one[name] for one in self._recent) / IN_ONE for name in values}
            self._day.add(means, self._now())
            self._recent.clear()

    def samples(self) -> Json:
        """Return the samples that are kept, as the API shows them."""
        return {"hour": self._hour.as_json(), "day": self._day.as_json()}
