"""Requests of all hosts and accounts, from the rows of table ``request``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ddns.model.request_log import RequestEntry
from ddns.store.paging import Became, RequestPage
from ddns.store.results import SeenRequest

_BECAME = {
    Became.DONE: "reason = ''",
    Became.REFUSED: "reason <> '' and not failed",
    Became.FAILED: "reason <> '' and failed",
}
_WHOSE = "coalesce(request.account, host.account)"


def read_requests(
    execute: Callable[..., sqlite3.Cursor], columns: str, page: RequestPage
) -> list[SeenRequest]:
    """Return a page of requests; *columns* are those of an entry."""
    given = {
        "request.id < ?": page.before,
        f"{_WHOSE} = ?": page.account,
        "request.host = ?": page.host,
    }
    conditions = [condition for condition, value in given.items() if value is not None]
    if page.became is not None:
        conditions.append(_BECAME[page.became])
    where = f" where {' and '.join(conditions)}" if conditions else ""
    entry = ", ".join(f"request.{column}" for column in columns.split(", "))
    rows = execute(
        f"select request.id, request.host, {_WHOSE}, failed, {entry}"
        " from request left join host on host.name = request.host"
        f"{where} order by request.id desc limit ?",
        (*(value for value in given.values() if value is not None), page.limit),
    )
    return [
        SeenRequest(number, host, account, bool(failed), RequestEntry(*values))
        for number, host, account, failed, *values in rows
    ]
