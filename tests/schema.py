"""New databases of this process as copies of one, since the steps that lead to the schema take most
of the time of many a test. What tests of the steps are about takes them."""

from __future__ import annotations

import functools
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from ddns.store.sqlite.migrations import migrate


@functools.cache
def _made() -> sqlite3.Connection:
    """An empty database in memory, with the schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(Database(connection, execute_plugins=False), Path(":memory:"), "")
    return connection


def copy_or_migrate(db: Database, path: Path, version: str) -> None:
    """Stand in for :func:`~ddns.store.sqlite.migrations.migrate`."""
    if version:
        migrate(db, path, version)
    else:
        _made().backup(db.conn)
