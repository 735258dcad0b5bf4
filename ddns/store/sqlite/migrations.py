"""The database's schema, as the steps that lead to it: the files in ``schema``.

A step that was released never changes. Wire-form names are stored as they are, so that SQLite's
byte order is the loader's order and equality needs no collation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database, Migrations
from twisted.logger import Logger

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.backup import copy
from ddns.system.files import migration_backup_path

APPLICATION_ID = 0x64646E73  # "ddns"; says in the file's header whose it is

STEPS = {f"v{file.stem}": file for file in sorted((Path(__file__).parent / "schema").glob("*.sql"))}
"""The steps' files by the names under which databases record them."""

MIGRATIONS = Migrations("ddns")

_log = Logger()


def _register(name: str) -> None:
    @MIGRATIONS(name=name)
    def run(db: Database) -> None:
        # Statement by statement, since executescript() would commit the transaction around it.
        for statement in _statements(STEPS[name].read_text()):
            db.conn.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):  # not at the semicolons within a trigger
            yield statement
            statement = ""


for _name in STEPS:
    _register(_name)


def schema_of(db: Database, path: Path) -> str:
    """Return the last step that a database of ours has had, "" for an empty one.

    :raises StoreError: when this program does not know it.
    """
    applied = [migration.name for migration in MIGRATIONS.applied(db)]
    if newer := set(applied) - set(STEPS):
        raise StoreError(
            f"{path} was written by a newer version of this program: its schema is {max(newer)},"
            f" and this version knows those up to {max(STEPS)}"
        )
    return max(applied, default="")


def is_ours(db: Database, path: Path) -> bool:
    """Return whether the database is one of this program, and not an empty one.

    :raises StoreError: when it is another program's.
    """
    (application,) = db.conn.execute("pragma application_id").fetchone()
    (objects,) = db.conn.execute("select count(*) from sqlite_master").fetchone()
    if objects and application != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program")
    return bool(objects)


def migrate(db: Database, path: Path, version: str) -> None:
    """Bring the schema up to date from *version*, in one transaction; keep a copy of the database
    as it was beside it, unless it was empty.

    :raises StoreError: when the copy cannot be made.
    """
    if not MIGRATIONS.pending(db):
        return
    connection, latest = db.conn, max(STEPS)
    if version:
        before = migration_backup_path(path, latest.partition("_")[0])
        connection.execute("begin")
        copy(connection, before, replace=True)
        connection.execute("commit")
        _log.info(
            "the schema of {path} goes from {version} to {latest};"
            " the database as it was is kept as {before}",
            path=str(path),
            version=version,
            latest=latest,
            before=str(before),
        )
    # sqlite-utils commits by itself only where no transaction is open. Within ours each step is a
    # savepoint, and nothing is there for others before the commit, which would fail without ours.
    connection.execute("begin immediate")
    if not version:
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
    MIGRATIONS.apply(db)
    connection.execute("commit")
