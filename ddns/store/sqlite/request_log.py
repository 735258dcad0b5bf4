"""The log of requests: no part of the journal, bounded per host, per account and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.store.sqlite.bulk_insert import insert
from ddns.store.sqlite.reader import ENTRY
from ddns.store.sqlite.unit_of_work import UnitOfWork

MANY = 64
"""Hosts that one query asks for, and requests of a commit above which only a sample of their hosts
is trimmed."""

WAITING = 60.0
"""Seconds between a request and its row here, at most. A request that is older than the host by
less was for a former host of that name; one that seems older still came before the clock was set
back."""


def log_requests(
    unit: UnitOfWork,
    requests: Sequence[LoggedRequest],
    per_host: int,
    failed_per_host: int,
    rows: int,
) -> None:
    """See :meth:`ddns.store.interfaces.ITransaction.log_requests`."""
    unit.write_through()
    hosts = _hosts(unit, {name for request in requests for name in request.hosts})
    placed = [
        (host, account, request.account is None, *_shown(request, hosts, host, account))
        for request in requests
        for host, account in _places(unit, request, hosts)
    ]
    if not placed:
        return
    insert(
        unit.connection,
        f"insert into request (host, account, failed, {ENTRY}) values",
        f"({', '.join('?' * (3 + len(RequestEntry._fields)))})",
        placed,
    )
    unit.execute("delete from request where id <= (select max(id) from request) - ?", (rows,))
    # In a flood every nth is enough: whoever sends many is among them, and is trimmed next time.
    sample = placed if len(placed) < MANY else placed[:: len(placed) * 4 // MANY]
    keep = {True: failed_per_host, False: per_host}
    for column, at in (("host", 0), ("account", 1)):
        unit.connection.executemany(
            f"delete from request where {column} = ?1 and failed = ?2 and id <= (select id from"
            f" request where {column} = ?1 and failed = ?2 order by id desc limit 1 offset ?3)",
            {(one[at], one[2], keep[one[2]]) for one in sample if one[at] is not None},
        )


def _shown(
    request: LoggedRequest,
    hosts: Mapping[bytes, tuple[str, float]],
    host: bytes | None,
    account: str | None,
) -> RequestEntry:
    """Return what is kept of a request at a place."""
    reader = account if host is None else hosts[host][0]
    assert reader is not None
    theirs = [name for name in request.hosts if hosts.get(name, ("",))[0] == reader]
    return request.shown_to(reader, host, theirs)


def _hosts(unit: UnitOfWork, names: set[bytes]) -> dict[bytes, tuple[str, float]]:
    """Return account and time of creation of those names that are hosts."""
    found: dict[bytes, tuple[str, float]] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), MANY):
        some = ordered[start : start + MANY]
        rows = unit.execute(
            f"select name, account, created from host where name in ({','.join('?' * len(some))})",
            some,
        )
        found.update({name: (account, created) for name, account, created in rows})
    return found


def _places(
    unit: UnitOfWork, request: LoggedRequest, hosts: Mapping[bytes, tuple[str, float]]
) -> list[tuple[bytes | None, str | None]]:
    """Return where a request is shown, as pairs of a host or an account and None.

    That is at the hosts it names, if they are its account's; where nobody was authenticated, at
    these hosts whoever has them. What finds no place there is shown at the account."""
    found: list[tuple[bytes | None, str | None]] = []
    for name in request.hosts:
        account, created = hosts.get(name, ("", 0.0))
        older = 0 < created - request.entry.at < WAITING
        if account and not older and request.account in (None, account):
            found.append((name, None))
    if found and len(found) == len(request.hosts):
        return found
    account = request.account or request.entry.user.strip().lower()
    row = unit.execute("select 1 from account where name = ?", (account,)).fetchone()
    return [*found, (None, account)] if row else found
