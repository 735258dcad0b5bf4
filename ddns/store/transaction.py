"""Changing the SQLite database: each change is written together with its journal row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from zope.interface import implementer

from ddns.model import names, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import EventKind, public
from ddns.model.records import RRset, unpack_rdatas
from ddns.model.requests import Noted
from ddns.model.rows import Row
from ddns.store.interfaces import ITransaction, StagedResult, StoreError
from ddns.store.people import People
from ddns.store.reading import dormant_bits
from ddns.store.requests import log_requests

RELOAD_ABOVE = 2000
"""A staged zone that changes more RRsets than this is journalled as one RELOAD: its readers are
quicker to take the zone whole, and the journal's retention would drop the rows anyway."""

_STAGE_TABLE = (
    "create temp table if not exists staged (stage text, owner blob, type integer, ttl integer,"
    " rdatas blob, primary key (stage, owner, type)) without rowid"
)
_OF_HOST = " or ".join(
    [
        "exists (select 1 from host where zone = :zone and name = {0}.owner)",
        *(
            f"(substr({{0}}.owner, 1, {len(label)}) = x'{label.hex()}' and exists (select 1"
            f" from host where zone = :zone and name = substr({{0}}.owner, {len(label) + 1})))"
            for label in names.BELOW_HOST
        ),
    ]
)
"""Whether an owner name belongs to a host of the zone. A host of the zone below does not count: its
name may be that of glue here."""


@implementer(ITransaction)
class Transaction(People):
    """One author's changes within a batch."""

    # Zones -----------------------------------------------------------------------------------

    def put_zone(self, zone: ZoneInfo) -> None:
        self._direct()
        before = self.zone(zone.origin)
        if before is None:
            self._execute(
                "insert into zone (origin, serial, account, created, addresses)"
                " values (?, ?, ?, ?, ?)",
                (zone.origin, zone.serial, zone.account, zone.created, str(zone.addresses)),
            )
            self._serials[zone.origin] = zone.serial
        else:
            given = self._given_serial(zone.origin)
            serial = before.serial if given is None else given
            zone = dataclasses.replace(zone, serial=serial, created=before.created)
            self._execute(
                "update zone set account = ?, addresses = ? where origin = ?",
                (zone.account, str(zone.addresses), zone.origin),
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
            owners = (host.name, *(label + host.name for label in names.BELOW_HOST))
            self._execute(
                f"update rrset set of_host = 1 where owner in ({','.join('?' * len(owners))})"
                " and zone = (select id from zone where origin = ?)",
                (*owners, host.zone),
            )
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
        for owner in (name, *(label + name for label in names.BELOW_HOST)):
            for rrset in self.rrsets(host.zone, owner):
                self.put_rrset(host.zone, dataclasses.replace(rrset, rdatas=()))
        self._direct()
        self._execute("delete from host where name = ?", (name,))
        self._journal(EventKind.HOST, names.to_text(name), public(host), None, owner=name)

    # Requests --------------------------------------------------------------------------------

    def log_requests(
        self, requests: Sequence[Noted], per_host: int, failed_per_host: int, rows: int
    ) -> None:
        self._direct()
        log_requests(self._connection, requests, per_host, failed_per_host, rows)

    # A zone to come --------------------------------------------------------------------------

    def stage(self, stage: str, rows: Iterable[Row]) -> None:
        self._direct()
        self._execute(_STAGE_TABLE)
        self._many(
            "insert into staged (stage, owner, type, ttl, rdatas) values (?, ?, ?, ?, ?)",
            (
                (stage, owner, number, ttl, packed[:-20] + bytes(4) + packed[-16:])
                if number == records.SOA
                else (stage, owner, number, ttl, packed)
                for owner, number, ttl, packed in rows
            ),
        )

    def drop_staged(self, stage: str) -> None:
        self._direct()
        self._execute(_STAGE_TABLE)
        self._execute("delete from staged where stage = ?", (stage,))

    def take_staged(
        self, stage: str, zone: bytes, serial: int | None = None, replace_hosts: bool = False
    ) -> StagedResult:
        self._direct()
        self._execute(_STAGE_TABLE)
        execute = self._execute
        known = self._known_zone(zone)
        (number,) = execute("select id from zone where origin = ?", (zone,)).fetchone()
        ours = {"stage": stage, "zone": number}
        skipped = 0
        if not replace_hosts:
            skipped = execute(
                f"delete from staged where stage = :stage and ({_OF_HOST.format('staged')})", ours
            ).rowcount
        gone = (
            f"from rrset where zone = :zone {'' if replace_hosts else 'and of_host = 0'}"
            " and not exists (select 1 from staged where staged.stage = :stage"
            " and staged.owner = rrset.owner and staged.type = rrset.type)"
        )
        new = (
            "from staged left join rrset as old on old.zone = :zone and old.owner = staged.owner"
            " and old.type = staged.type where staged.stage = :stage and (old.owner is null"
            " or old.ttl <> staged.ttl or old.rdatas <> staged.rdatas)"
        )
        removed = execute(f"select count(*) {gone}", ours).fetchone()[0]
        written = execute(f"select count(*) {new}", ours).fetchone()[0]
        changed = removed + written
        if changed or (serial is not None and records.is_later(serial, known.serial)):
            reached = self._serial(zone)
            if serial is not None and records.is_later(serial, reached):
                reached = self._serials[zone] = serial
            if 0 < changed <= RELOAD_ABOVE:
                self._journal_staged(zone, reached, ours, gone, new)
            else:
                subject = names.to_text(zone)
                self._journal(EventKind.RELOAD, subject, None, None, zone=zone, serial=reached)
            execute(f"delete {gone}", ours)
            execute(
                "insert into rrset (zone, owner, type, ttl, rdatas, of_host)"
                f" select :zone, owner, type, ttl, rdatas, {_OF_HOST.format('staged')}"
                " from staged where stage = :stage on conflict (zone, owner, type) do update set"
                " ttl = excluded.ttl, rdatas = excluded.rdatas, of_host = excluded.of_host",
                ours,
            )
        self.drop_staged(stage)
        return StagedResult(written, removed, skipped)

    def _journal_staged(
        self, zone: bytes, serial: int, ours: dict[str, object], gone: str, new: str
    ) -> None:
        for owner, kind, ttl, rdatas in self._execute(
            f"select owner, type, ttl, rdatas {gone}", ours
        ).fetchall():
            self._journal_rrset(zone, serial, RRset(owner, kind, ttl, unpack_rdatas(rdatas)), None)
        for owner, kind, ttl, rdatas in self._execute(
            f"select staged.owner, staged.type, staged.ttl, staged.rdatas {new}", ours
        ).fetchall():
            before = self.rrset(zone, owner, kind)
            after = RRset(owner, kind, ttl, unpack_rdatas(rdatas))
            self._journal_rrset(zone, serial, before, after)
