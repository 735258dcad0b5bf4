"""Relays of hosts.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.relays.IRelays` for what they promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ddns.model.relays import Relay
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork


def add_relay(unit: UnitOfWork, relay: Relay) -> Relay:
    unit.write_through()
    settings = json.dumps(dict(relay.settings), ensure_ascii=False)
    number = unit.execute(
        "insert into relay (host, kind, settings, sealed, created) values (?, ?, ?, ?, ?)",
        (relay.host, str(relay.kind), settings, relay.sealed, relay.created),
    ).lastrowid
    _put_state(unit, number, relay)
    return known(unit.relay(number or 0), "the relay")


def put_relay_state(unit: UnitOfWork, relay: Relay) -> None:
    unit.write_through()
    _put_state(unit, relay.id, relay)


def _put_state(unit: UnitOfWork, number: int | None, relay: Relay) -> None:
    delivered = None if relay.delivered is None else str(relay.delivered)
    unit.execute(
        "update relay set delivered = ?, attempts = ?, next = ?, tried = ?, result = ?, trouble = ?"
        " where id = ?",
        (
            *(delivered, relay.attempts, relay.next, relay.tried, relay.result),
            *(int(relay.trouble), number),
        ),
    )


def put_off_relays(unit: UnitOfWork, until: Iterable[tuple[Relay, float]]) -> None:
    unit.connection.executemany(
        "update relay set next = ? where id = ? and next is ?",
        [(at, relay.id, relay.next) for relay, at in until],
    )


def remove_relay(unit: UnitOfWork, number: int) -> None:
    unit.write_through()
    unit.execute("delete from relay where id = ?", (number,))
