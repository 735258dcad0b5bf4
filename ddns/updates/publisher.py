"""Publish commits: what was written becomes what is answered.

The publisher follows the journal and keeps the zones and the directory in memory equal to what is
stored. Zones that are new or were replaced are loaded beside the running answers, in slices, and
each is put in place at once; commits to it that come meanwhile are applied on top.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import partial

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.model import names
from ddns.model.account import Account, Key, ZoneInfo
from ddns.model.journal import Event, EventKind, unpack_values
from ddns.model.records import RRset
from ddns.policy.directory import Directory
from ddns.store.interfaces import IReading, IStore, StoreClosed, StoreError
from ddns.zone.zone import Zone, Zones

SLICE = 100
"""Rows that are loaded in one turn of the reactor, about 0.1 ms."""

QUICK, GENTLE = 1000, 200
"""Rows that are read from the store at a time, before queries are answered and after."""


class _Loading:
    """A zone on its way into memory: its serial, events to apply on top, and Deferreds to fire."""

    def __init__(self, serial: int) -> None:
        self.serial = serial
        self.events: list[Event] = []
        self.waiting: list[Deferred[None]] = []


class Publisher:
    """Keeps *zones* and *directory* equal to what *store* has committed.

    Zones are loaded in slices, between which the reactor, whose clock is *clock*, gets to answer.
    """

    _log = Logger()

    def __init__(
        self, store: IStore, zones: Zones, directory: Directory, clock: IReactorTime
    ) -> None:
        self._store = store
        self._zones = zones
        self._directory = directory
        self._clock = clock
        self._loading: dict[bytes, _Loading] = {}
        self._stale: set[bytes] = set()
        self._following = False  # until then no query can be held up, so loading need not yield

    async def load(self) -> None:
        """Load everything, and follow the journal."""
        self._store.subscribe(self.committed)
        accounts, keys, zones = await self._store.read(
            lambda reading: (reading.accounts(), reading.keys(), reading.zones())
        )
        for account in accounts:
            self._directory.put_account(account)
        for key in keys:
            self._directory.put_key(key)
        for zone in zones:
            self._directory.secondaries.put(zone)
        await self._load({info.origin: info.serial for info in zones if not self._has(info.origin)})
        self._following = True

    def _has(self, origin: bytes) -> bool:
        return origin in self._loading or self._zones.get(origin) is not None

    def published(self, origins: frozenset[bytes]) -> Deferred[None]:
        """Fire when DNS answers everything that has been committed to these zones."""
        for origin in origins:
            if origin in self._loading or origin in self._stale:
                return ensureDeferred(self._all_loaded(origins))
        return succeed(None)

    async def _all_loaded(self, origins: frozenset[bytes]) -> None:
        for origin in origins:
            if origin in self._stale and origin not in self._loading:
                info = await self._store.read(partial(_zone, origin=origin))
                if info is not None and origin not in self._loading:
                    ensureDeferred(self._load({origin: info.serial}))
            while (loading := self._loading.get(origin)) is not None:
                loaded: Deferred[None] = Deferred()
                loading.waiting.append(loaded)
                await loaded

    def behind(self) -> tuple[int, int]:
        """Return how many zones are being loaded, and how many could not be."""
        return len(self._loading), len(self._stale)

    def committed(self, events: Sequence[Event]) -> None:
        """Take over events in commit order: a commit's, before its authors are told, or events from
        the journal, completed by :meth:`ddns.store.interfaces.IReading.with_value`."""
        fresh: dict[bytes, int] = {}  # zones to load, which brings these events' records along
        serials: dict[bytes, int] = {}
        for event in events:
            try:
                self._take(event, fresh, serials)
            except Exception:  # one bad event must not keep the others from being published
                self._log.failure("an event cannot be published: {event}", event=event.position)
                if event.zone is not None and event.serial is not None:
                    self._stale.add(event.zone)
                    fresh[event.zone] = event.serial
        for origin, serial in serials.items():
            if (changed := self._zones.get(origin)) is not None:
                changed.set_serial(serial)
        if fresh:
            ensureDeferred(self._load(fresh))

    def _take(self, event: Event, fresh: dict[bytes, int], serials: dict[bytes, int]) -> None:
        """Apply one event, or note in *fresh* that its zone is to be loaded."""
        if event.zone is None:
            self._take_person(event)
            return
        if isinstance(event.value, ZoneInfo):
            self._directory.secondaries.put(event.value)
        loading = self._loading.get(event.zone)
        if loading is not None:
            loading.events.append(event)
        elif _is_removal(event):
            fresh.pop(event.zone, None)
        elif (
            event.kind is EventKind.RELOAD
            or event.zone in self._stale
            or (zone := self._zones.get(event.zone)) is None
        ):
            assert event.serial is not None
            fresh[event.zone] = event.serial
        elif event.kind is EventKind.RRSET and event.zone not in fresh:
            assert event.serial is not None
            _apply(zone, event)
            serials[event.zone] = event.serial
        if _is_removal(event):
            self._zones.remove(event.zone)
            self._zones.awaited.discard(event.zone)
            self._directory.secondaries.remove(event.zone)

    def _take_person(self, event: Event) -> None:
        """Put or remove an account or a key; nothing else without a zone is kept in memory."""
        match event.kind, event.value:
            case EventKind.ACCOUNT, Account() as account:
                self._directory.put_account(account)
            case EventKind.ACCOUNT, None:
                self._directory.remove_account(event.subject)
            case EventKind.KEY, Key() as key:
                self._directory.put_key(key)
            case EventKind.KEY, None:
                self._directory.remove_key(int(event.subject))

    # Loading ---------------------------------------------------------------------------------

    async def _load(self, serials: Mapping[bytes, int]) -> None:
        """Read zones; apply what is committed to each meanwhile on top, and put it in place."""
        for origin, serial in serials.items():
            self._loading[origin] = _Loading(serial)
        self._zones.awaited |= serials.keys()
        scans: list[Sequence[bytes]] = [list(serials)]
        while scans:
            if origins := scans.pop():
                scans += await self._scan(origins)

    async def _scan(self, origins: Sequence[bytes]) -> list[Sequence[bytes]]:
        """Read zones in one scan; return the zones of each scan that has to follow it."""
        done, again = 0, []
        zone: Zone | None = None
        scan = self._store.scan(origins)
        try:
            while scanned := await scan.next(GENTLE if self._following else QUICK):
                for origin, rows, last in scanned:
                    if zone is None or origin != zone.origin:
                        zone = Zone(origin)
                    for start in range(0, len(rows), SLICE):
                        zone.load(rows[start : start + SLICE])
                        if self._following:
                            await deferLater(self._clock, 0)
                    if last:
                        if not self._put_in_place(zone):
                            again.append(origin)
                        done += 1
        except Exception as error:
            left = origins[done:]
            half = len(left) // 2
            if half and not isinstance(error, StoreClosed):
                # One that cannot be read keeps only itself from being answered.
                return [again, left[:half], left[half:]]
            self._fail(left, Failure())
        finally:
            await scan.close()
        return [again]

    def _put_in_place(self, zone: Zone) -> bool:
        """Answer from a zone that was read; return False if it has been replaced meanwhile, so that
        it is to be read again."""
        origin = zone.origin
        loading = self._loading[origin]
        again = False
        removed = zone.negative is None  # removed before it could be read
        if not removed:
            zone.set_serial(loading.serial)
        for event in loading.events:
            if event.kind is EventKind.RRSET:
                if not removed:
                    assert event.serial is not None
                    _apply(zone, event)
                    zone.set_serial(event.serial)
            elif _is_removal(event):
                removed = True
            elif event.kind is EventKind.RELOAD or removed:
                assert event.serial is not None
                loading.serial, again = event.serial, True
        loading.events.clear()
        if again:
            return False
        former = self._zones.get(origin)
        if not removed:
            self._zones.add(zone)
        self._stale.discard(origin)
        self._zones.awaited.discard(origin)
        del self._loading[origin]
        for waiter in loading.waiting:
            waiter.callback(None)
        if former is not None and not removed:
            ensureDeferred(self._free(former))
        return True

    async def _free(self, zone: Zone) -> None:
        while zone.snapshots:
            await deferLater(self._clock, 1.0)
        # A million objects freed at once would hold everything up.
        while zone.nodes:
            for _ in range(min(SLICE, len(zone.nodes))):
                zone.nodes.popitem()
            await deferLater(self._clock, 0)

    def _fail(self, origins: Sequence[bytes], failure: Failure) -> None:
        self._log_not_loaded(origins, failure)
        for origin in origins:
            self._stale.add(origin)  # the next commit to it tries again
            for waiter in self._loading.pop(origin).waiting:
                waiter.errback(failure)

    def _log_not_loaded(self, origins: Sequence[bytes], failure: Failure) -> None:
        first, others = origins[0], len(origins) - 1
        zone = names.to_text(first) if names.is_wire_form(first) else first[:64].hex()
        if others:
            zone += f" and {others} more"
        match failure.value:
            case StoreError() as error:
                if not error.logged:
                    self._log.error("zone {zone} cannot be loaded: {error}", zone=zone, error=error)
            case ValueError() | IndexError() | struct.error() as error:  # read, and never written
                said = "zone {zone} cannot be loaded, it is malformed (ddns check): {error}"
                self._log.error(said, zone=zone, error=error)
            case _:
                self._log.failure("zone {zone} cannot be loaded", failure=failure, zone=zone)


def _zone(reading: IReading, origin: bytes) -> ZoneInfo | None:
    return reading.zone(origin)


def _is_removal(event: Event) -> bool:
    return event.kind is EventKind.ZONE and event.after is None


def _apply(zone: Zone, event: Event) -> None:
    """Give an RRset its new state."""
    assert event.owner is not None
    assert event.type is not None
    if event.after is None:
        zone.put(RRset(event.owner, event.type, 0, ()))
    else:
        zone.put(unpack_values(event.owner, event.type, event.after))
