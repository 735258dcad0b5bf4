"""Views of the database one after the other on one connection.

A new connection reads the schema, compiles each statement and has no page in memory, which costs
more than most of what is asked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ddns.store.sqlite.database import Opened, connect_to_read


class KeptView:
    """A connection that is kept from one view to the next. One thread uses it at a time."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def of(self, opened: Opened) -> Iterator[sqlite3.Connection]:
        """Open a consistent view of the latest committed state.

        :raises StoreError: when the database was removed or replaced.
        """
        opened.check()
        connection, self._connection = self._connection, None
        if connection is None:
            connection = connect_to_read(opened.path)
        try:
            connection.execute("begin")
            yield connection
            connection.execute("rollback")
        except BaseException:
            # A statement that has not ended, since the traceback has it, goes on to hold the view.
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
