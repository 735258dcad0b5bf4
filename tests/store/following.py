"""Part of the contract: followers of the journal, who were not there when it was written."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model import names
from ddns.model.account import Account, Block, Host, ZoneInfo
from ddns.model.journal import Event, EventKind
from ddns.model.records import SOA, TXT
from ddns.model.registration import Invitation, Member
from ddns.model.update import Credentials
from ddns.policy.directory import Directory
from ddns.store.interfaces import IReading, ITransaction, StoreError
from ddns.updates.publisher import Publisher
from ddns.zone.zone import Zones
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    SOA_RDATA,
    Blocking,
    address,
    fill,
    key,
    put,
    row,
    rrset,
    soa_row,
)

OTHER = names.from_text("other.example")


class Follower:
    """Zones and accounts in memory, and what keeps them up to date."""

    def __init__(self, store: Blocking) -> None:
        self.store = store
        self.zones = Zones()
        self.directory = Directory(bytes(32))
        self.publisher = Publisher(store.store, self.zones, self.directory, store.running.reactor)

    def follow(self, since: int, limit: int) -> int:
        """Take over the events after a position; return the position of the last one."""

        def work(reading: IReading) -> list[Event]:
            return [reading.with_value(event) for event in reading.changes_since(since, limit)]

        events = self.store.read(work)
        self.store.running.call(self.publisher.committed, events)
        origins = frozenset(event.zone for event in events if event.zone is not None)
        self.store.running.call(self.publisher.published, origins)
        return events[-1].position if events else since

    def memory(self) -> object:
        """All that is known by now."""
        zones = {
            zone.origin: (zone.serial, sorted(zone.rrsets(), key=lambda one: (one.owner, one.type)))
            for zone in self.zones
        }
        directory = self.directory
        return zones, directory._accounts, directory._by_digest, directory._responding


def live(store: Blocking) -> None:
    """All that can happen to accounts, keys and zones."""
    store.commit(fill)
    store.commit(put(address()))
    store.commit(lambda t: t.put_account(Account("carol", "hash", 2.0, email="c@example.org")))
    first = store.commit(lambda t: t.add_key(key("alice", b"1", HOME))).value
    second = store.commit(lambda t: t.add_key(key("bob", b"2"))).value
    sealed = dataclasses.replace(first, digest=b"3" * 32, sealed=b"sealed")
    store.commit(lambda t: t.change_key(sealed))
    store.commit(lambda t: t.add_key(key("carol", b"1")))  # which is free again
    store.commit(lambda t: t.put_account(Account("alice", "new", 1.0, Block("why", 1.0))))
    store.commit(lambda t: t.remove_key(second.id))
    soa = rrset(OTHER, SOA, SOA_RDATA)
    store.commit(lambda t: (t.put_zone(ZoneInfo(OTHER, 5)), t.put_rrset(OTHER, soa)))
    store.commit(lambda t: (t.remove_zone(OTHER), t.remove_account("carol")))
    store.commit(lambda t: (t.put_zone(ZoneInfo(OTHER, 2)), t.put_rrset(OTHER, soa)))
    store.commit(lambda t: t.stage("s", [soa_row(), row(names.ACME + HOME, TXT, b"\x01x")]))
    store.commit(lambda t: t.take_staged("s", ORIGIN, 50, replace_hosts=True))
    store.commit(put(address(last=2)))


class FollowingContract:
    """See the module; the fixtures are those of the contract."""

    @pytest.mark.parametrize("limit", [1, 2, 7, 1000])
    def test_the_journal_and_the_store_rebuild_the_memory(
        self, store: Blocking, limit: int
    ) -> None:
        there = Follower(store)
        store.running.call(there.publisher.load)
        live(store)
        store.running.call(there.publisher.published, frozenset({ORIGIN, OTHER}))
        later, position = Follower(store), 0
        while (reached := later.follow(position, limit)) > position:
            position = reached
        assert later.memory() == there.memory()
        assert len(later.zones) == 2
        assert later.directory.by_key(Credentials("alice", "no key")) is None
        assert later.directory.account("alice") == Account("alice", "new", 1.0, Block("why", 1.0))
        store.commit(put(address(last=3)))
        later.follow(position, limit)
        assert later.memory() == there.memory()

    def test_the_value_of_an_event(self, store: Blocking) -> None:
        invitation = Invitation(0, ORIGIN, b"d" * 32, 2, 99.0, 9.0, "operator")
        store.commit(fill)
        store.commit(lambda t: t.put_account(Account("alice", "new", 1.0, email="a@example.org")))
        store.commit(lambda t: t.add_key(key("alice", b"1", HOME)))
        store.commit(lambda t: t.use_invitation(t.add_invitation(invitation).id))
        store.commit(lambda t: t.add_member(Member(ORIGIN, "bob", 7.0)))
        told = {(event.kind, event.subject): event for event in store.events}
        for event in told.values():
            kept = event._replace(value=None)
            assert store.read(lambda r, kept=kept: r.with_value(kept)) == event

    def test_the_value_of_what_has_gone(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.add_member(Member(ORIGIN, "alice", 7.0))
            transaction.remove_member(ORIGIN, "alice")
            transaction.remove_key(transaction.add_key(key("alice", b"1", HOME)).id)
            transaction.remove_account("alice")
            transaction.remove_zone(ORIGIN)

        store.commit(fill)
        store.commit(work)
        for event in store.since(0):
            value = store.read(lambda r, event=event: r.with_value(event)).value
            assert (value is None) == (event.subject != "bob")

    # The changes of a zone -------------------------------------------------------------------

    def changes(self, store: Blocking, serial: int, limit: int = 100) -> list[Event]:
        return store.read(lambda r: r.zone_changes(ORIGIN, serial, limit))

    def test_the_changes_of_a_zone(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 7)))
        for last in (1, 2, 3):
            store.commit(put(address(last=last)))
            store.commit(put(address(names.from_text("x.other.example"), last), OTHER))
        told = [e for e in store.since(0) if e.zone == ORIGIN and e.kind is EventKind.RRSET]
        assert self.changes(store, 10) == []
        assert self.changes(store, 9) == told[-1:]
        assert self.changes(store, 7) == told[1:]
        assert self.changes(store, 7, limit=3) == told[1:]
        for serial, limit in ((6, 100), (11, 100), (7, 2)):
            with pytest.raises(StoreError):
                self.changes(store, serial, limit)
        with pytest.raises(StoreError):
            store.read(lambda r: r.zone_changes(names.from_text("none.example"), 7, 9))

    def test_the_changes_of_one_commit_are_not_torn(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: [t.put_rrset(ORIGIN, address(last=last)) for last in (1, 2)])
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1, "bob")))  # has serial 8 as well
        store.commit(put(address(last=3)))
        assert [event.serial for event in self.changes(store, 8)] == [9]
        assert [event.serial for event in self.changes(store, 7)] == [8, 8, 8, 9]

    def test_changes_over_the_end_of_the_serials(self, store: Blocking) -> None:
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 2**32 - 2)))
        for last in (1, 2, 3):
            store.commit(put(address(last=last)))
        assert [e.serial for e in self.changes(store, 2**32 - 2)] == [2**32 - 1, 1, 2]

    def test_a_zone_that_was_replaced_has_no_changes(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address(last=1)))
        store.commit(lambda t: t.stage("s", [soa_row()]))
        store.commit(lambda t: t.take_staged("s", ORIGIN, 50))
        store.commit(put(address(last=2)))
        assert [event.serial for event in self.changes(store, 50)] == [51]
        with pytest.raises(StoreError, match="replaced"):
            self.changes(store, 7)
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1)))
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "alice")))
        store.commit(put(address(last=3)))
        assert [event.serial for event in self.changes(store, 52)] == [53]
        with pytest.raises(StoreError, match="replaced"):
            self.changes(store, 51)

    def test_changes_that_the_journal_has_forgotten(self, small: Blocking) -> None:
        small.commit(fill)
        for number in range(700):
            small.commit(put(address(last=number % 250)))
        assert len(self.changes(small, small.serial() - 50)) == 50
        with pytest.raises(StoreError, match="does not have all"):
            self.changes(small, 8)
