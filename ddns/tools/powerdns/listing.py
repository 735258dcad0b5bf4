"""All RRsets of a zone as one text, read from the store in pieces while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredLock, DeferredSemaphore

from ddns.model.account import ZoneInfo
from ddns.model.records import RRset
from ddns.store.interfaces import IReading, IStore
from ddns.tools.powerdns import shapes
from ddns.tools.powerdns.sight import Sight

AT_ONCE = 100
"""Names of a zone, or hosts in it, that are read in one short read."""

PAGE = 25
"""Names that are read at a time of a zone with more, so that no piece takes the processor for long:
some 0.5 ms."""

MOST_WALKS = 4
"""Zones that are read in pieces at the same time, one for an account: each holds a view of the
store, and a client that reads slowly must not keep the others waiting."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a zone is written: what stands before its RRsets, between them and after them, and how
    each is written."""

    before: bytes
    between: bytes
    after: bytes
    write: Callable[[RRset], bytes]

    def join(self, rrsets: Iterable[RRset]) -> bytes:
        """Return RRsets as they stand one after the other."""
        return self.between.join(map(self.write, rrsets))


Choose = Callable[[ZoneInfo, bool], Form]
"""Returns the form of a zone, of which all is seen or not."""


def as_json(zone: ZoneInfo, whole: bool) -> Form:
    """Return the form of a zone as JSON."""
    shown = shapes.dumps({**shapes.zone_detail_json(zone, whole=whole), "rrsets": []})
    before, opening, after = shown.partition(b'"rrsets":[')
    return Form(before + opening, b",", after, lambda one: shapes.dumps(shapes.rrset_json(one)))


def as_master_file(zone: ZoneInfo, whole: bool) -> Form:
    """Return the form of a zone as a master file."""
    return Form(b"", b"", b"", shapes.master_lines)


class Listings:
    """Reads zones out of a store."""

    def __init__(self, store: IStore) -> None:
        self._store = store
        self._walks = DeferredSemaphore(MOST_WALKS)
        self._turns: WeakValueDictionary[str, DeferredLock] = WeakValueDictionary()

    async def zone(
        self, sight: Sight, origin: bytes, choose: Choose
    ) -> bytes | AsyncGenerator[bytes, None]:
        """Return a zone as far as it is seen, whole or in pieces.

        :raises ToolError: where nothing of it is seen.
        """

        def begin(reading: IReading) -> tuple[bytes, bool]:
            form, text, after = _begin(reading, sight, origin, choose, AT_ONCE)
            return form.before + text + form.after, after is None

        text, complete = await self._store.read(begin)
        return text if complete else self._pieces(sight, origin, choose)

    async def _pieces(
        self, sight: Sight, origin: bytes, choose: Choose
    ) -> AsyncGenerator[bytes, None]:
        turn = self._turns.setdefault(sight.key.account, DeferredLock())
        async with turn, self._walks:
            scan = self._store.scan([origin])
            try:
                form, text, after = await scan.read(
                    lambda reading: _begin(reading, sight, origin, choose, PAGE)
                )
                yield form.before + text
                while after is not None:
                    text, after = await scan.read(partial(_go_on, sight, origin, form, after))
                    if text:
                        yield form.between + text
                yield form.after
            finally:
                await scan.close()

    async def name(
        self, sight: Sight, origin: bytes, choose: Choose, owner: bytes, number: int | None
    ) -> bytes:
        """Return a zone with the RRsets of one name alone, or with one of them.

        :raises ToolError: where nothing of it is seen.
        """

        def work(reading: IReading) -> bytes:
            zone = sight.zone(reading, origin)
            form = choose(zone, sight.has_whole(zone))
            found = sight.rrsets_at(reading, zone, owner)
            chosen = (one for one in found if number in (None, one.type))
            return form.before + form.join(chosen) + form.after

        return await self._store.read(work)


def _begin(
    reading: IReading, sight: Sight, origin: bytes, choose: Choose, most: int
) -> tuple[Form, bytes, bytes | None]:
    """Return the form of a zone, its first RRsets, and what the next come after."""
    zone = sight.zone(reading, origin)
    form = choose(zone, sight.has_whole(zone))
    rrsets, after = sight.page(reading, zone, b"", most)
    return form, form.join(rrsets), after


def _go_on(
    sight: Sight, origin: bytes, form: Form, after: bytes, reading: IReading
) -> tuple[bytes, bytes | None]:
    rrsets, last = sight.page(reading, sight.zone(reading, origin), after, PAGE)
    return form.join(rrsets), last
