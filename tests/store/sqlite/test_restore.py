"""A backup in the place of the database: one or the other at every moment, serials never back."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.journal import EventKind
from ddns.model.leases import DAY
from ddns.model.notices import Kind, Notice, Terms, Way
from ddns.model.records import is_later
from ddns.model.relays import HostAddresses, Relay, RelayKind
from ddns.model.session import Session
from ddns.store.interfaces import ITransaction, StoreError
from ddns.store.sqlite.check import check
from ddns.store.sqlite.database import StoreInUse, open_database, view
from ddns.store.sqlite.restore import UNKNOWN, Restored, restore
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import lock_path, restored_path
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    SOA_RDATA,
    Blocking,
    address,
    fill,
    opened,
    put,
    rrset,
)
from tests.store.sqlite.releases import RELEASES, content_of, lay_out

OTHER = names.from_text("other.example")
NOW = 2000.5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder / "backup"


@pytest.fixture
def former(path: Path, backup: Path, running: RunningReactor) -> Path:
    """A database whose backup is older: zones at 8 and 2**32 - 1 then, at 13 and 3 now."""
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 2**32 - 2)))
        store.commit(put(rrset(OTHER, 6, SOA_RDATA), OTHER))
        store.commit(put(address(last=1)))
        running.call(store.store.back_up, backup)
        for last in range(2, 7):
            store.commit(put(address(last=last)))
            if last < 5:
                store.commit(put(address(names.from_text("x.other.example"), last=last), OTHER))
    return path


def test_a_backup_that_is_later_keeps_its_serials(
    former: Path, backup: Path, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh.sqlite"
    fresh.write_bytes(backup.read_bytes())
    done = restore(fresh, former, NOW)
    assert (done.readable, done.raised) == (True, [])
    with view(fresh) as connection:
        assert check(connection).faults == []


def reopened(path: Path, running: RunningReactor) -> Blocking:
    store = SQLiteStore(running.reactor, path)
    running.call(store.open)
    return Blocking(store, running)


def test_a_restored_database(former: Path, backup: Path, running: RunningReactor) -> None:
    content = content_of(former)
    done = restore(former, backup, NOW)
    assert done.replaced is not None
    assert content_of(done.replaced) == content
    assert done == Restored(done.replaced, True, 2, [(OTHER, 2**32 - 1, 4), (ORIGIN, 8, 14)])
    with view(former) as connection:
        assert check(connection).faults == []
    store = reopened(former, running)
    try:
        assert store.read(lambda r: r.rrset(ORIGIN, HOME, 1)) == address(last=1)
        assert (store.serial(), store.serial(OTHER)) == (14, 4)
        events = store.since(0)
        reloads = [event for event in events if event.kind is EventKind.RELOAD]
        assert [(e.zone, e.serial, e.author.via, e.author.at) for e in reloads] == [
            (OTHER, 4, "restore", NOW),
            (ORIGIN, 14, "restore", NOW),
        ]
        with closing(sqlite3.connect(done.replaced)) as connection:
            (last,) = connection.execute("select max(position) from journal").fetchone()
        assert [event.position for event in reloads] == [last + 1, last + 2]
        store.commit(put(address(last=77)))
        assert (store.events[0].position, store.events[0].serial) == (last + 3, 15)
    finally:
        store.close()


def serial_of_new(path: Path, running: RunningReactor, origin: bytes) -> int:
    """The serial with which a zone of this origin begins."""
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(lambda t: t.put_zone(ZoneInfo(origin, 1)))
        return store.serial(origin)


def test_a_restored_database_has_no_sessions(
    path: Path, backup: Path, running: RunningReactor
) -> None:
    """Some of those in the backup have been ended since."""
    one = Session(b"1" * 32, "alice", b"p" * 32, 1.0, 1.0)
    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        store.commit(lambda t: t.put_sessions([one]))
        running.call(store.store.back_up, backup)
    restore(path, backup, NOW)
    with opened(SQLiteStore(running.reactor, path), running) as store:
        assert store.read(lambda r: (len(r.accounts()), r.sessions())) == (2, [])


def test_what_went_on_when_the_backup_was_made(
    path: Path, backup: Path, running: RunningReactor
) -> None:
    """Notices are not sent again, nobody is told that all hosts are silent, and services that have
    been told something else since are told what the hosts have now."""
    told = HostAddresses("198.51.100.1")
    relay = Relay(0, HOME, RelayKind.WEBHOOK, {"url": "https://x.example"}, b"", 1.0, next=5.0)
    old = Notice(0, "alice", None, Kind.REFUSED, {}, 1.0, Way.MAIL)

    def go_on(t: ITransaction) -> None:
        t.put_notice_terms(Terms("alice", HOME, mail=frozenset(Kind), silent_days=7), 1.0)
        t.add_notice(old)
        t.put_relay_state(replace(t.add_relay(relay), delivered=told, next=None))

    with opened(SQLiteStore(running.reactor, path), running) as store:
        store.commit(fill)
        store.commit(go_on)
        assert store.read(lambda r: (len(r.notices("alice")), r.next_relay())) == (1, None)
        running.call(store.store.back_up, backup)
    restore(path, backup, NOW)
    with opened(SQLiteStore(running.reactor, path), running) as store:
        assert store.read(lambda r: r.notices("alice")) == []
        (due,) = store.read(lambda r: r.due_relays(NOW, 10))
        assert (due.host, due.delivered) == (HOME, None)
        word = store.read(lambda r: r.host_word(HOME))
        assert word is not None
        assert word.silent_at == NOW + 7 * DAY


def test_zones_that_one_of_the_two_does_not_have(
    former: Path, backup: Path, running: RunningReactor
) -> None:
    """Removed since, added since, removed before and again: none of them goes back."""
    new = names.from_text("new.example")
    with opened(SQLiteStore(running.reactor, former), running) as store:
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(new, 70)))
        store.commit(lambda t: t.remove_zone(new))
        store.commit(lambda t: t.put_zone(ZoneInfo(new, 1)))
    first = restore(former, backup, NOW)
    assert first.replaced is not None
    assert {origin: now for origin, _, now in first.raised}[ORIGIN] == 14
    assert serial_of_new(former, running, new) == 72
    with opened(SQLiteStore(running.reactor, former), running) as store:
        store.commit(lambda t: t.remove_zone(new))
        store.commit(lambda t: t.remove_zone(ORIGIN))
    with view(former) as connection:
        assert check(connection).faults == []
    second = restore(former, first.replaced, NOW)
    assert {origin: now for origin, _, now in second.raised}[new] == 73
    assert serial_of_new(former, running, ORIGIN) == 16, "after the 14 that it had"


def test_removed_zones_of_a_backup_beside_an_unreadable_database(
    former: Path, running: RunningReactor, tmp_path: Path
) -> None:
    with opened(SQLiteStore(running.reactor, former), running) as store:
        store.commit(lambda t: t.remove_zone(ORIGIN))
    fresh = tmp_path / "fresh.sqlite"
    assert not restore(fresh, former, NOW).readable
    assert serial_of_new(fresh, running, ORIGIN) == 13 + UNKNOWN + 1


def test_what_was_replaced_can_be_put_back(former: Path, backup: Path) -> None:
    """At once, within the same second; and serials go on."""
    first = restore(former, backup, NOW)
    assert first.replaced is not None
    second = restore(former, first.replaced, NOW)
    assert [(origin, now) for origin, _, now in second.raised] == [(OTHER, 5), (ORIGIN, 15)]
    assert second.replaced != first.replaced


@pytest.mark.parametrize("there", [None, b"not a database at all" * 500])
def test_where_the_former_one_cannot_be_read(
    former: Path, backup: Path, there: bytes | None
) -> None:
    former.unlink()
    if there is not None:
        former.write_bytes(there)
        former.with_name("ddns.sqlite-wal").write_bytes(b"its log")
    done = restore(former, backup, NOW)
    assert not done.readable
    assert done.raised == [(OTHER, 2**32 - 1, UNKNOWN - 1), (ORIGIN, 8, 8 + UNKNOWN)]
    assert all(is_later(now, was) for _, was, now in done.raised)
    with view(former) as connection:
        assert check(connection).faults == []
    if there is None:
        assert done.replaced is None
    else:
        assert done.replaced is not None
        assert done.replaced.read_bytes() == there
        assert done.replaced.with_name(f"{done.replaced.name}-wal").read_bytes() == b"its log"
        assert not former.with_name("ddns.sqlite-wal").exists()


def test_where_the_former_one_was_made_anew(
    former: Path, backup: Path, running: RunningReactor
) -> None:
    """By a server that was started once before the restore, and knows nothing of the zones."""
    former.unlink()
    with opened(SQLiteStore(running.reactor, former), running) as store:
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 2**32 - 1)))
    done = restore(former, backup, NOW)
    assert done.readable
    assert done.raised == [(OTHER, 2**32 - 1, 1), (ORIGIN, 8, 8 + UNKNOWN)]


@pytest.mark.parametrize("release", RELEASES)
def test_a_backup_of_a_former_release(former: Path, backup: Path, release: str) -> None:
    backup.unlink()
    lay_out(release, backup)
    done = restore(former, backup, NOW)
    assert ORIGIN in {origin for origin, _, _ in done.raised} or done.zones >= 3
    open_database(former, 0.05).close()
    with view(former) as connection:
        assert check(connection).faults == []


def test_what_is_no_backup(former: Path, backup: Path) -> None:
    content = content_of(former)

    def refused(file: Path, about: str) -> None:
        with pytest.raises(StoreError) as raised:
            restore(former, file, NOW)
        assert about in str(raised.value)
        assert "\n" not in str(raised.value)
        assert content_of(former) == content
        assert not restored_path(former).exists()

    whole = backup.read_bytes()
    refused(former, "belongs to the database itself")
    refused(lock_path(former), "belongs to the database itself")
    refused(backup.with_name("none"), "there is no")
    refused(backup.parent, "is no file")
    backup.write_bytes(b"x" * 5000)
    refused(backup, "not a database")
    backup.write_bytes(whole[: len(whole) // 2])
    refused(backup, "")
    damaged = bytearray(whole)
    damaged[4096 + 8 : 4096 + 3000] = b"\xff" * 2992
    backup.write_bytes(damaged)
    refused(backup, "")
    backup.unlink()
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("create table t (x)")
    refused(backup, "no backup of this program")
    backup.write_bytes(whole)
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("insert into _sqlite_migrations values (99, 'ddns', 'v9999_x', '')")
    refused(backup, "newer version of this program: its schema is v9999_x")


REGISTRATION = (
    "insert into acme_dns (subdomain, zone, digest, account, allow_from, created, used, note)"
    " values"
)
UUID = "1e0a2b3c-0000-4000-8000-000000000000"
TRIGGER = "create trigger t after insert on rrset begin delete from account; end"


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        (TRIGGER, "not as this program made it: trigger t is another's"),
        ("create view v as select 1", "view v is another's"),
        ("create table t (a)", "table t is another's"),
        ("create index i on zone (serial)", "index i is another's"),
        ("drop index key_by_account", "index key_by_account is missing"),
        ("alter table zone add column more blob", "table zone differs"),
        ('create table "x\ny" (a)', r"table x\ny is another's"),
        ("drop table _sqlite_migrations", "is another's"),
        ("update zone set serial = 9223372036854775807 where id = 1", "zone 1: a value is"),
        ("update zone set serial = -1 where id = 1", "zone 1: a value is malformed"),
        ("update zone set origin = x'3f' where id = 1", "malformed"),
        ("update zone set registration = 'x' where id = 1", "zone 1: a value is malformed"),
        ("update zone set addresses = 'x' where id = 1", "the addresses it allows are x"),
        ("update journal set position = 9223372036854775807 where position = 1", "journal 92233"),
        ("update journal set kind = 'x'", "a value is malformed (and "),
        ("update journal set after = x'5b5d' where kind = 'account'", "a value is malformed"),
        ("update account set created = 9e999 where name = 'bob'", "account bob: a value is"),
        ("update account set email = 'a@b.example' || char(10) || 'Bcc: c@d.example'"
         " where name = 'bob'", "account bob: a value is malformed"),
        ("update account set password = cast(x'c3' as text)", "Could not decode to UTF-8"),
        ("update account set password = hex(zeroblob(2000000)) where name = 'bob'", "too big"),
        ("update rrset set rdatas = zeroblob(200000000) where type = 6", "too big"),
        ("update rrset set rdatas = x'' where type = 1", "its records are cut short"),
        ("update rrset set type = 70000 where type = 1", "of type 70000: there is no such type"),
        ("update rrset set ttl = -1 where type = 1", "the TTL is -1"),
        ("update host set dormant = 4", "what it may come back with is malformed"),
        (f"{REGISTRATION} ('x', 1, zeroblob(32), null, '', 1.0, null, '')", "acme_dns x: a value"),
        (f"{REGISTRATION} ('{UUID}', 1, x'00', null, '', 1.0, null, '')", f"acme_dns {UUID}: a va"),
        (f"{REGISTRATION} ('{UUID}', 1, zeroblob(32), null, 'x', 1.0, null, '')", "a value is mal"),
        (f"{REGISTRATION} ('{UUID}', 1, zeroblob(32), null, '', 1.0, null, char(10))", "a value"),
    ],
)  # fmt: skip
def test_a_hostile_backup(
    tmp_path: Path, former: Path, backup: Path, statement: str, about: str
) -> None:
    """Is refused in one line, and nothing is left of it: neither here nor beside it."""
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(statement)
    content = content_of(former)
    before = set(former.parent.rglob("*"))
    fresh = tmp_path / "ddns2.sqlite"
    for path in (former, fresh):
        with pytest.raises(StoreError) as raised:
            restore(path, backup, NOW)
        said = str(raised.value)
        assert about in said
        assert said.isprintable()
        assert len(said) < 400
        assert set(former.parent.rglob("*")) == before
    assert content_of(former) == content


def test_columns_of_another_type(former: Path, backup: Path) -> None:
    """Somebody made the tables without types, and wrote ours into the schema afterwards."""
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        (sql,) = connection.execute("select sql from sqlite_master where name = 'zone'").fetchone()
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = replace(sql, ') strict', ')') where name = 'zone'"
        )
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("update zone set serial = 'many'")
        connection.execute("pragma writable_schema = on")
        connection.execute("update sqlite_master set sql = ? where name = 'zone'", (sql,))
    with pytest.raises(StoreError, match=r"is damaged: .*zone\.serial"):
        restore(former, backup, NOW)


@pytest.mark.parametrize("statement", ["update zone set serial = -1 where id = 1", TRIGGER])
def test_a_former_database_with_nonsense_is_replaced(
    former: Path, backup: Path, statement: str
) -> None:
    with closing(sqlite3.connect(former, isolation_level=None)) as connection:
        connection.execute(statement)
    done = restore(former, backup, NOW)
    assert done.readable == (statement == TRIGGER)
    with view(former) as connection:
        assert check(connection).faults == []


def test_a_database_with_a_trigger_of_somebody_elses_is_not_opened(former: Path) -> None:
    with closing(sqlite3.connect(former)) as connection:
        connection.execute(TRIGGER)
    with view(former) as connection:
        assert check(connection).faults == ["schema: trigger t is another's"]
    with pytest.raises(StoreError, match="not as this program made it: trigger t is another's"):
        open_database(former, 0.05)


def test_what_analyze_keeps_is_no_harm(former: Path, backup: Path) -> None:
    with closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("analyze")
    restore(former, backup, NOW)
    open_database(former, 0.05).close()


def test_nobody_else_may_have_it_open(former: Path, backup: Path, running: RunningReactor) -> None:
    store = reopened(former, running)
    try:
        with pytest.raises(StoreInUse):
            restore(former, backup, NOW)
    finally:
        store.close()
    restore(former, backup, NOW)


def test_modes_and_owners_stay(former: Path, backup: Path) -> None:
    backup.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(former, 1234, 1235)
    before = former.stat()
    restore(former, backup, NOW)
    after = former.stat()
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


DYING = """
import os, sys
from pathlib import Path
from ddns.store.sqlite.restore import restore

