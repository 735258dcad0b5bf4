"""The database's schema, as the steps that lead to it: the files in ``schema``.

A step that was released never changes. Wire-form names are stored as they are, so that SQLite's
byte order is the loader's order and equality needs no collation.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations
from twisted.logger import Logger

from ddns.model.text import printable
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


def schema_of(connection: sqlite3.Connection, path: Path) -> str:
    """Return the last step that a database of ours has had, "" for an empty one. Triggers, views
    and whatever else is not ours would be run by what reads and writes the database.

    :raises StoreError: when this program does not know it, or there is more or less than it made.
    """
    (objects,) = connection.execute("select count(*) from sqlite_master").fetchone()
    if not objects:
        return ""
    version = _last_step(connection)
    if version > max(STEPS):
        raise StoreError(
            f"{path} was written by a newer version of this program: its schema is {version},"
            f" and this version knows those up to {max(STEPS)}"
        )
    for fault in schema_faults(connection):
        raise StoreError(f"{path} is not as this program made it: {fault}")
    return version


def schema_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield how the schema differs from the one that the steps to it have made."""
    ours, there = _made_by(_last_step(connection)), _objects(connection)
    named, named_there = ({one[:2] for one in of} for of in (ours, there))
    for kind, name in sorted({one[:2] for one in ours ^ there}, key=repr):
        what = printable(f"{kind} {name}")
        if (kind, name) not in named:
            yield f"{what} is another's"
        else:
            yield f"{what} differs" if (kind, name) in named_there else f"{what} is missing"


def _last_step(connection: sqlite3.Connection) -> str:
    """Return the last step that is recorded, "" if none is."""
    recorded = "select 1 from sqlite_master where type = 'table' and name = ?"
    if connection.execute(recorded, (MIGRATIONS.migrations_table,)).fetchone() is None:
        return ""
    (name,) = connection.execute(
        f"select max(name) from {MIGRATIONS.migrations_table} where migration_set = ?",
        (MIGRATIONS.name,),
    ).fetchone()
    return "" if name is None else printable(str(name))


@functools.cache
def _made_by(version: str) -> frozenset[tuple[object, ...]]:
    """Return what there is after the steps up to *version*."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for name, file in STEPS.items():
            if name <= version:
                connection.executescript(file.read_text())
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> frozenset[tuple[object, ...]]:
    """Return type, name, table and SQL of all that is in a schema, without what SQLite's ANALYZE
    and the library of the migrations keep for themselves."""
    rows = connection.execute(
        "select type, name, tbl_name, sql from sqlite_master where not (type = 'table'"
        " and name in ('sqlite_stat1', 'sqlite_stat4')) and not (tbl_name = ?"
        " and (type = 'index' or type = 'table' and sql like 'create table%'))",
        (MIGRATIONS.migrations_table,),
    )
    return frozenset((*row[:3], _without_layout(str(row[3]))) for row in rows)


def _without_layout(sql: str) -> str:
    """Return SQL without comments and line breaks, which a dump or another version may change."""
    words = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    return re.sub(r" ?([(),;]) ?", r"\1", words)


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
