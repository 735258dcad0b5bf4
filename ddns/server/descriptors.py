"""As many connections as there are file descriptors for."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.logger import Logger

from ddns.net.listeners import Counted
from ddns.system.descriptors import raise_limit

RESERVED = 256
"""Descriptors for all but clients: the store, its readers and copies, listeners, mail; and for
connections that close only after a turn of the reactor has accepted others in their place."""

_log = Logger()


def fit(doors: Iterable[tuple[str, Counted]]) -> None:
    """Raise the limit of descriptors to what the limits of all connections add up to; where that is
    not allowed, lower these in proportion and say so.

    Of a limit that is very low, half is for clients.
    """
    named = list(doors)
    tables = [table for _, door in named for table in door.tables]
    wanted = sum(table.wanted for table in tables)
    limit = raise_limit(wanted + RESERVED)
    share = min(1.0, max(limit - RESERVED, limit // 2) / wanted)
    for table in tables:
        table.fit(share)
    if share < 1:
        _log.warn(
            "the limit of {limit} open files is too low for the connections that are configured;"
            " at once there may be: {connections}",
            limit=limit,
            connections=", ".join(f"{name} {door.tables[0].total}" for name, door in named),
        )
