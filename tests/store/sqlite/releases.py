"""Databases as former versions of this program left them: ``fixtures/vNNNN.sql`` is the dump of one
that a server of that schema made and answered from, ``vNNNN.key`` its key file. They are never
changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ddns.store.sqlite.migrations import APPLICATION_ID
from ddns.system.files import key_path

FOLDER = Path(__file__).parent / "fixtures"
RELEASES = sorted(path.stem for path in FOLDER.glob("*.sql"))


def lay_out(release: str, path: Path, hosts: int = 0) -> None:
    """Make the database of a release at *path*, with its key file; with so many more hosts in zone
    example.net, of no account's keys, each with an address."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.executescript((FOLDER / f"{release}.sql").read_text())
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        (zone,) = connection.execute(
            "select id from zone where origin = x'076578616d706c65036e657400'"
        ).fetchone()
        names = [b"\x08%08d\x07example\x03net\x00" % number for number in range(hosts)]
        connection.execute("begin")
        connection.executemany(
            "insert into host (name, zone, account, ttl, created) values (?, ?, 'alice', 10, 1.0)",
            ((name, zone) for name in names),
        )
        connection.executemany(
            "insert into rrset (zone, owner, type, ttl, rdatas, of_host)"
            " values (?, ?, 1, 10, ?, 1)",
            ((zone, name, b"\x00\x04\xc6\x33\x64\x07") for name in names),
        )
        connection.execute("commit")
    path.chmod(0o600)
    if (key := FOLDER / f"{release}.key").exists():
        key_path(path).write_bytes(key.read_bytes())


def schema_of(path: Path) -> str:
    """The last step of the schema that a database has had."""
    with closing(sqlite3.connect(path)) as connection:
        (name,) = connection.execute("select max(name) from _sqlite_migrations").fetchone()
        return str(name)


def content_of(path: Path) -> list[str]:
    """All that is in a database, as a dump."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
