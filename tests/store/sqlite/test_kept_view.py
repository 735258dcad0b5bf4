"""Views one after the other on one connection: each of what is committed by then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ddns.store.interfaces import StoreError
from ddns.store.sqlite.database import Opened, open_database
from ddns.store.sqlite.kept_view import KeptView


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Opened]:
    with closing(open_database(tmp_path / "ddns.sqlite", 0.05)) as opened:
        opened.connection.execute("create table number (it integer)")
        opened.connection.executemany("insert into number values (?)", [(0,), (1,)])
        yield opened


@pytest.fixture
def kept(database: Opened) -> Iterator[KeptView]:
    with closing(KeptView()) as kept:
        yield kept


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [it for (it,) in connection.execute("select it from number order by it")]


def test_a_view_stands_still_and_the_next_one_has_the_news(
    database: Opened, kept: KeptView
) -> None:
    with kept.of(database) as first:
        assert numbers(first) == [0, 1]
        database.connection.execute("insert into number values (2)")
        assert numbers(first) == [0, 1]
    with kept.of(database) as second:
        assert second is first
        assert numbers(second) == [0, 1, 2]


def test_what_did_not_end_holds_no_later_view(database: Opened, kept: KeptView) -> None:
    begun: list[sqlite3.Cursor] = []

    def fail() -> None:
        with kept.of(database) as connection:
            begun.append(connection.execute("select it from number"))
            assert begun[0].fetchone() == (0,)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    database.connection.execute("insert into number values (2)")
    with kept.of(database) as another:
        assert numbers(another) == [0, 1, 2]


def test_it_cannot_write(database: Opened, kept: KeptView) -> None:
    with pytest.raises(sqlite3.OperationalError), kept.of(database) as connection:
        connection.execute("insert into number values (2)")


def test_none_of_a_database_that_was_replaced(database: Opened, kept: KeptView) -> None:
    with kept.of(database):
        pass
    database.path.rename(database.path.with_name("away"))
    with pytest.raises(StoreError, match="removed or replaced"), kept.of(database):
        pass
