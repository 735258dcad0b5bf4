"""Changing the SQLite database: each change is written together with its journal row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from zope.interface import implementer

from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import EventKind, public
from ddns.model.request_log import LoggedRequest
from ddns.store.interfaces import ITransaction, StoreError
from ddns.store.sqlite.accounts import People
from ddns.store.sqlite.memberships import Registering
from ddns.store.sqlite.reader import dormant_bits
from ddns.store.sqlite.request_log import log_requests
from ddns.store.sqlite.zone_import import Staging


@implementer(ITransaction)
class Transaction(Staging, Registering, People):
    """One author's changes within a batch."""

    # Zones -----------------------------------------------------------------------------------

    def put_zone(self, zone: ZoneInfo) -> None:
        self._direct()
        before = self.zone(zone.origin)
        if before is None:
            self._execute(
                "insert into zone (origin, serial, account, created, addresses, registration)"
                " values (?, ?, ?, ?, ?, ?)",
                (
                    zone.origin,
                    zone.serial,
                    zone.account,
                    zone.created,
                    str(zone.addresses),
                    str(zone.registration),
                ),
            )
            self._serials[zone.origin] = zone.serial
        else:
            given = self._given_serial(zone.origin)
            serial = before.serial if given is None else given
            zone = dataclasses.replace(zone, serial=serial, created=before.created)
            self._execute(
                "update zone set account = ?, addresses = ?, registration = ? where origin = ?",
                (zone.account, str(zone.addresses), str(zone.registration), zone.origin),
            )
        self._batch.zones.clear()
        self._journal(
            EventKind.ZONE,
            names.to_text(zone.origin),
            public(before),
            public(zone),
            zone=zone.origin,
            serial=zone.serial,
            value=zone,
        )

    def remove_zone(self, origin: bytes) -> None:
        self._direct()
        zone = self._known_zone(origin)
        self._release_all(origin)
        self._execute("delete from zone where origin = ?", (origin,))
        self._batch.zones.clear()
        self._serials.pop(origin, None)
        if (given := self._batch.serials.pop(origin, None)) is not None:
            self._forgotten.setdefault(origin, given)
        self._journal(EventKind.ZONE, names.to_text(origin), public(zone), None, zone=origin)

    # Hosts -----------------------------------------------------------------------------------

    def put_host(self, host: Host) -> None:
        self._direct()
        before = self.host(host.name)
        self._execute(
            "insert into host (name, zone, account, ttl, created, dormant)"
            " values (?, (select id from zone where origin = ?), ?, ?, ?, ?)"
            " on conflict (name) do update set account = excluded.account, ttl = excluded.ttl,"
            " dormant = excluded.dormant",
            (
                host.name,
                host.zone,
                host.account,
                host.ttl,
                host.created,
                dormant_bits(host.dormant),
            ),
        )
        if before is None:
            self._execute("delete from released where name = ?", (host.name,))
            owners = names.with_below(host.name)
            self._execute(
                f"update rrset set of_host = 1 where owner in ({','.join('?' * len(owners))})"
                " and zone = (select id from zone where origin = ?)",
                (*owners, host.zone),
            )
        elif before.account != host.account:  # what clients asked is the former one's affair
            self._execute("delete from request where host = ?", (host.name,))
        self._journal(
            EventKind.HOST,
            names.to_text(host.name),
            public(before),
            public(host),
            owner=host.name,
            value=host,
        )

    def remove_host(self, name: bytes) -> None:
        host = self.host(name)
        if host is None:
            raise StoreError(f"there is no host {names.to_text(name)}")
        for owner in names.with_below(name):
            for rrset in self.rrsets(host.zone, owner):
                self.put_rrset(host.zone, dataclasses.replace(rrset, rdatas=()))
        self._direct()
        self._execute("delete from host where name = ?", (name,))
        self._release(host)
        self._journal(EventKind.HOST, names.to_text(name), public(host), None, owner=name)

    # Requests --------------------------------------------------------------------------------

    def log_requests(
        self, requests: Sequence[LoggedRequest], per_host: int, failed_per_host: int, rows: int
    ) -> None:
        self._direct()
        log_requests(self._connection, requests, per_host, failed_per_host, rows)
