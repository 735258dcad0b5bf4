"""One author's changes on their way into a commit: an overlay of RRsets, events, serials.

Nearly all work is an update, which puts one or two RRsets. So these and journal rows are kept in
memory and written when the batch ends; everything else is written at once, within a savepoint.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ddns.model import names, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.copies import Touched
from ddns.model.journal import Author, Event, EventKind, Subject, pack_values, public
from ddns.model.records import RRset, unpack_rdatas
from ddns.store.sqlite.batch import Batch, write_rrsets
from ddns.store.sqlite.host_rows import HOST_COLUMNS, make_host
from ddns.store.sqlite.reader import Reader, known

_NONE = frozenset[int]()


class UnitOfWork(Reader):
    """One author's work within a batch: it sees what the works before it and itself changed.

    Work that only puts RRsets and fails is forgotten with this object. Whatever changes SQLite
    itself calls :meth:`write_through` first, which gives the work a savepoint to go back to.

    ``zones_changed`` are the origins of the zones that have events, ``zones_replaced`` those of
    which all records were replaced at once.
    """

    def __init__(self, connection: sqlite3.Connection, batch: Batch, author: Author) -> None:
        super().__init__(connection)
        self.connection = connection
        self.author = author
        self.zones_changed: set[bytes] = set()
        self.zones_replaced: set[bytes] = set()
        self.batch = batch
        self._events: list[Event] = []
        self._touched: dict[tuple[bytes, bytes], bool] = {}
        self._serials: dict[bytes, int] = {}
        self._rrsets: dict[tuple[bytes, bytes], dict[int, RRset]] = {}
        self._unwritten: dict[tuple[bytes, bytes, int], RRset] = {}
        self._forgotten: dict[bytes, int] = {}  # serials of the batch, whose zones are removed
        self._savepoint = False

    def done(self) -> None:
        """Hand the finished work's changes over to the batch."""
        batch = self.batch
        if self._savepoint:
            self.execute("release work")
        batch.events += self._events
        batch.serials.update(self._serials)
        batch.rrsets.update(self._rrsets)
        batch.unwritten.update(self._unwritten)

    def undo(self) -> None:
        """Undo everything that the failed work did."""
        self.batch.serials.update(self._forgotten)
        if self._savepoint:
            # A savepoint outlives the rollback to it; it takes a release to end it.
            self.execute("rollback to work")
            self.execute("release work")
            self._forget_what_was_read()

    def write_through(self) -> None:
        """Prepare for statements past the overlay: let SQLite have all of it, forget what was
        read."""
        if not self._savepoint:
            # What the works before changed must be below the savepoint, or it would be undone too.
            self.batch.flush()
            self.execute("savepoint work")
            self._savepoint = True
        write_rrsets(self.connection, self._unwritten)
        self._unwritten.clear()
        self._rrsets.clear()
        self._forget_what_was_read()

    def _forget_what_was_read(self) -> None:
        self.batch.rrsets.clear()
        self.batch.zones.clear()
        self.batch.copied.clear()

    # Zones -----------------------------------------------------------------------------------

    def zone(self, origin: bytes) -> ZoneInfo | None:
        """As :meth:`Reader.zone`, but read once a batch, since every update asks for it."""
        zones = self.batch.zones
        if origin not in zones:
            zones[origin] = super().zone(origin)
        return zones[origin]

    def given_serial(self, origin: bytes) -> int | None:
        """Return the serial that this commit has given to a zone so far, if it has."""
        return self._serials.get(origin, self.batch.serials.get(origin))

    def next_serial(self, origin: bytes) -> int:
        """Return the serial that this commit gives to a zone; its first change raises it."""
        serial = self.given_serial(origin)
        if serial is None:
            zone = known(self.zone(origin), f"zone {names.to_text(origin)}")
            serial = self._serials[origin] = records.serial_after(zone.serial)
        return serial

    def raise_serial(self, origin: bytes, serial: int) -> None:
        """See :meth:`ddns.store.interfaces.ITransaction.raise_serial`."""
        zone = known(self.zone(origin), f"zone {names.to_text(origin)}")
        if records.is_later(serial, self.given_serial(origin) or zone.serial):
            self._serials[origin] = serial
            soa = self.rrset(origin, origin, records.SOA)  # so that readers hear of it
            self.journal_rrset(origin, serial, soa, soa)

    def set_serial(self, origin: bytes, serial: int) -> None:
        self._serials[origin] = serial

    def forget_zones(self) -> None:
        """Forget which zones were read: one has been added, changed or removed."""
        self.batch.zones.clear()

    def forget_serial(self, origin: bytes) -> None:
        """Forget a zone that has been removed; if the work is undone, its serial is back."""
        self.forget_zones()
        self._serials.pop(origin, None)
        if (given := self.batch.serials.pop(origin, None)) is not None:
            self._forgotten.setdefault(origin, given)

    def name_servers(self) -> frozenset[bytes]:
        self.write_through()  # the NS records may be waiting to be written
        return super().name_servers()

    # RRsets ----------------------------------------------------------------------------------

    def host(self, name: bytes) -> Host | None:
        """As :meth:`Reader.host`, and read its RRsets along, since they are wanted next."""
        rows = self.execute(
            f"select {HOST_COLUMNS}, rrset.type, rrset.ttl, rrset.rdatas"
            " from host join zone on zone.id = host.zone"
            " left join rrset on rrset.zone = host.zone and rrset.owner = host.name"
            " where host.name = ? order by rrset.type",
            (name,),
        ).fetchall()
        if not rows:
            return None
        host = make_host(*rows[0][:-3])
        key = (host.zone, name)
        if key not in self.batch.rrsets:
            self.batch.rrsets[key] = {
                number: RRset(name, number, ttl, unpack_rdatas(packed))
                for *_, number, ttl, packed in rows
                if number is not None
            }
        return host

    def _at(self, zone: bytes, owner: bytes) -> dict[int, RRset]:
        """Return the RRsets of an owner name by type, as this work sees them."""
        key = (zone, owner)
        at = self._rrsets.get(key)
        if at is None:
            at = self.batch.rrsets.get(key)
        if at is None:
            read = self.stored_rrsets(zone, owner)
            at = self.batch.rrsets[key] = {rrset.type: rrset for rrset in read}
        return at

    def copied_types(self, zone: bytes, owner: bytes) -> frozenset[int]:
        """Return the types of the copies of a wildcard's RRsets at an owner name."""
        batch, key = self.batch, (zone, owner)
        if not batch.has_copies:
            return _NONE
        if key not in batch.copied:
            of = (
                "select type from wildcard_copy"
                " where zone = (select id from zone where origin = ?) and owner = ?"
            )
            batch.copied[key] = frozenset(number for (number,) in self.execute(of, key))
        return batch.copied[key]

    def _has_own(self, zone: bytes, owner: bytes) -> bool:
        """Return whether a name has RRsets that are no copies."""
        at = self._at(zone, owner)
        return bool(at) and not self.copied_types(zone, owner).issuperset(at)

    def rrset(self, zone: bytes, owner: bytes, number: int) -> RRset | None:
        rrset = self._at(zone, owner).get(number)
        return None if number in self.copied_types(zone, owner) else rrset

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        found = sorted(self._at(zone, owner).values(), key=lambda rrset: rrset.type)
        copied = self.copied_types(zone, owner)
        return [rrset for rrset in found if rrset.type not in copied] if copied else found

    def put_rrset(self, zone: bytes, rrset: RRset) -> None:
        """See :meth:`ddns.store.interfaces.ITransaction.put_rrset`."""
        key = (zone, rrset.owner)
        if key not in self._touched:
            self._touched[key] = self._has_own(*key)
        if self.batch.has_copies and rrset.type in self.copied_types(*key):
            if not rrset.rdatas:
                return
            self.forget_copy(zone, rrset.owner, rrset.type)
        self.store_rrset(zone, rrset)

    def touched(self) -> Iterable[Touched]:
        """See :meth:`ddns.store.copies.ICopying.touched`."""
        return [
            Touched(zone, owner, existed, self._has_own(zone, owner))
            for (zone, owner), existed in self._touched.items()
        ]

    def forget_copy(self, zone: bytes, owner: bytes, number: int) -> None:
        """Have a copy be an RRset like others."""
        self.write_through()
        self.execute(
            "delete from wildcard_copy where zone = (select id from zone where origin = ?)"
            " and owner = ? and type = ?",
            (zone, owner, number),
        )

    def store_rrset(self, zone: bytes, rrset: RRset) -> None:
        """Replace an RRset, be it a copy or not, or delete it when it has no rdatas."""
        if rrset.type == records.SOA:
            rdatas = tuple(records.soa_with_serial(rdata, 0) for rdata in rrset.rdatas)
            rrset = rrset.with_rdatas(rdatas)
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
        serial = self.next_serial(zone)
        self.journal_rrset(zone, serial, before, rrset if rrset.rdatas else None)

    # Journal ---------------------------------------------------------------------------------

    def journal(
        self,
        kind: EventKind,
        subject: str,
        before: Subject | None,
        after: Subject | None,
        *,
        zone: bytes | None = None,
        serial: int | None = None,
        owner: bytes | None = None,
    ) -> None:
        """Add the event of an object's change; listeners get the object itself along."""
        self._append(kind, subject, zone, serial, owner, None, public(before), public(after), after)

    def journal_rrset(
        self, zone: bytes, serial: int, before: RRset | None, after: RRset | None
    ) -> None:
        """Add the event of an RRset's change."""
        rrset = after or before
        assert rrset is not None
        packed_before = None if before is None else pack_values(before)
        packed_after = None if after is None else pack_values(after)
        self._append(
            EventKind.RRSET, "", zone, serial, rrset.owner, rrset.type, packed_before, packed_after
        )

    def _append(
        self,
        kind: EventKind,
        subject: str,
        zone: bytes | None,
        serial: int | None,
        owner: bytes | None,
        number: int | None,
        before: bytes | None,
        after: bytes | None,
        value: Subject | None = None,
    ) -> None:
        position = self.batch.first + len(self.batch.events) + len(self._events)
        author = self.author
        self._events.append(
            Event(
                position, author, kind, subject, zone, serial, owner, number, before, after, value
            )
        )
        if zone is not None:
            self.zones_changed.add(zone)
