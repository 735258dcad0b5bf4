"""Reading of relays; part of a :class:`ddns.store.sqlite.reader.Reader`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from zope.interface import implementer

from ddns.model.relays import HostAddresses, Relay, RelayKind, Trouble
from ddns.store.relays import IReadingRelays
from ddns.store.sqlite.row_objects import from_row

_SELECT = (
    "select relay.id, relay.host, kind, settings, sealed, relay.created, zone.origin, host.account,"
    " delivered, attempts, next, tried, result, trouble"
    " from relay join host on host.name = relay.host join zone on zone.id = host.zone"
)


@from_row
def make_relay(*row: Any) -> Relay:
    number, host, kind, settings, *known, delivered, attempts, at, tried, said, trouble = row
    told = None if delivered is None else HostAddresses.from_text(delivered)
    state = (told, attempts, at, tried, said, Trouble(trouble))
    return Relay(*(number, host, RelayKind(kind), json.loads(settings), *known, *state))


@implementer(IReadingRelays)
class RelaysReader:
    """One connection's view of relays. The caller begins and ends the transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def relay(self, number: int) -> Relay | None:
        return next(iter(self._relays("where relay.id = ?", number)), None)

    def relays_of(self, host: bytes) -> list[Relay]:
        return self._relays("where relay.host = ? order by relay.id", host)

    def relays(self, after: int, most: int) -> list[Relay]:
        return self._relays("where relay.id > ? order by relay.id limit ?", after, most)

    def count_relays(self, account: str) -> int:
        of = "select count(*) from host join relay on relay.host = host.name where account = ?"
        return int(self.execute(of, (account,)).fetchone()[0])

    def due_relays(self, now: float, most: int, without: Collection[int] = ()) -> list[Relay]:
        others = f"and relay.id not in ({','.join('?' * len(without))})" if without else ""
        ordered = f"where next <= ? {others} order by next limit ?"
        return self._relays(ordered, now, *without, most)

    def count_due_relays(self, now: float) -> int:
        of = "select count(*) from relay where next <= ?"
        return int(self.execute(of, (now,)).fetchone()[0])

    def next_relay(self) -> float | None:
        of = "select min(next) from relay where next is not null"
        at: float | None = self.execute(of).fetchone()[0]
        return at

    def _relays(self, condition: str, *values: object) -> list[Relay]:
        rows = self.execute(f"{_SELECT} {condition}", values).fetchall()
        return [make_relay(*row) for row in rows]
