"""Insert many rows with few statements."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence

MAX_ROWS = 64
"""Rows of one statement."""


def insert(
    connection: sqlite3.Connection,
    head: str,
    values: str,
    rows: Sequence[tuple[object, ...]],
    tail: str = "",
) -> None:
    """Insert rows, up to :data:`MAX_ROWS` with each statement.

    *head* ends with ``values``, *values* is one row's placeholders, *tail* an upsert clause.
    """
    # sqlite3 releases the interpreter lock at each statement, and to get it back while the reactor
    # is busy costs more than a row. Numbers of rows are powers of two, so that the different
    # statements are few enough for sqlite3's cache of prepared ones.
    at = 0
    while at < len(rows):
        count = min(MAX_ROWS, 1 << (len(rows) - at).bit_length() - 1)
        statement = f"{head} {', '.join([values] * count)} {tail}"
        connection.execute(statement, list(itertools.chain(*rows[at : at + count])))
        at += count
