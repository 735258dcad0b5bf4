"""Part of the contract: copies of a wildcard's RRsets."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.copies import Copy, Touched
from ddns.model.records import TXT, A
from ddns.store.interfaces import ITransaction
from ddns.store.paging import Page
from tests.store.recording import Refused, refuse
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    address,
    fill,
    put,
    rrset,
    soa_row,
)

WILD = names.WILDCARD + ORIGIN
FOO = names.from_text("foo.example.net")
BAR = names.from_text("bar.foo.example.net")
COPY = Copy(ORIGIN, address(FOO), WILD)
BELOW = Copy(ORIGIN, address(BAR), WILD)
CHALLENGE = rrset(names.ACME + FOO, TXT, b"\1x")


def keep(transaction: ITransaction) -> None:
    """Two copies of a wildcard's address."""
    transaction.put_rrset(ORIGIN, address(WILD))
    transaction.put_copy(COPY)
    transaction.put_copy(BELOW)


class CopyingContract:
    """See the module."""

    def copies(self, store: Blocking) -> list[Copy]:
        found = store.read(lambda r: r.copies_below(ORIGIN, ORIGIN))
        assert store.commit(lambda t: t.copies_below(ORIGIN, ORIGIN)).value == found
        return found

    def test_copies_are_records_that_nobody_has_put(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(keep)
        assert {owner for owner, *_ in store.rows()} == {ORIGIN, WILD, FOO, BAR}
        for copies, owners in ((True, {WILD, FOO, BAR}), (False, {WILD})):
            shown = store.read(lambda r, c=copies: r.rrsets_below(ORIGIN, Page(9), c))
            assert {one.owner for one in shown} == owners
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.rrset(ORIGIN, FOO, A)) is None
            assert read(lambda r: r.rrsets(ORIGIN, FOO)) == []
            assert read(lambda r: r.own_rrsets(ORIGIN, None, 1)) == [address(WILD)]
            assert read(lambda r: r.copies(ORIGIN, FOO)) == [COPY]
            assert read(lambda r: r.copies(ORIGIN, WILD)) == []
            assert read(lambda r: r.copies_below(ORIGIN, FOO)) == [BELOW, COPY]
            assert read(lambda r: r.copies_below(ORIGIN, BAR)) == [BELOW]
            assert read(lambda r: r.copies_of(ORIGIN, WILD)) == [BELOW, COPY]
            assert read(lambda r: r.copies_of(ORIGIN, FOO)) == []
            assert read(lambda r: r.owners_below(ORIGIN, ORIGIN)) == sorted([ORIGIN, WILD])

    def test_copies_are_put_and_deleted(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(keep)
        other = COPY._replace(rrset=address(FOO, last=2))
        store.commit(lambda t: t.put_copy(other))
        assert self.copies(store) == [BELOW, other]
        gone = COPY._replace(rrset=rrset(FOO, A))
        store.commit(lambda t: t.put_copy(gone))
        assert self.copies(store) == [BELOW]
        told = [event.owner for event in store.events if event.owner == FOO]
        assert len(told) == 3

    def test_who_puts_an_rrset_there_ends_the_copy(self, store: Blocking) -> None:
        """Also by the same records; while there is nothing to delete."""
        store.commit(fill)
        store.commit(keep)
        store.commit(put(rrset(FOO, A)))
        assert self.copies(store) == [BELOW, COPY]
        store.commit(put(COPY.rrset))
        store.commit(put(address(BAR, last=2)))
        assert self.copies(store) == []
        assert store.read(lambda r: r.rrsets(ORIGIN, FOO)) == [COPY.rrset]
        assert store.read(lambda r: r.rrset(ORIGIN, BAR, A)) == address(BAR, last=2)

    def test_what_work_has_touched(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> object:
            transaction.put_rrset(ORIGIN, rrset(HOME, A))
            transaction.put_rrset(ORIGIN, address(WILD, last=2))
            transaction.put_rrset(ORIGIN, rrset(FOO, TXT, b"\1x"))
            transaction.put_rrset(ORIGIN, rrset(FOO, TXT))
            at = [transaction.has_copies_at(ORIGIN, owner) for owner in (FOO, WILD)]
            return set(transaction.touched()), at

        store.commit(fill)
        store.commit(put(address(HOME)))
        store.commit(keep)
        touched, at = store.commit(work).value
        assert touched == {
            Touched(ORIGIN, HOME, True, False),
            Touched(ORIGIN, WILD, True, True),
            Touched(ORIGIN, FOO, False, False),
        }
        assert at == [True, False]

    def test_owner_names_of_challenges(self, store: Blocking) -> None:
        owners = [CHALLENGE.owner, b"\2_x" + names.ACME + HOME, names.PERSIST + ORIGIN]
        store.commit(fill)
        for owner in (*owners, FOO):
            store.commit(put(rrset(owner, TXT, b"\1x")))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.challenges_below(ORIGIN, ORIGIN)) == sorted(owners)
            assert read(lambda r: r.challenges_below(ORIGIN, FOO)) == [CHALLENGE.owner]

    def test_copies_go_with_what_is_replaced(self, store: Blocking) -> None:
        def take(transaction: ITransaction) -> object:
            transaction.take_staged("s", ORIGIN)
            return transaction.replaced()

        store.commit(fill)
        store.commit(keep)
        store.commit(lambda t: t.stage("s", [soa_row()]))
        assert set(store.commit(take).value) == {ORIGIN}
        assert self.copies(store) == []
        assert [owner for owner, *_ in store.rows()] == [ORIGIN]
        store.commit(keep)
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 7)))
        assert self.copies(store) == []

    def test_refused_work_leaves_copies(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.put_rrset(ORIGIN, address(FOO, last=3))
            transaction.put_copy(BELOW._replace(rrset=rrset(BAR, A)))
            refuse(transaction)

        store.commit(fill)
        results = store.at_once(keep, work, lambda t: t.rrsets(ORIGIN, FOO))
        assert isinstance(results[1], Refused)
        assert results[2].value == []
        assert self.copies(store) == [BELOW, COPY]

    def test_a_rule_adds_copies_to_work(self, derived: Blocking) -> None:
        """In its transaction: when the rule fails, or the work does, nothing was done."""
        store = derived
        store.commit(fill)
        store.commit(put(address(WILD)))
        assert self.copies(store) == []
        store.commit(put(CHALLENGE))
        assert self.copies(store) == [COPY]
        assert store.commits[-1][-1].serial == store.commits[-1][0].serial
        with pytest.raises(Refused):
            store.commit(put(rrset(HOME, TXT, b"\1x")))
        assert store.read(lambda r: r.rrset(ORIGIN, HOME, TXT)) is None


def rule(transaction: ITransaction) -> Iterable[Copy]:
    """A copy with the challenge; no work at HOME."""
    for zone, owner, *_ in transaction.touched():
        assert zone == ORIGIN
        if owner == CHALLENGE.owner:
            yield COPY
        if owner == HOME:
            raise Refused
