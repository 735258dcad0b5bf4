"""The journal's side of a transaction: an event with every change, a serial a zone a commit."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

from ddns.model import names, records
from ddns.model.account import ZoneInfo
from ddns.model.journal import Author, Event, EventKind, Subject, pack_values
from ddns.model.records import RRset
from ddns.store.interfaces import StoreError
from ddns.store.reading import Reading


class Batch:
    """What one commit has changed so far: its events, and the serial it gives to each zone.

    The writer makes one for every SQLite transaction and marks it before each piece of work, so
    that what a failed piece left here can be forgotten together with its savepoint.
    """

    def __init__(self, position: int) -> None:
        self.first = position
        self.events: list[Event] = []
        self.serials: dict[bytes, int] = {}

    def mark(self) -> tuple[int, dict[bytes, int]]:
        """Where :meth:`forget_since` may return to."""
        return len(self.events), self.serials.copy()

    def forget_since(self, mark: tuple[int, dict[bytes, int]]) -> None:
        """Drop everything after *mark*."""
        del self.events[mark[0] :]
        self.serials = mark[1]


class Journalling(Reading):
    """Reading, and what one author's changes within a batch leave in the journal."""

    def __init__(self, connection: sqlite3.Connection, batch: Batch, author: Author) -> None:
        super().__init__(connection)
        self._many = connection.executemany
        self._batch = batch
        self._author = author
        self.zones_changed: set[bytes] = set()

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
        batch = self._batch
        position = batch.first + len(batch.events)
        author = self._author
        event = Event(
            position, author, kind, subject, zone, serial, owner, number, before, after, value
        )
        self._execute(
            "insert into journal (position, at, who, via, kind, subject, zone, serial, owner, type,"
            " before, after) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (position, author.at, author.who, author.via, str(kind), *event[3:10]),
        )
        batch.events.append(event)
        if zone is not None:
            self.zones_changed.add(zone)

    def _serial(self, origin: bytes) -> int:
        """The serial that this commit gives to a zone; the first change of a commit raises it."""
        serial = self._batch.serials.get(origin)
        if serial is None:
            zone = self._known_zone(origin)
            serial = self._batch.serials[origin] = records.serial_after(zone.serial)
        return serial

    def _known_zone(self, origin: bytes) -> ZoneInfo:
        zone = self.zone(origin)
        if zone is None:
            raise StoreError(f"there is no zone {names.to_text(origin)}")
        return zone

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


def public(subject: Subject | None) -> bytes | None:
    """A journal text of an object, without anything that could serve as a secret."""
    if subject is None:
        return None
    shown = dataclasses.asdict(subject)
    for secret in ("password", "digest"):
        shown.pop(secret, None)
    return json.dumps(shown, default=_shown, sort_keys=True).encode()


def _shown(value: object) -> object:
    if isinstance(value, bytes):
        return names.to_text(value)
    if isinstance(value, frozenset):
        return sorted(names.to_text(name) for name in value)
    raise TypeError(f"{type(value).__name__} does not belong into the journal")
