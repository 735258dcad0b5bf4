"""Reading of the journal; part of a :class:`ddns.store.sqlite.reader.Reader`.

There is no index by zone or author: it would cost every update, while the journal is bounded.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator

from zope.interface import implementer

from ddns.model import names
from ddns.model.account import Host
from ddns.model.journal import Event
from ddns.store.history import IReadingHistory
from ddns.store.interfaces import JournalTrimmed
from ddns.store.sqlite.row_objects import make_event

EVENT = (
    "select position, who, via, at, kind, subject, zone, serial, owner, type, before, after"
    " from journal"
)

_OTHER_ACCOUNT = (
    "json_extract(cast(before as text), '$.account')"
    " is not json_extract(cast(after as text), '$.account')"
)


@implementer(IReadingHistory)
class HistoryReader:
    """One connection's view of the journal. The caller begins and ends the transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def host_history(self, host: Host, limit: int) -> list[Event]:
        (since,) = self.execute(
            "select max(position) from journal where kind = 'host' and owner = ?"
            f" and after is not null and {_OTHER_ACCOUNT}",
            (host.name,),
        ).fetchone()
        owners = names.with_below(host.name)
        rows = self.execute(
            f"{EVENT} where position >= ? and owner in ({','.join('?' * len(owners))})"
            " and (kind = 'host' or kind = 'rrset' and zone = ?) order by position desc limit ?",
            (since or 0, *owners, host.zone, limit),
        )
        events = [make_event(*row) for row in rows.fetchall()]
        return [
            event._replace(before=None) if event.position == since else event for event in events
        ]

    def changes_since(self, position: int, limit: int) -> list[Event]:
        oldest = self.execute("select min(position) from journal").fetchone()[0]
        if oldest is not None and position + 1 < oldest:
            raise JournalTrimmed(f"the journal begins at position {oldest}")
        after = f"{EVENT} where position > ? order by position limit ?"
        return [make_event(*row) for row in self.execute(after, (position, limit))]

    def zone_history(self, origin: bytes, limit: int, account: str | None = None) -> list[Event]:
        return list(itertools.islice(self._zone_changes(origin, account), limit))

    def zone_change(self, origin: bytes, position: int, account: str | None = None) -> Event | None:
        return next(
            self._zone_changes(origin, account, "and position = ?", position),
            None,
        )

    def _zone_changes(
        self, origin: bytes, account: str | None, which: str = "", *parameters: int
    ) -> Iterator[Event]:
        (since,) = self.execute(
            "select max(position) from journal where kind = 'zone' and zone = ?"
            f" and (before is null or after is null or {_OTHER_ACCOUNT})",
            (origin,),
        ).fetchone()
        rows = self.execute(
            f"{EVENT} where position > ? and zone = ? and kind = 'rrset'"
            f" and before is not after {which} order by position desc",
            (since or 0, origin, *parameters),
        )
        theirs: dict[bytes, bool] = {}  # whether a name is a host of others
        for row in rows:
            event = make_event(*row)
            if account is not None and event.owner is not None:
                owner = event.owner
                if owner not in theirs:
                    hosts = {owner, names.host_of(owner)}
                    theirs[owner] = any(self._is_of_others(host, account) for host in hosts)
                if theirs[owner]:
                    continue
            yield event

    def _is_of_others(self, host: bytes, account: str) -> bool:
        """Return whether another account has the host, or had it by what the journal knows."""
        row = self.execute(
            "select exists (select 1 from host where name = ?1 and account != ?2)"
            " or exists (select 1 from journal where kind = 'host' and owner = ?1"
            " and (json_extract(cast(before as text), '$.account') != ?2"
            " or json_extract(cast(after as text), '$.account') != ?2))",
            (host, account),
        ).fetchone()
        return bool(row[0])

    def events_by(
        self, who: str, after: int, span: int, limit: int
    ) -> tuple[list[Event], int | None]:
        ends = "select coalesce(min(position), 0), coalesce(max(position), 0) from journal"
        first, last = self.execute(ends).fetchone()
        start = max(after, first - 1)
        end = start + span
        rows = self.execute(
            f"{EVENT} where position > ? and position <= ? and who = ? order by position limit ?",
            (start, end, who, limit),
        )
        events = [make_event(*row) for row in rows]
        if len(events) == limit:
            end = events[-1].position
        return events, end if end < last else None
