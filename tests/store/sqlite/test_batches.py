"""A batch is a matter of speed only: works that share a commit end as if each had its own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.account import Account, Host, ZoneInfo
from ddns.model.journal import EventKind
from ddns.model.records import SOA, TXT
from ddns.store.interfaces import ITransaction
from ddns.store.sqlite.store import SQLiteStore
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    Work,
    fill,
    key,
    opened,
    row,
    rrset,
    soa_row,
)

BELOW = names.from_text("sub.example.net")
WWW = names.from_text("www.example.net")
OWNERS = st.sampled_from([ORIGIN, HOME, names.WILDCARD + HOME, WWW, names.WILDCARD + WWW])
VALUES = st.sampled_from([(), (b"\x01x",), (b"\x01y",), (b"\x01x", b"\x01y")])
ACCOUNTS = st.sampled_from(["alice", "bob", "carol"])

Step = tuple[Any, ...]
steps = st.one_of(
    st.tuples(st.just("put"), OWNERS, VALUES),
    st.tuples(st.just("put"), OWNERS, VALUES),
    st.tuples(st.just("put_host"), st.sampled_from([HOME, WWW]), ACCOUNTS),
    st.tuples(st.just("remove_host"), st.sampled_from([HOME, WWW])),
    st.tuples(st.just("put_account"), ACCOUNTS),
    st.tuples(st.just("remove_account"), ACCOUNTS),
    st.tuples(st.just("add_key"), ACCOUNTS),
    st.tuples(st.just("put_zone"), st.sampled_from([ORIGIN, BELOW]), ACCOUNTS),
    st.tuples(st.just("remove_zone"), st.sampled_from([ORIGIN, BELOW])),
    st.tuples(st.just("import"), OWNERS, VALUES, st.booleans()),
    st.tuples(st.just("refuse")),
)
works = st.lists(st.lists(steps, min_size=1, max_size=4), min_size=1, max_size=6)

_numbers = itertools.count(1)


def run(transaction: ITransaction, step: Step) -> None:
    match step:
        case "put", owner, rdatas:
            transaction.put_rrset(ORIGIN, rrset(owner, TXT, *rdatas))
        case "put_host", name, account:
            transaction.put_host(Host(name, ORIGIN, account))
        case "remove_host", name:
            transaction.remove_host(name)
        case "put_account", name:
            transaction.put_account(Account(name, "changed"))
        case "remove_account", name:
            transaction.remove_account(name)
        case "add_key", account:
            transaction.add_key(key(account, next(_numbers).to_bytes(4, "big")))
        case "put_zone", origin, account:
            transaction.put_zone(ZoneInfo(origin, 5, account))
        case "remove_zone", origin:
            transaction.remove_zone(origin)
        case "import", owner, rdatas, replace_hosts:
            rows = [row(owner, TXT, *rdatas)] if rdatas else []
            transaction.stage("s", [soa_row(), *rows])
            transaction.take_staged("s", ORIGIN, None, replace_hosts)
        case _:
            raise KeyError


def work_of(steps: list[Step]) -> Work:
    """A work that reads before and after each of its steps what they are about."""

    def look(transaction: ITransaction) -> list[Any]:
        owners = (ORIGIN, HOME, names.WILDCARD + HOME, WWW)
        return [
            [transaction.rrsets(ORIGIN, owner) for owner in owners],
            [transaction.rrset(ORIGIN, owner, SOA) for owner in owners],
            transaction.host(HOME),
            transaction.host(WWW),
        ]

    def work(transaction: ITransaction) -> list[Any]:
        seen = []
        for step in steps:
            seen.append(look(transaction))
            run(transaction, step)
        return [*seen, look(transaction)]

    return work


def outcome(result: Any) -> Any:
    """What can be compared of a result."""
    return type(result) if isinstance(result, Exception) else (result.value, result.zones)


def state(store: Blocking) -> Any:
    """Everything but serials."""
    return store.read(
        lambda r: (
            [(zone.origin, zone.account) for zone in r.zones()],
            r.accounts(),
            r.hosts(),
            [(one.account, one.hosts) for one in r.keys(None)],
        )
    ), store.rows()


def told(store: Blocking) -> list[Any]:
    """The events, but for serials and the numbers of keys."""
    return [
        (event.position, event.kind, event.zone, event.owner, event.type)
        + ((event.before, event.after) if event.owner else (event.after is None,))
        for event in store.events
    ]


_folders = itertools.count()


@pytest.fixture
def stores(running: RunningReactor, tmp_path: Path) -> tuple[Path, RunningReactor]:
    return tmp_path, running


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(works)
def test_a_batch_ends_as_its_works_one_by_one(
    stores: tuple[Path, RunningReactor], works: list[list[Step]]
) -> None:
    folder, running = stores
    number = next(_folders)
    with (
        opened(SQLiteStore(running.reactor, folder / f"{number}-a.sqlite"), running) as together,
        opened(SQLiteStore(running.reactor, folder / f"{number}-b.sqlite"), running) as alone,
    ):
        together.commit(fill)
        alone.commit(fill)
        one = together.at_once(*map(work_of, works))
        other = [alone.at_once(work_of(steps))[0] for steps in works]
        assert list(map(outcome, one)) == list(map(outcome, other))
        assert state(together) == state(alone)
        assert told(together) == told(alone)
        assert together.since(0) == [event._replace(value=None) for event in together.events]
        if ("remove_zone", ORIGIN) not in itertools.chain(*works):
            changes = [e for e in together.events[5:] if e.kind is EventKind.RRSET]
            assert {event.serial for event in changes} <= {8}
        connection = together.store._open.connection  # type: ignore[attr-defined]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
