"""What watches a server: listeners for metrics and health, and samples for operators."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from prometheus_client import generate_latest
from twisted.internet.defer import TimeoutError, ensureDeferred

from ddns.config.settings import HttpSettings, MetricsSettings
from ddns.model.notices import Way
from ddns.net.http.monitoring import MonitoringResource
from ddns.net.http.site import LimitedSite
from ddns.net.listeners import Listeners
from ddns.server.health import Health
from ddns.server.metrics import Watched, registry_of
from ddns.server.sampler import Sampler, measure
from ddns.store.interfaces import IReading, StoreError
from ddns.system.latch import Latch

LIMITS = HttpSettings(connections=50, connections_per_address=20, idle_time=180.0)
"""Prometheus comes once a minute or more often, and keeps its connection."""

FRESH = 0.25
"""Seconds for which everybody gets the same text. Making it takes milliseconds in which nothing
else is answered, so it must not be made as often as somebody asks."""

COUNTING = 2.0
"""Seconds that counting in the store may take; after that the last known numbers are shown."""

LEAVE = 0.5
"""Seconds that answers may take to be sent when the server ends."""


class Monitoring:
    """Answers for metrics and health.

    :param settings: where to listen.
    :param reactor: for sockets and time.
    :param watched: the parts whose numbers are read when somebody asks.
    :param health: asked when somebody asks.

    ``registry`` has the metrics of this server and no other, ``sampler`` what was measured.
    """

    def __init__(
        self, settings: MetricsSettings, reactor: Any, watched: Watched, health: Health
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self.watched = watched
        self.registry = registry_of(watched)
        self.sampler = Sampler(lambda: measure(watched), reactor, watched.now)
        running = watched.core.running
        running.not_ready, running.samples = health.ready, self.sampler.samples
        self.listeners = Listeners(reactor)
        self._site = LimitedSite(
            MonitoringResource(self.metrics, health.alive, health.ready), reactor, LIMITS
        )
        self._counting: Latch | None = None
        self._text = b""
        self._made_at = float("-inf")

    def open(self) -> None:
        """Listen as the settings say, and measure for operators.

        :raises CannotListenError, ValueError: when a socket cannot be had.
        """
        self.listeners.listen("metrics", self._settings.listen, self._site, self._site)
        self.sampler.start()

    async def metrics(self) -> bytes:
        """Return the text for Prometheus."""
        if not self._is_fresh():
            await self._count_stored()
            if not self._is_fresh():  # unless another request that waited has just made it
                self._text = generate_latest(self.registry)
                self._made_at = self._reactor.seconds()
        return self._text

    def _is_fresh(self) -> bool:
        age: float = self._reactor.seconds() - self._made_at
        return 0.0 <= age < FRESH

    async def _count_stored(self) -> None:
        """Count what is in the store, once for all requests that come meanwhile."""
        counting = self._counting
        if counting is None:
            counting = self._counting = Latch()
            ensureDeferred(self._count(counting))  # which a store may end at once
        with suppress(TimeoutError):
            await counting.wait().addTimeout(COUNTING, self._reactor)

    async def _count(self, counted: Latch) -> None:
        try:
            with suppress(StoreError):  # then the last known numbers are shown
                watched = self.watched
                found = await watched.core.store.read(partial(_counts, now=watched.now()))
                watched.hosts, watched.leases, watched.relays, watched.notices = found
        finally:
            self._counting = None
            counted.open()

    def unbind(self) -> None:
        """Close the sockets of a start that has failed, without a reactor that runs."""
        self.sampler.stop()
        self.listeners.unbind()

    async def stop(self) -> None:
        """Stop listening and measuring, and end all connections."""
        self.sampler.stop()
        await self.listeners.stop(LEAVE)


def _counts(reading: IReading, now: float) -> tuple[int, int, int, dict[Way, int]]:
    relays, notices = reading.count_due_relays(now), reading.count_notices()
    return reading.count_hosts(), reading.count_leases(), relays, notices
