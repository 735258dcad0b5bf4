"""Notices to owners: terms, targets, and what waits to be sent.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.notices.INotices` for what they promise.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable

from ddns.model.leases import DAY
from ddns.model.notices import BITS, HostWord, Kind, Mark, Notice, Target, Terms, bits_of
from ddns.store.sqlite.notice_reader import EFFECTIVE, HELD, NOTICE, host_column, make_notice
from ddns.store.sqlite.unit_of_work import UnitOfWork

_TOLD_SILENCE = f"iif(kinds & {BITS[Kind.SILENT]}, days, 0)"
_COLUMNS = ("account", "host", "kind", "details", "created", "way", "target")
_OF_LANE = "account = :account and target is :target and way = :way"
_WATCHED = f"(kinds & {BITS[Kind.FAMILY]} or {_TOLD_SILENCE} > 0)"


def put_notice_terms(unit: UnitOfWork, terms: Terms, now: float) -> None:
    unit.write_through()
    values = (_bits(terms.mail), _bits(terms.push), terms.silent_days)
    of = (terms.account, host_column(terms.host))
    unit.execute("delete from notice_terms where account = ? and host = ?", of)
    if any(value is not None for value in values):
        unit.execute(
            "insert into notice_terms (account, host, mail, push, silent_days)"
            " values (?, ?, ?, ?, ?)",
            (*of, *values),
        )
    watch_hosts(unit, terms.account, terms.host, now)


def _bits(kinds: Iterable[Kind] | None) -> int | None:
    return None if kinds is None else bits_of(kinds)


def watch_hosts(unit: UnitOfWork, account: str, host: bytes | None, now: float) -> None:
    """Wait for words of an account's hosts, or of one, as its terms and targets are by now."""
    given = {"account": account, "host": host, "now": now, "day": DAY}
    told = f"{EFFECTIVE} where host.account = :account and (:host is null or host.name = :host)"
    unit.execute(
        f"delete from host_word where host in (select name from ({told}) where not {_WATCHED})",
        given,
    )
    unit.execute(
        "insert into host_word (host, since, days, silent_at, stopped)"
        f" select name, :now, {_TOLD_SILENCE}, iif({_TOLD_SILENCE}, :now + days * :day, null), 0"
        f" from ({told}) where {_WATCHED}"
        " on conflict (host) do update set days = excluded.days, silent_at ="
        " case excluded.days when 0 then null when host_word.days then host_word.silent_at"
        " else max(since, coalesce(v4, 0), coalesce(v6, 0)) + excluded.days * :day end",
        given,
    )


def forget_notices_of(unit: UnitOfWork, account: str, host: bytes) -> None:
    """Forget what an account was to be told of a host that is another one's from now on."""
    for table in ("notice_terms", "notice_target", "notice", "notice_mark"):
        unit.execute(f"delete from {table} where account = ? and host = ?", (account, host))
    unit.execute("delete from host_word where host = ?", (host,))


def add_notice_target(unit: UnitOfWork, target: Target) -> Target:
    unit.write_through()
    cursor = unit.execute(
        "insert into notice_target (account, host, way, shown, sealed, created, failing, problem,"
        " given_up) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(target.account, host_column(target.host), target.way, target.shown, target.sealed),
            *(target.created, target.failing, target.problem, target.given_up),
        ),
    )
    assert cursor.lastrowid is not None
    watch_hosts(unit, target.account, target.host, target.created)
    return dataclasses.replace(target, id=cursor.lastrowid)


def remove_notice_target(unit: UnitOfWork, number: int, now: float) -> None:
    target = unit.notice_target(number)
    if target is not None:
        unit.write_through()
        unit.execute("delete from notice_target where id = ?", (number,))
        watch_hosts(unit, target.account, target.host, now)


def note_notice_target(
    unit: UnitOfWork, number: int, failing: float | None, problem: str, given_up: int
) -> None:
    unit.write_through()
    unit.execute(
        "update notice_target set failing = ?, problem = ?, given_up = given_up + ? where id = ?",
        (failing, problem, given_up, number),
    )


