"""Requests of all hosts and accounts, from the rows of table ``request``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Literal

from ddns.model.request_log import RequestEntry
from ddns.store.paging import Became, RequestPage
from ddns.store.results import SeenRequest

_BECAME = {
    Became.DONE: "reason = ''",
    Became.REFUSED: "reason <> '' and not failed",
    Became.FAILED: "reason <> '' and failed",
}
_WHOSE = "coalesce(request.account, host.account)"


def read_requests_of(
    execute: Callable[..., sqlite3.Cursor],
    columns: str,
    index: Literal["host", "account"],
    value: bytes | str,
    most: int | None,
) -> list[tuple[bool, RequestEntry]]:
    """Return requests of a host or an account, newest first, each with whether its login failed;
    at most so many of either kind. *columns* are those of an entry."""
    kinds = " union all ".join(
        f"select * from (select id, failed, {columns} from request"
        f" where {index} = :value and failed = {failed} order by id desc limit :most)"
        for failed in (0, 1)
    )
    given = {"value": value, "most": -1 if most is None else most}
    rows = execute(f"select failed, {columns} from ({kinds}) order by id desc", given)
    return [(bool(row[0]), RequestEntry._make(row[1:])) for row in rows]


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
