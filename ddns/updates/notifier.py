"""Tell secondaries of changes, and find out whether they follow.

The notifier follows the journal after the publisher. A zone's secondaries get a NOTIFY as soon as
DNS answers what has changed, and then one a second at most. One that does not reply is told again.
One that does is asked for the zone's SOA, after pauses that double, until it has our serial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ddns.model.journal import Event, EventKind
from ddns.model.records import SOA
from ddns.model.secondaries import Secondary, SecondaryState
from ddns.policy.secondaries import Secondaries
from ddns.store.interfaces import IStore
from ddns.updates.follower import FollowedZone, Follower
from ddns.updates.publisher import Publisher
from ddns.updates.retries import Retries
from ddns.zone.node import pick
from ddns.zone.requests import Reply
from ddns.zone.zone import Zone, Zones

INTERVAL = 1.0
"""Seconds between two NOTIFYs of a zone. With more of them NSD 4.6 takes whole zones instead of
differences."""

AT_ONCE, SOON = 0, 1
"""Numbers of :data:`ddns.updates.retries.PAUSES`: none, and a second."""

TELLINGS = 7
"""How often an unanswered NOTIFY is repeated: for two minutes."""

PATIENCE = 3
"""From this pause on, four seconds, a secondary that answers but has not followed is told again:
NSD loses NOTIFYs during a transfer, BIND between two tries of one that was refused."""

SLICE = 20
"""Zones whose secondaries are looked up in one turn of the reactor."""


class Unanswered(Exception):
    """There is no reply to a request; ``str()`` says why."""


class Ask(Protocol):
    """Sends a NOTIFY with the zone's SOA (:class:`ddns.zone.requests.Request`), or a query for it
    without; raises :class:`Unanswered`."""

    def __call__(self, to: Secondary, origin: bytes, soa: bytes = ..., /) -> Awaitable[Reply]: ...


class Notifier:
    """Tells the *secondaries* of *zones* what *publisher* has published.

    :param store: whose commits are followed.
    :param ask: sends requests to secondaries.
    :param clock: monotonic, for pauses.
    :param now: seconds since 1970.

    ``counts`` is how many zones each secondary has, by its address.
    """

    def __init__(
        self,
        store: IStore,
        publisher: Publisher,
        zones: Zones,
        secondaries: Secondaries,
        ask: Ask,
        clock: IReactorTime,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._zones = zones
        self._secondaries = secondaries
        self._ask = ask
        self._clock = clock
        self._now = now
        self._followed: dict[bytes, FollowedZone] = {}
        self._retries: Retries[Follower] = Retries(
            clock, lambda follower, pause: ensureDeferred(self._try(follower, pause))
        )
        self._running = False
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Tell the secondaries of all zones, which have been loaded, and then of each commit."""
        self._running = True
        self._store.subscribe(self.committed)
        ensureDeferred(self._renew_all())

    def stop(self) -> None:
        """Tell nobody any more."""
        self._running = False
        for origin in list(self._followed):
            self._drop(origin)
        self._retries.stop()

    # Who the secondaries are -----------------------------------------------------------------

    async def _renew_all(self) -> None:
        origins = list(self._secondaries)
        for start in range(0, len(origins), SLICE):
            if self._running:
                for origin in origins[start : start + SLICE]:
                    self._renew(origin)
                await deferLater(self._clock, 0)

    def _renew(self, origin: bytes) -> None:
        """Take over who the secondaries of a zone are, and tell those that are new."""
        wanted = self._secondaries.of(origin)
        if not wanted:
            self._drop(origin)
            return
        zone = self._followed.get(origin)
        if zone is None:
            zone = FollowedZone(origin, self._secondaries.is_catalog(origin))
            self._followed[origin] = zone
        for secondary in zone.followers.keys() - set(wanted):
            self._forget(zone.followers.pop(secondary))
        for secondary in wanted:
            if secondary not in zone.followers:
                follower = zone.followers[secondary] = Follower(zone, secondary)
                self.counts[secondary.at] += 1
                self._retries.begin(follower, AT_ONCE)

    def _drop(self, origin: bytes) -> None:
        zone = self._followed.pop(origin, None)
        if zone is None:
            return
        if zone.pause is not None:
            zone.pause.cancel()
        for follower in zone.followers.values():
            self._forget(follower)
        zone.followers = {}

    def _forget(self, follower: Follower) -> None:
        self._retries.done(follower)
        self.counts[follower.secondary.at] -= 1
        self.counts += Counter()  # without those at 0

    # Telling ---------------------------------------------------------------------------------

    def committed(self, events: Sequence[Event]) -> None:
        """Take over a commit's events, after the publisher."""
        changed: dict[bytes, None] = {}
        for event in events:
            if event.zone is None or not self._running:
                continue
            if event.kind is EventKind.ZONE:
                zone = self._followed.get(event.zone)
                if self._secondaries.is_catalog(event.zone) or (zone and zone.catalog):
                    ensureDeferred(self._renew_all())  # its secondaries are those of all zones
                self._renew(event.zone)
            elif event.zone in self._followed:
                changed[event.zone] = None
        for origin in changed:
            if (zone := self._followed.get(origin)) is not None:
                self._changed(zone)

    def _changed(self, zone: FollowedZone) -> None:
        if zone.pause is not None:
            zone.again = True
            return
        zone.pause = self._clock.callLater(INTERVAL, self._paused, zone)
        ensureDeferred(self._tell_all(zone))

    def _paused(self, zone: FollowedZone) -> None:
        zone.pause = None
        if zone.again:
            zone.again = False
            self._changed(zone)

    async def _tell_all(self, zone: FollowedZone) -> None:
        try:
            await self._publisher.published(frozenset((zone.origin,)))
        except Exception:  # logged where it happened; the next commit tries again
            return
        published = self._zones.get(zone.origin)
        if published is None:  # removed since
            return
        now = self._clock.seconds()
        zone.changes.append((published.serial, now))
        for follower in zone.followers.values():
            follower.zone_changed(now)
            ensureDeferred(self._tell(follower, published))
            if self._retries.pause(follower) is None:
                self._retries.begin(follower, SOON)

    async def _tell(self, follower: Follower, zone: Zone, ask_soon: bool = True) -> None:
        """Send a NOTIFY; once it is answered, *ask_soon* whether the secondary has followed."""
        soa = pick(zone.nodes[zone.origin], SOA)[8:]
        try:
            reply = await self._ask(follower.secondary, zone.origin, soa)
        except Unanswered as error:
            if follower.unanswered:
                follower.not_told = str(error)
            return
        follower.told, follower.not_told = self._now(), reply.problem
        follower.unanswered = False
        if ask_soon and (self._retries.pause(follower) or 0) > SOON:
            self._retries.begin(follower, SOON)

    # Asking ----------------------------------------------------------------------------------

    async def _try(self, follower: Follower, pause: int) -> None:
        """Tell a secondary again, or ask whether it has followed."""
        zone = self._zones.get(follower.zone.origin)
        if zone is None:  # it cannot be loaded
            return
        may_tell = follower.zone.pause is None
        if follower.unanswered and may_tell and pause <= TELLINGS:
            await self._tell(follower, zone)
            return
        answered = await self._look(follower)
        lost = answered and not follower.level and pause >= PATIENCE
        if lost and may_tell and follower.is_current():
            await self._tell(follower, zone, ask_soon=follower.unanswered)

    async def _look(self, follower: Follower) -> bool:
        """Ask a secondary for its serial; return whether it has replied."""
        try:
            reply = await self._ask(follower.secondary, follower.zone.origin)
        except Unanswered as error:
            follower.is_silent(str(error), self._clock.seconds())
            return False
        zone = self._zones.get(follower.zone.origin)
        if zone is None or not follower.is_current():
            return False
        follower.has_told(reply, zone.serial, self._clock.seconds())
        if follower.level:
            self._retries.done(follower)
        elif self._retries.pause(follower) is None:
            self._retries.begin(follower, SOON)
        return True

    # What is known ---------------------------------------------------------------------------

    async def states(self, origin: bytes) -> list[SecondaryState]:
        """Ask the secondaries of a zone for their serials, twice those that do not answer."""

        async def ask(follower: Follower) -> None:
            await self._look(follower)
            if follower.serial is None:
                await self._look(follower)

        zone = self._followed.get(origin)
        followers = list(zone.followers.values()) if zone else []
        await gatherResults([ensureDeferred(ask(follower)) for follower in followers])
        return [follower.state(self._clock.seconds()) for follower in followers]

    def behind(self) -> dict[str, tuple[int, float]]:
        """Return of each secondary how many zones it lacks changes of, and for how many seconds the
        oldest of these changes."""
        found = dict.fromkeys(self.counts, (0, 0.0))
        now = self._clock.seconds()
        for follower in self._retries:
            if follower.behind_since is not None:
                count, seconds = found[follower.secondary.at]
                longest = max(seconds, now - follower.behind_since)
                found[follower.secondary.at] = count + 1, longest
        return found

    def progress(self) -> dict[str, tuple[int, int, float]]:
        """Return of each secondary how many zones it is to have, and what :meth:`behind` does."""
        behind = self.behind()
        return {at: (zones, *behind[at]) for at, zones in self.counts.items()}

    def serials(self, most: int) -> Iterator[tuple[bytes, Secondary, int]]:
        """Yield origins, secondaries and their serials, *most* of those that are known."""
        known = (
            (zone.origin, follower.secondary, follower.serial)
            for zone in self._followed.values()
            for follower in zone.followers.values()
            if follower.serial is not None
        )
        return islice(known, most)
