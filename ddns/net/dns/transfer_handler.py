"""AXFR and IXFR: who gets which messages, and when (RFC 5936, RFC 1995).

The whole zone is a snapshot of what is answered, so it keeps the store from nothing. A difference
is read from the journal, in one view with the serial that it leads to.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing

from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ddns.model import names
from ddns.model.records import SOA, is_later
from ddns.net.dns.responder import GivenUp
from ddns.policy.directory import Directory
from ddns.policy.transfers import may_transfer
from ddns.store.interfaces import IReading, IStore, StoreError
from ddns.zone.difference import Difference, condense, with_serial
from ddns.zone.message import AXFR, FORMERR, NOTAUTH, REFUSED, SERVFAIL, Answer, FormError, Query
from ddns.zone.reasons import NOT_AUTHORITATIVE, NOT_READY, not_supported, prohibited
from ddns.zone.transfer import TransferWriter, difference_slices, known_serial, zone_slices
from ddns.zone.zone import Zone, Zones

TRANSFERS = 16
"""Transfers that go on at once; others wait, no more of them than there may be connections."""

LONGEST = 3600.0
"""Seconds that a transfer may take: what is changed meanwhile is kept in memory for it."""

EVENTS = 10_000
"""Changes in the journal that make a difference; with more the whole zone is sent."""

SMALL = 100
"""Records that a difference may have whatever the size of its zone."""

TURN = 0.0004
"""Seconds of work after which the reactor has its turn."""


class TransferHandler:
    """Answers AXFR and IXFR, for an engine.

    :param zones: what is answered.
    :param directory: tells who may transfer a zone.
    :param store: has the journal.
    :param clock: monotonic.
    """

    def __init__(
        self, zones: Zones, directory: Directory, store: IStore, clock: IReactorTime
    ) -> None:
        self._zones = zones
        self._directory = directory
        self._store = store
        self._clock = clock
        self._places = DeferredSemaphore(TRANSFERS)

    def __call__(
        self, request: Query, wire: bytes, source: bytes, tcp: bool
    ) -> Answer | AsyncGenerator[Answer, None]:
        """See :data:`ddns.zone.handlers.Handler`."""
        info = self._directory.secondaries.zone(request.name)
        if info is None:
            return Answer(NOTAUTH, reason=NOT_AUTHORITATIVE)
        key = self._directory.tsig_key(request.key) if request.key else None
        secondaries = self._directory.secondaries.of(request.name)
        if not may_transfer(info, secondaries, source, key):
            return Answer(REFUSED, reason=prohibited("this address or key may not transfer it"))
        if request.type == AXFR and not tcp:
            return Answer(REFUSED, reason=not_supported("AXFR over UDP"))
        serial = None
        if request.type != AXFR:
            try:
                serial = known_serial(wire)
            except FormError:
                return Answer(FORMERR)
        zone = self._zone(request)
        if zone is None:
            return Answer(SERVFAIL, reason=NOT_READY)
        if not tcp or serial == zone.serial:
            return _lone(request, zone)
        return self._transfer(request, serial, source)

    def _zone(self, request: Query) -> Zone | None:
        zone = self._zones.get(request.name)
        return None if zone is None or zone.negative is None else zone

    async def _transfer(
        self, request: Query, serial: int | None, source: bytes
    ) -> AsyncGenerator[Answer, None]:
        await self._places.acquire()
        try:
            until = self._clock.seconds() + LONGEST
            async with aclosing(self._answers(request, serial)) as answers:
                async for answer in answers:
                    yield answer
                    if self._clock.seconds() > until:
                        family = socket.AF_INET if len(source) == 4 else socket.AF_INET6
                        raise GivenUp(
                            f"The transfer of zone {names.to_text(request.name)} to"
                            f" {socket.inet_ntop(family, source)} takes too long: given up"
                        )
        finally:
            self._places.release()

    async def _answers(self, request: Query, serial: int | None) -> AsyncGenerator[Answer, None]:
        """Yield the messages for who has the version of a serial, or none."""
        difference = None
        if serial is not None:
            try:
                difference = await self._difference(request.name, serial)
            except StoreError:
                yield Answer(SERVFAIL)
                return
        zone = self._zone(request)
        if zone is None:  # meanwhile
            yield Answer(SERVFAIL)
            return
        slices = zone_slices(zone) if difference is None else difference_slices(difference)
        writer, since = TransferWriter(request), self._clock.seconds()
        with closing(slices):
            for nodes in slices:
                for answer in writer.add(nodes):
                    yield answer
                if self._clock.seconds() > since + TURN:
                    await deferLater(self._clock, 0)
                    since = self._clock.seconds()
        yield writer.finish()

    async def _difference(self, origin: bytes, serial: int) -> Difference | None:
        zone = self._zones.get(origin)
        most = max(SMALL, len(zone.nodes) if zone else 0)
        return await self._store.read(
            lambda reading: read_difference(reading, origin, serial, most)
        )


def read_difference(reading: IReading, origin: bytes, serial: int, most: int) -> Difference | None:
    """Return how a zone has changed since a serial.

    None is for what cannot be told, or in *most* records, so that the whole zone has to be sent:
    secondaries do nothing with an error, or with the SOA alone, if their version is none of ours.
    """
    zone, soa = reading.zone(origin), reading.rrset(origin, origin, SOA)
    if zone is None or soa is None:
        return None
    now = with_serial(soa, zone.serial)
    if serial == zone.serial:
        return Difference(now, now)
    if not is_later(zone.serial, serial):
        return None
    try:
        events = reading.zone_changes(origin, serial, EVENTS)
    except StoreError:
        return None
    difference = condense(events, serial, now)
    return difference if difference.size() <= most else None


def _lone(request: Query, zone: Zone) -> Answer:
    """Return the SOA alone: nothing is newer, or what is takes TCP (RFC 1995 2)."""
    soa = zone.rrset(zone.origin, SOA)
    assert soa is not None, "a zone with a negative answer has an SOA"
    writer = TransferWriter(request)
    for nodes in difference_slices(Difference(soa, soa)):
        for _ in writer.add(nodes):
            raise AssertionError("one SOA fills no message")
    answer = writer.finish()
    answer.rrl_key = zone.origin
    return answer
