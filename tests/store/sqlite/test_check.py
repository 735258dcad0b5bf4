"""What a check finds, each kind of fault by itself, in a database that is in order otherwise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import EventKind
from ddns.store.interfaces import ITransaction
from ddns.store.sqlite.check import MAX_FAULTS, check
from ddns.store.sqlite.database import view
from ddns.store.sqlite.store import SQLiteStore
from ddns.store.sqlite.zone_import import RELOAD_ABOVE
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    SOA_RDATA,
    Blocking,
    address,
    fill,
    key,
    opened,
    put,
    row,
    rrset,
    soa_row,
)

OTHER = names.from_text("other.example")
TXT = rrset(names.from_text("www.example.net"), 16, b"\x03abc")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite"


@pytest.fixture
def filled(path: Path, running: RunningReactor) -> Path:
    """A database in which everything that is journalled has happened."""
    with opened(SQLiteStore(running.reactor, path), running) as store:
        live(store)
    return path


def live(store: Blocking) -> None:
    store.commit(fill)
    for last in (1, 2, 3):
        store.commit(put(address(last=last)))
    store.commit(put(TXT))
    store.commit(put(rrset(ORIGIN, 2, names.from_text("ns1.example.net"))))
    store.commit(lambda t: t.add_key(key("alice", b"k", HOME)))

    def more(transaction: ITransaction) -> None:
        transaction.put_zone(ZoneInfo(OTHER, 2**32 - 2))
        transaction.put_rrset(OTHER, rrset(OTHER, 6, SOA_RDATA))
        transaction.put_host(Host(names.from_text("a.other.example"), OTHER, "bob"))
        transaction.put_rrset(OTHER, address(names.from_text("*.a.other.example")))

    for _ in range(2):
        store.commit(more)
        for last in range(4):  # over the end of the serials
            store.commit(put(address(names.from_text("b.other.example"), last=last), OTHER))
        store.commit(lambda t: t.remove_host(names.from_text("a.other.example")))
        store.commit(lambda t: t.remove_zone(OTHER))
    store.commit(more)
    for number in (3, RELOAD_ABOVE + 10):
        rows = [row(names.from_text(f"h{n}.example.net"), 1, bytes(4)) for n in range(number)]
        store.commit(lambda t, rows=rows: t.stage("s", [soa_row(), *rows]))
        store.commit(lambda t: t.take_staged("s", ORIGIN))
    assert EventKind.RELOAD in {event.kind for event in store.events}
    store.commit(put(TXT))
    store.commit(put(address(last=9)))


def faults(path: Path) -> list[str]:
    with view(path) as connection:
        return check(connection).faults


def alter(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_nothing_is_wrong(filled: Path) -> None:
    with view(filled) as connection:
        found = check(connection)
    assert found.faults == []
    assert found.zones == 2
    assert found.rrsets > RELOAD_ABOVE
    assert found.events > 30


def test_nothing_is_wrong_where_the_journal_has_forgotten(
    path: Path, running: RunningReactor
) -> None:
    with opened(SQLiteStore(running.reactor, path, journal_rows=10), running) as store:
        live(store)
        for number in range(600):
            store.commit(put(address(last=number % 200)))
    assert faults(path) == []


RRSET = "insert into rrset (zone, owner, type, ttl, rdatas, of_host) values (1,"
HOME_SQL = "owner = x'04686f6d65076578616d706c65036e657400' and type = 1"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"update rrset set rdatas = x'0004c0000299' where {HOME_SQL}",
         "home.example.net A: not what position {last} of the journal says"),
        (f"update rrset set ttl = 11 where {HOME_SQL}",
         "home.example.net A: not what position {last} of the journal says"),
        (f"delete from rrset where {HOME_SQL}",
         "home.example.net A: not what position {last} of the journal says"),
        (f"update journal set after = null where position = {{last}} and {HOME_SQL}",
         "home.example.net A: not what position {last} of the journal says"),
        ("update zone set serial = 8 where origin = x'076578616d706c65036e657400'",
         "zone example.net: its serial is 8, but the journal has 16"),
        ("delete from journal where position = 5", "journal: position 6 follows 4"),
        (f"{RRSET} x'0178076578616d706c65036f726700', 1, 5, x'00047f000001', 0)",
         "x.example.org A: it is outside of zone example.net"),
        (f"{RRSET} x'0158076578616d706c65036e657400', 1, 5, x'00047f000001', 0)",
         "name 0158076578616d706c65036e657400 A: the name is malformed"),
        (f"{RRSET} x'0178076578616d706c65036e657400', 1, 5, x'00047f0000', 0)",
         "x.example.net A: its records are cut short"),
        (f"{RRSET} x'0178076578616d706c65036e657400', 1, 5, x'00037f0000', 0)",
         "x.example.net A: a record is malformed"),
        (f"{RRSET} x'0178076578616d706c65036e657400', 15, 5, x'00020005', 0)",
         "x.example.net MX: a record is malformed"),
        (f"{RRSET} x'0178076578616d706c65036e657400', 99, -1, x'000100', 0)",
         "x.example.net SPF: the TTL is -1"),
        (f"update rrset set of_host = 0 where {HOME_SQL}",
         "home.example.net A: it is not known whose it is"),
        ("insert into wildcard_copy values (1, x'0178076578616d706c65036e657400', 1, x'00')",
         "copy x.example.net A: it is not there"),
        (f"insert into wildcard_copy select zone, owner, type, x'00' from rrset where {HOME_SQL}",
         "copy home.example.net A: its wildcard is not there"),
        ("insert into host (name, zone, account, ttl, created)"
         " values (x'0178076578616d706c65036f726700', 1, 'bob', 5, 1.0)",
         "host x.example.org: it is outside of its zone example.net"),
        ("insert into zone (origin, serial, created) values (x'036e657700', 1, 1.0)",
         "zone new: it has no SOA record"),
        ("update key set kind = 'strange'",
         "key 1: its kind is strange"),
        ("update zone set addresses = 'strange' where id = 1",
         "zone example.net: the addresses it allows are strange"),
        ("update key set digest = x'00'", "key 1: its digest is malformed"),
        ("update host set dormant = 4 where zone = 1",
         "host home.example.net: what it may come back with is malformed"),
        ("update host set interface_id = x'0a' where zone = 1",
         "host 04686f6d65076578616d706c65036e657400: a value is malformed"),
        ("update host set follows = x'0a' where zone = 1",
         "host 04686f6d65076578616d706c65036e657400: a value is malformed"),
        ("update host set prefixes = '2001:db8::1/64' where zone = 1",
         "host 04686f6d65076578616d706c65036e657400: a value is malformed"),
        ("insert into notice_terms values ('alice', x'0a', 1, null, null)",
         "notice_terms alice: a value is malformed"),
        ("insert into notice_terms values ('alice', x'', 4096, null, null)",
         "notice_terms alice: a value is malformed"),
        ("insert into notice values (7, 'alice', x'', 'more', '[]', 1.0, 'mail', null, 0, 1.0)",
         "notice 7: a value is malformed"),
        ("insert into notice values (7, 'alice', x'', 'more', '{{}}', 1.0, 'fax', null, 0, 1.0)",
         "notice 7: a value is malformed"),
        ("insert into notice_mark values ('alice', x'', '', -1.0, 0, 0)",
         "notice_mark alice: a value is malformed"),
        ("insert into key_host values (77, x'00')",
         "table key_host: a row belongs to nothing in table key"),
    ],
)  # fmt: skip
def test_a_fault(filled: Path, statement: str, expected: str) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        (last,) = connection.execute("select max(position) from journal").fetchone()
    alter(filled, statement.format(last=last))
    assert faults(filled) == [expected.format(last=last)]


def test_an_index_that_lacks_a_row(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("pragma writable_schema = on")
        connection.execute("create table spare (account text)")
        connection.execute(
            "update sqlite_master set rootpage = (select rootpage from sqlite_master where"
            " name = 'spare') where name = 'host_by_account'"
        )
    found = faults(filled)
    assert found
    assert all(line.startswith(("SQLite: ", "sqlite: ", "table ")) for line in found[:1])


def test_damage_that_stops_sqlite_is_told_and_no_more(filled: Path) -> None:
    content = bytearray(filled.read_bytes())
    content[8192 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 8192)
    filled.write_bytes(content)
    found = faults(filled)
    assert found
    assert all("\n" not in line for line in found)
    assert any("malformed" in line or "SQLite" in line for line in found)


def test_there_is_an_end_to_what_is_told(filled: Path) -> None:
    alter(filled, "update rrset set ttl = -1")
    assert len(faults(filled)) == MAX_FAULTS
