"""Copies of wildcards' RRsets in a database, with the rule that a server has: as in a dict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddns.model.account import ZoneInfo
from ddns.model.copies import Copy
from ddns.model.journal import Author
from ddns.model.records import SOA, RRset
from ddns.policy.wildcards import keep_wildcards
from ddns.store.sqlite.batch import Batch
from ddns.store.sqlite.database import open_database
from ddns.store.sqlite.transaction import Transaction
from tests.policy.test_wildcards import APEX, ORIGIN, Tree, changes, is_possible
from tests.store.recording import Refused

Work = Callable[[Transaction], object]
Commit = Callable[[list[Work]], None]


@pytest.fixture
def commit(tmp_path: Path) -> Iterator[Commit]:
    """Makes one commit of several works, as the writer does."""
    positions = count(1, 1000)
    with closing(open_database(tmp_path / "ddns.sqlite", 1.0)) as opened:

        def run(works: list[Work]) -> None:
            opened.connection.execute("begin immediate")
            batch = Batch(opened.connection, next(positions))
            for work in works:
                transaction = Transaction(opened.connection, batch, Author("alice", "test", 1.0))
                try:
                    work(transaction)
                    transaction.done()
                except Refused:
                    transaction.undo()
            batch.flush()
            opened.connection.execute("commit")

        yield run


def begin(transaction: Transaction) -> None:
    """A zone without anything."""
    if transaction.zone(ORIGIN) is not None:
        transaction.remove_zone(ORIGIN)
    transaction.put_zone(ZoneInfo(ORIGIN, 1))
    for rrset in APEX:
        transaction.put_rrset(ORIGIN, rrset)


def putting(rrsets: list[RRset], done: bool) -> Work:
    def work(transaction: Transaction) -> None:
        for rrset in rrsets:
            transaction.put_rrset(ORIGIN, rrset)
        for copy in keep_wildcards(transaction):
            transaction.put_copy(copy)
        if not done:
            raise Refused

    return work


works = st.tuples(
    st.lists(changes(), min_size=1, max_size=3), st.sampled_from([False] * 4 + [True])
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(works, min_size=1, max_size=3), max_size=6))
def test_a_database_keeps_the_same_copies(
    commit: Commit, commits: list[list[tuple[list[RRset], bool]]]
) -> None:
    """Whatever is put, over several works in a commit, some of which fail."""
    tree = Tree()
    commit([begin])
    for given_works in commits:
        made = []
        for asked, done in given_works:
            there = tree.there.copy()
            puts = []
            for rrset in asked:
                if is_possible(tree, rrset):
                    puts.append(rrset)
                    tree.put(rrset)
            if not done:
                tree.there = there
            made.append(putting(puts, done))
        commit(made)
        commit([lambda t: check(t, tree)])


def check(transaction: Transaction, tree: Tree) -> None:
    own = {
        (rrset.owner, rrset.type): rrset
        for owner in transaction.owners_below(ORIGIN, ORIGIN)
        for rrset in transaction.rrsets(ORIGIN, owner)
        if rrset.type != SOA  # has no serial there
    }
    assert own == {key: one for key, one in tree.there.items() if one.type != SOA}
    assert set(transaction.copies_below(ORIGIN, ORIGIN)) == set(wanted(tree))


def wanted(tree: Tree) -> list[Copy]:
    """The copies that a zone has to which all of this is added at once."""
    whole = Tree()
    for rrset in tree.there.values():
        if (rrset.owner, rrset.type) not in whole.there:
            whole.put(rrset)
    return whole.commit()
