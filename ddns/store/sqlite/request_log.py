"""The log of requests in the database: no part of the journal, bounded a host and in all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from ddns.model.names import to_text
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.store.sqlite.bulk_insert import insert

MANY = 64
"""So many at once are looked at, or looked for, in another way than a few."""

WAITING = 60.0
"""Seconds that a request may be older than the host it is shown at, and is then of a former host of
that name. What seems to be older still came when the clock had been set back."""

_COLUMNS = "at, via, peer, user, agent, asked, answer, reason"


def log_requests(
    connection: sqlite3.Connection,
    requests: Sequence[LoggedRequest],
    per_host: int,
    failed_per_host: int,
    rows: int,
) -> None:
    """See :meth:`ddns.store.interfaces.ITransaction.log_requests`."""
    hosts = _hosts(connection, {name for request in requests for name in request.hosts})
    placed = [
        (host, account, request.account is None, *_shown(connection, request))
        for request in requests
        for host, account in _places(connection, request, hosts)
    ]
    if not placed:
        return
    insert(
        connection,
        f"insert into request (host, account, failed, {_COLUMNS}) values",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        placed,
    )
    connection.execute("delete from request where id <= (select max(id) from request) - ?", (rows,))
    # Where many come, not all of them are worth looking whether there are too many of the host's.
    looked_at = placed if len(placed) < MANY else placed[:: len(placed) * 4 // MANY]
    keep = {True: failed_per_host, False: per_host}
    for column, at in (("host", 0), ("account", 1)):
        connection.executemany(
            f"delete from request where {column} = ?1 and failed = ?2 and id <= (select id from"
            f" request where {column} = ?1 and failed = ?2 order by id desc limit 1 offset ?3)",
            {(one[at], one[2], keep[one[2]]) for one in looked_at if one[at] is not None},
        )


def _shown(connection: sqlite3.Connection, request: LoggedRequest) -> RequestEntry:
    """What is kept of a request. A client that mixes up user and password shows the password as its
    name, so where nobody was authenticated only names of accounts and of its hosts are kept."""
    entry = request.entry
    user = entry.user.lower()
    if request.account is not None or user in map(to_text, request.hosts):
        return entry
    known = connection.execute("select 1 from account where name = ?", (user,)).fetchone()
    return entry if known else entry._replace(user="…")


def _hosts(connection: sqlite3.Connection, names: set[bytes]) -> dict[bytes, tuple[str, float]]:
    """Account and time of creation of those of them that are hosts."""
    found: dict[bytes, tuple[str, float]] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), MANY):
        some = ordered[start : start + MANY]
        rows = connection.execute(
            f"select name, account, created from host where name in ({','.join('?' * len(some))})",
            some,
        )
        found.update({name: (account, created) for name, account, created in rows})
    return found


def _places(
    connection: sqlite3.Connection, request: LoggedRequest, hosts: Mapping[bytes, tuple[str, float]]
) -> list[tuple[bytes | None, str | None]]:
    """Where a request is shown: at the hosts it names, if they are its account's or, where nobody
    was authenticated, whosever they are; else at the account."""
    found: list[tuple[bytes | None, str | None]] = []
    for name in request.hosts:
        account, created = hosts.get(name, ("", 0.0))
        older = 0 < created - request.entry.at < WAITING
        if account and not older and request.account in (None, account):
            found.append((name, None))
    if found and len(found) == len(request.hosts):
        return found
    account = request.account or request.entry.user.strip().lower()
    row = connection.execute("select 1 from account where name = ?", (account,)).fetchone()
    return [*found, (None, account)] if row else found


def read_requests(
    execute: Callable[..., sqlite3.Cursor], column: str, value: bytes | str
) -> list[tuple[bool, RequestEntry]]:
    """The requests of a host or an account, newest first, each with whether its credentials were
    wrong."""
    found = execute(
        f"select failed, {_COLUMNS} from request where {column} = ? order by id desc", (value,)
    )
    return [(bool(row[0]), RequestEntry(*row[1:])) for row in found]
