"""Many rows with few statements."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence

MAX_ROWS = 64


def insert(
    connection: sqlite3.Connection,
    head: str,
    values: str,
    rows: Sequence[tuple[object, ...]],
    tail: str = "",
) -> None:
    """Insert rows, many with each statement.

    Python gives its interpreter lock away once a statement, and to take it back while the reactor
    is busy costs more than a row. The numbers of rows are powers of two, so that the statements are
    few enough for sqlite3's cache of them.
    """
    at = 0
    while at < len(rows):
        count = min(MAX_ROWS, 1 << (len(rows) - at).bit_length() - 1)
        statement = f"{head} {', '.join([values] * count)} {tail}"
        connection.execute(statement, list(itertools.chain(*rows[at : at + count])))
        at += count