def dying(real):
    def call(*args, **more):
        global left
        if left == 0:
            os.kill(os.getpid(), 9)
        left -= 1
        return real(*args, **more)
    return call

for name in ("rename", "unlink", "open", "fsync", "utime", "chown"):
    setattr(os, name, dying(getattr(os, name)))
for step in sys.stdin:
    pid = os.fork()
    if not pid:
        left = int(step)
        restore(Path(sys.argv[1]), Path(sys.argv[2]), 1.0)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Restores in a process for each number that it reads, which ends as by kill -9 at so many calls
that change files, and says how that has ended."""


def test_killed_at_any_step_it_is_one_or_the_other(former: Path, backup: Path) -> None:
    """The former one has a log that is not in it yet."""
    folder = former.parent
    with closing(sqlite3.connect(former)) as connection, connection:
        connection.execute("update account set created = 5 where name = 'bob'")
        connection.commit()
        whole = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if file.name in ("ddns.sqlite", "ddns.sqlite-wal")
        }
    assert len(whole) == 2
    outcomes: list[str] = []
    command = [sys.executable, "-c", DYING, str(former), str(backup)]
    with subprocess.Popen(command, text=True, stdin=-1, stdout=-1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        status = -9
        while status:
            for file in folder.glob("ddns.sqlite*"):
                file.unlink()
            for name, content in whole.items():
                (folder / name).write_bytes(content)
            print(len(outcomes), file=process.stdin, flush=True)
            status = int(process.stdout.readline())
            assert status in (0, -9)
            open_database(former, 0.05).close()
            outcomes.append(state_of(former))
            kept = list(folder.glob("*.replaced-*Z"))
            if outcomes[-1] == "new":
                assert [state_of(one) for one in kept] == ["old"]
            else:
                assert kept == []
            assert len(outcomes) < 100
        process.stdin.close()
    assert outcomes == sorted(outcomes, reverse=True), "old at first, then new"
    assert outcomes.count("old") > 3
    assert outcomes.count("new") > 4, "one that had happened was finished by whoever came next"


def state_of(path: Path) -> str:
    """Which of the two a database is; all of it."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        created = connection.execute("select created from account where name = 'bob'").fetchone()
        serials = [serial for (serial,) in connection.execute("select serial from zone order by 1")]
    found = {(5.0, (3, 13)): "old", (2.0, (4, 14)): "new"}
    return found[created[0], tuple(serials)]
