"""The changes of one commit, from one or several works, on their way to SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.journal import Event
from ddns.model.records import RRset, pack_rdatas
from ddns.store.sqlite.bulk_insert import insert


class Batch:
    """The changes of one commit so far, those not yet written to SQLite among them.

    ``first`` is the position of its first event; ``serials`` what the commit gives to each zone.
    ``rrsets`` are those of the owner names that were read, by zone and owner name; ``zones`` those
    whose origins were looked up; ``copied`` the types of those that are copies of a wildcard's;
    ``unwritten`` the RRsets that SQLite does not have yet; ``has_leases`` is whether any record is
    under one, ``has_copies`` whether any RRset is a copy.
    """

    def __init__(self, connection: sqlite3.Connection, position: int) -> None:
        self.first = position
        self.events: list[Event] = []
        self.serials: dict[bytes, int] = {}
        self.zones: dict[bytes, ZoneInfo | None] = {}
        self.rrsets: dict[tuple[bytes, bytes], dict[int, RRset]] = {}
        self.copied: dict[tuple[bytes, bytes], frozenset[int]] = {}
        self.unwritten: dict[tuple[bytes, bytes, int], RRset] = {}
        self._connection = connection
        self._journalled = 0
        self.has_leases, self.has_copies = connection.execute(
            "select exists (select 1 from lease), exists (select 1 from wildcard_copy)"
        ).fetchone()

    def flush(self) -> None:
        """Write everything that is not written yet."""
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
    """Write RRsets by zone, owner name and type; delete those without rdatas."""
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
