"""Operations on all records of a zone at once: import, and the scan that exports are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from twisted.internet.defer import Deferred
from zope.interface import implementer

from ddns.api import catalogs, parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Invalid, TooMany
from ddns.api.serializers import Json
from ddns.api.zones import check_no_hosts_below
from ddns.model import names, records
from ddns.model.account import ZoneInfo
from ddns.model.records import SOA
from ddns.model.rows import BadRows, Row, unpack_rows
from ddns.store.interfaces import IReading
from ddns.store.scanning import IScan, Scanned

T = TypeVar("T")

MAX_IMPORTS = 4
"""Maximum of imports under way."""

SCAN_PAUSE = 5.0
"""Seconds after which to try again where a scan is under way."""


class ZoneContentOperations(BaseOperations):
    """The records of zones that this server is authoritative for."""

    async def zone_import(
        self,
        origin: str,
        rows: bytes,
        stage: str,
        part: int = 0,
        last: bool = True,
        serial: int = 1,
        replace_hosts: bool = False,
    ) -> Json:
        """Import rows of a zone (:mod:`ddns.model.rows`). They take effect together with the *last*
        ones. *stage* is a name that the caller chooses for this import, *part* counts its calls
        from 0, *serial* is the SOA's in the imported file."""
        if part != self._imports.pop(stage, 0):
            raise Conflict("this part of the import is not the next; begin it again")
        if not last:
            self._imports[stage] = part + 1
            if len(self._imports) > MAX_IMPORTS:  # the oldest was probably given up
                del self._imports[oldest := next(iter(self._imports))]
                await self._transact(lambda context: context.transaction.drop_staged(oldest))
        apex = parsing.name(origin)

        def work(context: WriteContext) -> Json:
            transaction = context.transaction
            if not 0 <= serial < 2**32:
                raise Invalid("a serial is 0 to {most}", most=2**32 - 1)
            try:
                transaction.stage(stage, _checked_rows(apex, rows))
            except BadRows as error:
                raise Invalid(str(error)) from error
            if not last:
                return {"octets": len(rows)}
            there = transaction.zone(apex)
            if there is None:
                check_no_hosts_below(context, apex)
                transaction.put_zone(zone := ZoneInfo(apex, serial, None, context.now))
                catalogs.zone_added(context, zone)
            elif there.catalog:
                raise Conflict(
                    "{origin} is a catalog, made of the list of zones", origin=names.to_text(apex)
                )
            result = transaction.take_staged(stage, apex, serial, replace_hosts)
            if transaction.rrset(apex, apex, SOA) is None:
                raise Invalid("zone {origin} has no SOA", origin=names.to_text(apex))
            return {
                "origin": names.to_text(apex),
                "written": result.written,
                "removed": result.removed,
                "skipped": result.skipped,
            }

        return await self._transact(work, bulk=True)

    async def zone_scan(self, origin: str) -> tuple[Row, IScan]:
        """Return a zone's SOA with its serial, and a scan of all its records at that serial, which
        the caller has to close. The SOA is among them again, with serial 0. An account can have
        one scan at a time, since it holds the store's files back."""
        apex = parsing.name(origin)

        def work(context: ReadContext) -> Row:
            zone = context.own_zone(apex)
            soa = context.transaction.rrset(apex, apex, SOA)
            assert soa is not None, "every zone is committed together with its SOA"
            rdata = records.soa_with_serial(soa.rdatas[0], zone.serial)
            return apex, SOA, soa.ttl, records.pack_rdatas([rdata])

        account = None if self._caller.operator else self._caller.account
        scan = self._store.scan([apex])
        if account is not None:
            if account in self._scanning:
                raise TooMany("a zone of yours is being read already; wait for the end", SCAN_PAUSE)
            self._scanning.add(account)
            scan = _Scan(scan, partial(self._scanning.discard, account))
        try:
            return await self._read(work, within=scan), scan
        except BaseException:
            await scan.close()
            raise


@implementer(IScan)
class _Scan:
    """A scan that tells when it is closed."""

    def __init__(self, scan: IScan, closed: Callable[[], None]) -> None:
        self._scan = scan
        self._closed = closed

    def next(self, most: int = 1000) -> Deferred[list[Scanned]]:
        return self._scan.next(most)

    def read(self, work: Callable[[IReading], T]) -> Deferred[T]:
        return self._scan.read(work)

    def close(self) -> Deferred[None]:
        self._closed()
        return self._scan.close()


def _checked_rows(origin: bytes, packed: bytes) -> Iterator[Row]:
    """Yield rows of a zone one by one while the database takes them, so that the interpreter is
    never held for as long as a whole chunk takes.

    :raises BadRows: for one that the zone cannot hold.
    """
    for row in unpack_rows(packed):
        owner, number, _, rdatas = row
        if not names.is_subdomain(owner, origin):
            raise BadRows(f"{names.to_text(owner)} is not in {names.to_text(origin)}")
        if len(rdatas) > 4000 and not records.fits(rdatas):
            raise BadRows(
                f"{names.to_text(owner)} has more {records.type_to_text(number)} records than a"
                " message can hold"
            )
        if not records.is_data_type(number):
            raise BadRows(f"{records.type_to_text(number)} is not a type that a zone can hold")
        if number == SOA and (owner != origin or len(rdatas) < 24):
            raise BadRows("the SOA is not the zone's")
        yield row
