"""The journal's side of a transaction: an event with every change, a serial a zone a commit."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping

from ddns.model import names, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import Author, Event, EventKind, Subject, pack_values
from ddns.model.records import RRset, pack_rdatas, unpack_rdatas
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.bulk_insert import insert
from ddns.store.sqlite.reader import Reader, make_host


class Batch:
    """What one commit has changed so far, and what of it SQLite has not been told yet.

    RRsets and journal rows, which nearly all work consists of, are written once a commit, in bulk;
    until then they are known from here. ``rrsets`` are those of the owner names that were read,
    by zone and owner name, ``zones`` those whose origins were looked for; ``serials`` what the
    commit gives to each zone.
    """

    def __init__(self, connection: sqlite3.Connection, position: int) -> None:
        self.first = position
        self.events: list[Event] = []
        self.serials: dict[bytes, int] = {}
        self.zones: dict[bytes, ZoneInfo | None] = {}
        self.rrsets: dict[tuple[bytes, bytes], dict[int, RRset]] = {}
        self.unwritten: dict[tuple[bytes, bytes, int], RRset] = {}
        self._connection = connection
        self._journalled = 0

    def flush(self) -> None:
        """Write what is not written yet."""
        write_rrsets(self._connection, self.unwritten)
        self.unwritten.clear()
        insert(
            self._connection,
            "insert into journal (position, at, who, via, kind, subject, zone, serial, owner, type,"
            " before, after) values",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (event[0], event[1].at, event[1].who, event[1].via, event[2].value, *event[3:10])
                for event in self.events[self._journalled :]
            ],
        )
        self._journalled = len(self.events)
        for origin, serial in self.serials.items():
            self._connection.execute(
                "update zone set serial = ? where origin = ?", (serial, origin)
            )


def write_rrsets(
    connection: sqlite3.Connection, rrsets: Mapping[tuple[bytes, bytes, int], RRset]
) -> None:
    """Write RRsets by zone, owner name and type; those without rdatas are deleted."""
    there = {key: rrset for key, rrset in rrsets.items() if rrset.rdatas}
    insert(
        connection,
        "insert into rrset (zone, owner, type, ttl, rdatas, of_host) values",
        "((select id from zone where origin = ?), ?, ?, ?, ?, exists (select 1 from host"
        " where zone = (select id from zone where origin = ?) and name = ?))",
        [
            (zone, owner, number, rrset.ttl, pack_rdatas(rrset.rdatas), zone, names.host_of(owner))
            for (zone, owner, number), rrset in there.items()
        ],
        "on conflict (zone, owner, type) do update set"
        " ttl = excluded.ttl, rdatas = excluded.rdatas, of_host = excluded.of_host",
    )
    connection.executemany(
        "delete from rrset where zone = (select id from zone where origin = ?)"
        " and owner = ? and type = ?",
        rrsets.keys() - there.keys(),
    )


class UnitOfWork(Reader):
    """One author's piece of work: what it changes lies on top of the batch until it is done.

    Work that only sets RRsets and fails is forgotten by forgetting this object. Work that changes
    anything else says :meth:`_direct` before it and gets a savepoint.
    """

    def __init__(self, connection: sqlite3.Connection, batch: Batch, author: Author) -> None:
        super().__init__(connection)
        self._connection = connection
        self._many = connection.executemany
        self._batch = batch
        self._author = author
        self._events: list[Event] = []
        self._serials: dict[bytes, int] = {}
        self._rrsets: dict[tuple[bytes, bytes], dict[int, RRset]] = {}
        self._unwritten: dict[tuple[bytes, bytes, int], RRset] = {}
        self._forgotten: dict[bytes, int] = {}  # serials of the batch, whose zones are removed
        self._savepoint = False
        self.zones_changed: set[bytes] = set()

    def done(self) -> None:
        """The work has come to its end: what it changed is the batch's."""
        batch = self._batch
        if self._savepoint:
            self._execute("release work")
        batch.events += self._events
        batch.serials.update(self._serials)
        batch.rrsets.update(self._rrsets)
        batch.unwritten.update(self._unwritten)

    def undo(self) -> None:
        """The work has failed: nothing of it stays."""
        self._batch.serials.update(self._forgotten)
        if self._savepoint:
            self._execute("rollback to work")
            self._execute("release work")
            self._forget_what_was_read()

    def _direct(self) -> None:
        """SQLite is about to be changed past the batch: let it know everything, and forget what
        was read."""
        if not self._savepoint:
            self._batch.flush()
            self._execute("savepoint work")
            self._savepoint = True
        write_rrsets(self._connection, self._unwritten)
        self._unwritten.clear()
        self._rrsets.clear()
        self._forget_what_was_read()

    def _forget_what_was_read(self) -> None:
        self._batch.rrsets.clear()
        self._batch.zones.clear()

    # Zones -----------------------------------------------------------------------------------

    def zone(self, origin: bytes) -> ZoneInfo | None:
        """As :meth:`Reader.zone`, but read once a batch, since every update asks for it."""
        zones = self._batch.zones
        if origin not in zones:
            zones[origin] = super().zone(origin)
        return zones[origin]

    # RRsets ----------------------------------------------------------------------------------

    def host(self, name: bytes) -> Host | None:
        """As :meth:`Reader.host`, and its RRsets are read along, since they are wanted next."""
        rows = self._execute(
            "select host.name, zone.origin, host.account, host.ttl, host.created, host.dormant,"
            " rrset.type, rrset.ttl, rrset.rdatas from host join zone on zone.id = host.zone"
            " left join rrset on rrset.zone = host.zone and rrset.owner = host.name"
            " where host.name = ? order by rrset.type",
            (name,),
        ).fetchall()
        if not rows:
            return None
        host = make_host(*rows[0][:6])
        key = (host.zone, name)
        if key not in self._batch.rrsets:
            self._batch.rrsets[key] = {
                number: RRset(name, number, ttl, unpack_rdatas(packed))
                for *_, number, ttl, packed in rows
                if number is not None
            }
        return host

    def _at(self, zone: bytes, owner: bytes) -> dict[int, RRset]:
        """The RRsets of an owner name by type, as this work sees them."""
        key = (zone, owner)
        at = self._rrsets.get(key)
        if at is None:
            at = self._batch.rrsets.get(key)
        if at is None:
            read = super().rrsets(zone, owner)
            at = self._batch.rrsets[key] = {rrset.type: rrset for rrset in read}
        return at

    def rrset(self, zone: bytes, owner: bytes, number: int) -> RRset | None:
        return self._at(zone, owner).get(number)

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return sorted(self._at(zone, owner).values(), key=lambda rrset: rrset.type)

    def put_rrset(self, zone: bytes, rrset: RRset) -> None:
        """See :meth:`ITransaction.put_rrset`."""
        if rrset.type == records.SOA:
            rdatas = tuple(records.soa_with_serial(rdata, 0) for rdata in rrset.rdatas)
            rrset = dataclasses.replace(rrset, rdatas=rdatas)
        key = (zone, rrset.owner)
        at = self._at(zone, rrset.owner)
        before = at.get(rrset.type)
        if before == rrset or (before is None and not rrset.rdatas):
            return
        if key not in self._rrsets:
            at = self._rrsets[key] = at.copy()
        if rrset.rdatas:
            at[rrset.type] = rrset
        else:
            del at[rrset.type]
        self._unwritten[zone, rrset.owner, rrset.type] = rrset
        serial = self._serial(zone)
        self._journal_rrset(zone, serial, before, rrset if rrset.rdatas else None)

    # Journal ---------------------------------------------------------------------------------

    def _journal(
        self,
        kind: EventKind,
        subject: str,
        before: bytes | None,
        after: bytes | None,
        *,
        zone: bytes | None = None,
        serial: int | None = None,
        owner: bytes | None = None,
        number: int | None = None,
        value: Subject | None = None,
    ) -> None:
        position = self._batch.first + len(self._batch.events) + len(self._events)
        author = self._author
        event = Event(
            position, author, kind, subject, zone, serial, owner, number, before, after, value
        )
        self._events.append(event)
        if zone is not None:
            self.zones_changed.add(zone)

    def _journal_rrset(
        self, zone: bytes, serial: int, before: RRset | None, after: RRset | None
    ) -> None:
        rrset = after or before
        assert rrset is not None
        self._journal(
            EventKind.RRSET,
            "",
            None if before is None else pack_values(before),
            None if after is None else pack_values(after),
            zone=zone,
            serial=serial,
            owner=rrset.owner,
            number=rrset.type,
        )

    def _given_serial(self, origin: bytes) -> int | None:
        """The serial that this commit gives to a zone, if it does so far."""
        return self._serials.get(origin, self._batch.serials.get(origin))

    def _serial(self, origin: bytes) -> int:
        """The serial that this commit gives to a zone; the first change of a commit raises it."""
        serial = self._given_serial(origin)
        if serial is None:
            zone = self._known_zone(origin)
            serial = self._serials[origin] = records.serial_after(zone.serial)
        return serial

    def _known_zone(self, origin: bytes) -> ZoneInfo:
        zone = self.zone(origin)
        if zone is None:
            raise StoreError(f"there is no zone {names.to_text(origin)}")
        return zone
