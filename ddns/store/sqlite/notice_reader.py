"""Reading of notices; part of a :class:`ddns.store.sqlite.reader.Reader`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from zope.interface import implementer

from ddns.model.notices import (
    ALL,
    BITS,
    BY_MAIL,
    HostWord,
    Kind,
    Mark,
    Notice,
    Target,
    Terms,
    Way,
    bits_of,
    kinds_of,
)
from ddns.store.notices import IReadingNotices
from ddns.store.sqlite.row_objects import from_row

_TERMS = "select account, host, mail, push, silent_days from notice_terms"
_TARGET = (
    "select id, account, host, way, shown, sealed, created, failing, problem, given_up"
    " from notice_target"
)
NOTICE = "select id, account, host, kind, details, created, way, target, attempts, due from notice"
HELD = "select account, host, since, told, held from notice_mark"

_NOT_IN_LANES = "coalesce(cast(target as text), account) not in (select value from json_each(?))"

EFFECTIVE = (
    "select host.name as name, coalesce(own.silent_days, usual.silent_days, 0) as days,"
    f" coalesce(own.mail, usual.mail, {bits_of(BY_MAIL)}) | iif(exists"
    " (select 1 from notice_target as target where target.account = host.account"
    f" and target.host in (x'', host.name)), coalesce(own.push, usual.push, {ALL}), 0) as kinds"
    " from host left join notice_terms as own"
    " on own.account = host.account and own.host = host.name"
    " left join notice_terms as usual on usual.account = host.account and usual.host = x''"
)
"""Hosts with what is told of them in any way."""


def host_column(host: bytes | None) -> bytes:
    """Return a host as it is stored."""
    return host or b""


def _kinds(bits: int | None) -> frozenset[Kind] | None:
    return None if bits is None else kinds_of(bits)


@from_row
def _make_terms(*row: Any) -> Terms:
    account, host, mail, push, days = row
    return Terms(account, host or None, _kinds(mail), _kinds(push), days)


@from_row
def _make_target(*row: Any) -> Target:
    number, account, host, way, *more = row
    return Target(number, account, host or None, Way(way), *more)


@from_row
def make_notice(*row: Any) -> Notice:
    """Return a notice from its row."""
    number, account, host, kind, details, created, way, *more = row
    return Notice(
        *(number, account, host or None, Kind(kind), json.loads(details), created, Way(way)), *more
    )


@implementer(IReadingNotices)
class NoticeReader:
    """One connection's view of notices. The caller begins and ends the transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def notice_terms(self, account: str, host: bytes | None = None) -> Terms | None:
        of = f"{_TERMS} where account = ? and host = ?"
        found = self.execute(of, (account, host_column(host))).fetchone()
        return None if found is None else _make_terms(*found)

    def all_notice_terms(self, account: str) -> list[Terms]:
        rows = self.execute(f"{_TERMS} where account = ? order by host", (account,))
        return [_make_terms(*row) for row in rows]

    def notice_target(self, number: int) -> Target | None:
        found = self.execute(f"{_TARGET} where id = ?", (number,)).fetchone()
        return None if found is None else _make_target(*found)

    def notice_targets(self, account: str) -> list[Target]:
        rows = self.execute(f"{_TARGET} where account = ? order by id", (account,))
        return [_make_target(*row) for row in rows]

    def notices(self, account: str) -> list[Notice]:
        rows = self.execute(f"{NOTICE} where account = ? order by id", (account,))
        return [make_notice(*row) for row in rows]

    def due_notices(self, way: Way, now: float, but: Collection[str], most: int) -> list[Notice]:
        rows = self.execute(
            f"{NOTICE} where way = ? and due <= ? and {_NOT_IN_LANES} order by due, id limit ?",
            (way, now, json.dumps(list(but)), most),
        )
        return [make_notice(*row) for row in rows]

    def next_notice(self, but: Mapping[Way, Collection[str]]) -> float | None:
        first = f"select min(due) from notice where way = ? and {_NOT_IN_LANES}"
        found = [
            self.execute(first, (way, json.dumps(list(lanes)))).fetchone()[0]
            for way, lanes in but.items()
        ]
        return min((due for due in found if due is not None), default=None)

    def count_notices(self) -> dict[Way, int]:
        found = dict(self.execute("select way, count(*) from notice group by way"))
        return {way: found.get(way, 0) for way in Way}

    def notice_mark(self, account: str, host: bytes | None, what: str) -> Mark | None:
        of = "select since, told, held from notice_mark where account = ? and host = ? and what = ?"
        found = self.execute(of, (account, host_column(host), what)).fetchone()
        return None if found is None else Mark(*found)

    def host_word(self, name: bytes) -> HostWord | None:
        of = "select since, days, v4, v6, silent_at, stopped from host_word where host = ?"
        found = self.execute(of, (name,)).fetchone()
        return None if found is None else HostWord(*found)

    def tells_changes(self, names: Collection[bytes]) -> set[bytes]:
        rows = self.execute(
            f"select name from ({EFFECTIVE} where host.name in"
            f" ({','.join('?' * len(names))})) where kinds & {BITS[Kind.CHANGED]}",
            list(names),
        )
        return {name for (name,) in rows}

    def journal_position(self, reader: str) -> int:
        found = self.execute(
            "select coalesce((select position from journal_reader where name = ?),"
            " (select max(position) from journal), 0)",
            (reader,),
        ).fetchone()
        return int(found[0])

    def operator_accounts(self) -> list[str]:
        rows = self.execute("select name from account where operator = 1 order by name")
        return [name for (name,) in rows]