def add_notice(unit: UnitOfWork, notice: Notice) -> None:
    unit.write_through()
    values = "".join(f" :{name}," for name in _COLUMNS)
    unit.execute(
        f"insert into notice ({', '.join(_COLUMNS)}, attempts, due) select{values}"
        " coalesce(max(attempts), 0), max(:due, coalesce(max(due), 0))"
        f" from notice where attempts > 0 and {_OF_LANE}",
        {**_row(notice), "due": notice.due},
    )


def waiting_notices(
    unit: UnitOfWork, account: str, host: bytes | None, kind: Kind, now: float
) -> list[Notice]:
    rows = unit.execute(
        f"{NOTICE} where account = ? and host = ? and kind = ? and due > ?",
        (account, host_column(host), kind, now),
    )
    return [make_notice(*row) for row in rows.fetchall()]


def change_notice(unit: UnitOfWork, number: int, notice: Notice | None) -> None:
    unit.write_through()
    if notice is None:
        unit.execute("delete from notice where id = ?", (number,))
        return
    unit.execute(
        "update notice set details = ?, attempts = ?, due = ? where id = ?",
        (json.dumps(notice.details), notice.attempts, notice.due, number),
    )


def put_off_notices(unit: UnitOfWork, notice: Notice) -> None:
    unit.write_through()
    unit.execute(
        "update notice set due = max(due, :due), attempts = max(attempts, :attempts)"
        f" where {_OF_LANE}",
        {**_row(notice), "attempts": notice.attempts, "due": notice.due},
    )


def _row(notice: Notice) -> dict[str, object]:
    """Return a notice as its columns are."""
    return {
        **{name: getattr(notice, name) for name in _COLUMNS},
        "host": host_column(notice.host),
        "details": json.dumps(notice.details),
    }


def put_notice_mark(
    unit: UnitOfWork, account: str, host: bytes | None, what: str, mark: Mark
) -> None:
    unit.write_through()
    unit.execute(
        "insert or replace into notice_mark (account, host, what, since, told, held)"
        " values (?, ?, ?, ?, ?, ?)",
        (account, host_column(host), what, *mark),
    )


def held_notices(unit: UnitOfWork, until: float, most: int) -> list[tuple[str, bytes | None, Mark]]:
    rows = unit.execute(f"{HELD} where since <= ? and held > 0 limit ?", (until, most)).fetchall()
    return [(account, host or None, Mark(*mark)) for account, host, *mark in rows]


def forget_notice_marks(unit: UnitOfWork, until: float) -> None:
    unit.write_through()
    unit.execute("delete from notice_mark where since <= ? and held = 0", (until,))


def put_host_word(unit: UnitOfWork, name: bytes, word: HostWord) -> None:
    unit.write_through()
    unit.execute(
        "update host_word set since = ?, days = ?, v4 = ?, v6 = ?, silent_at = ?, stopped = ?"
        " where host = ?",
        (*word, name),
    )


def silent_hosts(unit: UnitOfWork, now: float, most: int) -> list[bytes]:
    of = "select host from host_word where silent_at <= ? order by silent_at limit ?"
    return [name for (name,) in unit.execute(of, (now, most)).fetchall()]


def put_journal_position(unit: UnitOfWork, reader: str, position: int) -> None:
    unit.write_through()
    unit.execute(
        "insert or replace into journal_reader (name, position) values (?, ?)", (reader, position)
    )


def limit_notices(unit: UnitOfWork, now: float) -> None:
    unit.write_through()
    unit.execute("update notice set created = ?1, due = min(due, ?1) where created > ?1", (now,))
    unit.execute("update notice set due = ?1 where due > ?1 + ?2", (now, DAY))
    unit.execute("update notice_mark set since = ?1 where since > ?1", (now,))
    unit.execute(
        "update host_word set since = min(since, ?1), v4 = min(v4, ?1), v6 = min(v6, ?1),"
        " silent_at = min(silent_at, ?1 + days * ?2) where since > ?1 or v4 > ?1 or v6 > ?1",
        (now, DAY),
    )
