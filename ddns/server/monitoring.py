"""The listeners for those who watch a server, open for as long as it lives."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from prometheus_client import generate_latest
from twisted.internet.defer import Deferred, TimeoutError, ensureDeferred

from ddns.config.settings import HttpSettings, MetricsSettings
from ddns.net.http.monitoring import MonitoringResource
from ddns.net.http.site import LimitedSite
from ddns.net.listeners import Listeners
from ddns.server import factories
from ddns.server.health import Health
from ddns.server.metrics import Watched, registry_of
from ddns.store.interfaces import IReading, StoreError

LIMITS = HttpSettings(connections=50, connections_per_address=20, idle_time=180.0)
"""Prometheus comes once a minute or more often, and keeps its connection."""

FRESH = 0.25
"""Seconds for which everybody gets the same text: to make it takes milliseconds in which nothing
else is answered, however often somebody asks for it."""

COUNTING = 2.0
"""Seconds that hosts may take to be counted; then the number that was known before is shown."""

LEAVE = 0.5
"""Seconds for those who are being told something when the server ends."""


class Monitoring:
    """*reactor* provides IReactorTime; *watched* and *health* are read when somebody asks.
    ``registry`` has the metrics of this server and no other."""

    def __init__(
        self, settings: MetricsSettings, reactor: Any, watched: Watched, health: Health
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self.watched = watched
        self.registry = registry_of(watched)
        self.listeners = Listeners(reactor)
        self._site = LimitedSite(
            MonitoringResource(self.metrics, health.alive, health.ready), reactor, LIMITS
        )
        self._counting: Deferred[None] | None = None
        self._text = b""
        self._made_at = float("-inf")

    def open(self) -> None:
        """Listen where that is wanted.

        :raises CannotListenError, ValueError: when a socket cannot be had.
        """
        self.listeners.listen("metrics", self._settings.listen, self._site, self._site)

    async def metrics(self) -> bytes:
        """The text for Prometheus."""
        if not self._is_fresh():
            await self._count_hosts()
            if not self._is_fresh():  # somebody else may have waited as well
                self._text = generate_latest(self.registry)
                self._made_at = self._reactor.seconds()
        return self._text

    def _is_fresh(self) -> bool:
        age: float = self._reactor.seconds() - self._made_at
        return 0.0 <= age < FRESH

    async def _count_hosts(self) -> None:
        """They are not in memory. Once for all who ask at the same time, who do not wait long."""
        if self._counting is None or self._counting.called:
            self._counting = ensureDeferred(self._count())
        with suppress(TimeoutError):
            await factories.when(self._counting).addTimeout(COUNTING, self._reactor)

    async def _count(self) -> None:
        with suppress(StoreError):  # the number known before will do
            self.watched.hosts = await self.watched.core.store.read(_hosts)

    def unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self.listeners.unbind()

    async def stop(self) -> None:
        """Close, whatever is being said."""
        await self.listeners.stop(LEAVE)


def _hosts(reading: IReading) -> int:
    return reading.count_hosts()
