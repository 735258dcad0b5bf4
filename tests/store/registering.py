"""Part of the contract: who may have a name, who had it, and what has become of it."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model import names
from ddns.model.account import Account, Addresses, Host, Registration, ZoneInfo
from ddns.model.journal import Author, Event, EventKind, pack_values
from ddns.model.records import NS as NS_TYPE
from ddns.model.records import TXT
from ddns.model.registration import Invitation, Member, Released
from ddns.store.interfaces import ITransaction, StoreError
from tests.store.recording import Refused
from tests.store.sqlite.blocking import HOME, NS, ORIGIN, Blocking, address, fill, put, rrset

OTHER = names.from_text("other.example")
GUEST = Invitation(0, ORIGIN, b"d" * 32, 2, 99.0, 9.0, "operator")


class RegisteringContract:
    """See the module; the fixtures are those of the contract."""

    def test_a_zone_keeps_who_may_register(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.read(lambda r: r.zone(ORIGIN)).registration is Registration.CLOSED
        zone = ZoneInfo(OTHER, 1, "bob", 5.0, Addresses.PUBLIC, Registration.OPEN)
        store.commit(lambda t: t.put_zone(zone))
        assert zone in store.read(lambda r: r.zones())
        zone = dataclasses.replace(zone, registration=Registration.INVITATION)
        assert store.commit(lambda t: (t.put_zone(zone), t.zone(OTHER))[1]).value == zone
        assert store.read(lambda r: r.zone(OTHER)) == zone

    def test_how_many_hosts_an_account_may_have(self, store: Blocking) -> None:
        store.commit(fill)
        for limit in (5, 0, None):
            account = Account("alice", "hash", 1.0, host_limit=limit)
            store.commit(lambda t, a=account: t.put_account(a))
            assert store.read(lambda r: r.account("alice")) == account
            assert account in store.read(lambda r: r.accounts())

    def test_hosts_are_counted(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> list[int]:
            transaction.put_host(Host(names.from_text("b.example.net"), ORIGIN, "alice"))
            counted = [transaction.count_hosts("alice"), transaction.count_hosts("bob")]
            transaction.remove_host(HOME)
            return [*counted, transaction.count_hosts("alice"), transaction.count_hosts()]

        store.commit(fill)
        assert store.read(lambda r: r.count_hosts()) == 1
        assert store.commit(work).value == [2, 0, 1, 1]
        assert store.read(lambda r: r.count_hosts("alice")) == 1
        assert store.read(lambda r: r.count_hosts("nobody")) == 0

    def test_name_servers(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> frozenset[bytes]:
            transaction.put_rrset(ORIGIN, rrset(ORIGIN, NS_TYPE, NS, OTHER))
            transaction.put_rrset(ORIGIN, rrset(HOME, NS_TYPE, names.from_text("ns.child.example")))
            return transaction.name_servers()

        store.commit(fill)
        assert store.read(lambda r: r.name_servers()) == frozenset()
        assert store.commit(work).value == {NS, OTHER}
        assert store.read(lambda r: r.name_servers()) == {NS, OTHER}
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1, "bob")))  # not for bob to reserve
        assert store.read(lambda r: r.name_servers()) == frozenset()

    # Released names --------------------------------------------------------------------------

    def test_a_removed_host_leaves_its_name(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.read(lambda r: r.released(HOME)) is None
        store.commit(lambda t: t.remove_host(HOME), Author("operator", "test", 50.0))
        assert store.read(lambda r: r.released(HOME)) == Released(HOME, "alice", 50.0)
        host = Host(HOME, ORIGIN, "bob")
        assert store.commit(lambda t: (t.put_host(host), t.released(HOME))[1]).value is None
        store.commit(lambda t: t.remove_host(HOME), Author("operator", "test", 60.0))
        assert store.read(lambda r: r.released(HOME)) == Released(HOME, "bob", 60.0)

    def test_a_removal_that_was_refused_releases_nothing(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.remove_host(HOME)
            raise Refused

        store.commit(fill)
        with pytest.raises(Refused):
            store.commit(work)
        assert store.read(lambda r: r.released(HOME)) is None

    def test_an_account_that_has_gone_leaves_names_to_nobody(self, store: Blocking) -> None:
        other = names.from_text("b.example.net")
        store.commit(fill)
        store.commit(lambda t: t.put_host(Host(other, ORIGIN, "alice")))
        store.commit(lambda t: t.remove_host(other), Author("alice", "test", 50.0))
        store.commit(lambda t: t.remove_account("alice"), Author("alice", "test", 60.0))
        store.commit(lambda t: t.put_account(Account("alice")))
        assert store.read(lambda r: r.released(other)) == Released(other, None, 50.0)
        assert store.read(lambda r: r.released(HOME)) == Released(HOME, None, 60.0)

    def test_a_removed_zone_leaves_the_names_of_its_hosts(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 1)))
        there = names.from_text("a.other.example")
        store.commit(lambda t: t.put_host(Host(there, OTHER, "bob")))
        store.commit(lambda t: t.remove_zone(ORIGIN), Author("operator", "test", 50.0))
        assert store.read(lambda r: r.released(HOME)) == Released(HOME, "alice", 50.0)
        assert store.read(lambda r: r.released(there)) is None

    def test_released_names_are_forgotten(self, store: Blocking) -> None:
        other = names.from_text("b.example.net")
        store.commit(fill)
        store.commit(lambda t: t.put_host(Host(other, ORIGIN, "alice")))
        store.commit(lambda t: t.remove_host(HOME), Author("alice", "test", 50.0))
        store.commit(lambda t: t.remove_host(other), Author("alice", "test", 50.5))
        store.commit(lambda t: t.forget_released(50.0))
        found = store.read(lambda r: [r.released(name) for name in (HOME, other)])
        assert store.read(lambda r: (r.count_released("alice"), r.count_released("bob"))) == (1, 0)
        assert found == [None, Released(other, "alice", 50.5)]

    # Invitations and members -----------------------------------------------------------------

    def test_invitations(self, store: Blocking) -> None:
        store.commit(fill)
        added = store.commit(lambda t: t.add_invitation(GUEST)).value
        assert added == dataclasses.replace(GUEST, id=added.id)
        more = dataclasses.replace(GUEST, digest=b"e" * 32)
        second = store.commit(lambda t: t.add_invitation(more)).value
        assert store.read(lambda r: r.invitations(ORIGIN)) == [added, second]
        assert store.read(lambda r: r.invitations(OTHER)) == []
        assert store.read(lambda r: r.invitation(second.id)) == second
        assert store.read(lambda r: r.invitation_by_digest(b"d" * 32)) == added
        assert store.read(lambda r: r.invitation_by_digest(b"x" * 32)) is None
        store.commit(lambda t: t.use_invitation(added.id))
        assert store.read(lambda r: r.invitation(added.id)) == dataclasses.replace(added, uses=1)
        store.commit(lambda t: t.use_invitation(added.id))
        assert store.read(lambda r: r.invitation(added.id)) is None
        store.commit(lambda t: t.remove_invitation(second.id))
        assert store.read(lambda r: r.invitations(ORIGIN)) == []
        third = store.commit(lambda t: t.add_invitation(GUEST)).value
        assert third.id > second.id
        told = [event for event in store.events if event.kind is EventKind.INVITATION]
        assert [event.subject for event in told] == [
            str(one.id) for one in (added, second, added, added, second, third)
        ]
        assert not [e for e in told if b"d" * 32 in (e.before or b"") + (e.after or b"")]

    def test_members(self, store: Blocking) -> None:
        member = Member(ORIGIN, "bob", 7.5)
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 1)))
        store.commit(lambda t: t.add_member(member))
        store.commit(lambda t: t.add_member(Member(ORIGIN, "alice", 8.0)))
        assert store.read(lambda r: r.member(ORIGIN, "bob")) == member
        assert store.read(lambda r: r.member(OTHER, "bob")) is None
        assert [one.account for one in store.read(lambda r: r.members(ORIGIN))] == ["alice", "bob"]
        store.commit(lambda t: t.remove_member(ORIGIN, "alice"))
        assert store.read(lambda r: r.members(ORIGIN)) == [member]
        assert [(e.kind, e.subject, e.after is None) for e in store.events[-2:]] == [
            (EventKind.MEMBER, "alice", False),
            (EventKind.MEMBER, "alice", True),
        ]
        assert store.commits[-1][0].zone is None  # the zone itself has not changed

    def test_what_members_and_invitations_stand_on(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: (t.add_invitation(GUEST), t.add_member(Member(ORIGIN, "bob", 7.0))))
        before = len(store.events)
        for work in (
            lambda t: t.add_invitation(GUEST),  # two of one code
            lambda t: t.add_invitation(dataclasses.replace(GUEST, zone=OTHER, digest=b"x" * 32)),
            lambda t: t.use_invitation(99),
            lambda t: t.remove_invitation(99),
            lambda t: t.add_member(Member(OTHER, "bob", 7.0)),
            lambda t: t.add_member(Member(ORIGIN, "nobody", 7.0)),
            lambda t: t.add_member(Member(ORIGIN, "bob", 8.0)),
            lambda t: t.remove_member(ORIGIN, "alice"),
            lambda t: t.remove_member(OTHER, "bob"),
        ):
            with pytest.raises(StoreError):
                store.commit(work)
        assert len(store.events) == before

    def test_they_go_with_their_account_and_zone(self, store: Blocking) -> None:
        store.commit(fill)
        for account in ("alice", "bob"):
            store.commit(lambda t, a=account: t.add_member(Member(ORIGIN, a, 7.0)))
        store.commit(lambda t: t.add_invitation(GUEST))
        store.commit(lambda t: t.remove_account("alice"))
        store.commit(lambda t: t.put_account(Account("alice")))
        assert [one.account for one in store.read(lambda r: r.members(ORIGIN))] == ["bob"]
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1)))
        assert store.read(lambda r: (r.members(ORIGIN), r.invitations(ORIGIN))) == ([], [])

    # History ---------------------------------------------------------------------------------

    def history(self, store: Blocking, limit: int = 100) -> list[Event]:
        return store.read(lambda r: r.host_history(r.host(HOME), limit))

    def test_the_history_of_a_host(self, store: Blocking) -> None:
        wild, acme, persist = (label + HOME for label in names.BELOW_HOST)
        store.commit(fill)
        store.commit(put(address(last=1)), Author("alice", "dyndns2", 5.5))
        store.commit(put(address(names.from_text("b.example.net"))))
        store.commit(put(rrset(wild, TXT, b"\x01x")))
        store.commit(put(rrset(acme, TXT, b"\x01x")))
        store.commit(put(rrset(persist, TXT, b"\x01x")))
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "alice", 90)))
        told = self.history(store)
        assert [(e.kind, e.owner) for e in told] == [
            (EventKind.HOST, HOME),
            (EventKind.RRSET, persist),
            (EventKind.RRSET, acme),
            (EventKind.RRSET, wild),
            (EventKind.RRSET, HOME),
            (EventKind.HOST, HOME),
        ]
        assert told == sorted(told, reverse=True)
        assert told[4].author == Author("alice", "dyndns2", 5.5)
        assert told[4].after == pack_values(address(last=1))
        assert (told[5].before is None, told[0].before is None) == (True, False)
        assert self.history(store, 2) == told[:2]

    def test_a_history_begins_with_who_has_the_host_now(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address(last=1)))
        store.commit(lambda t: t.remove_host(HOME))
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "bob")))
        store.commit(put(address(last=2)))
        assert [event.kind for event in self.history(store)] == [EventKind.RRSET, EventKind.HOST]
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "alice")))
        store.commit(put(address(last=3)))
        first = self.history(store)[-1]
        assert len(self.history(store)) == 2
        assert (first.kind, first.before) == (EventKind.HOST, None)
        assert b"bob" not in (first.after or b"")

    def test_a_history_that_the_journal_has_half_forgotten(self, small: Blocking) -> None:
        small.commit(fill)
        for number in range(700):
            small.commit(put(address(last=number % 250)))
        told = self.history(small, 1000)
        assert {event.kind for event in told} == {EventKind.RRSET}
        assert told[-1].before is not None

    def test_a_host_of_another_zone_has_another_history(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(names.from_text("net"), 1)))
        store.commit(put(address(last=9), names.from_text("net")))  # glue, perhaps
        assert [event.kind for event in self.history(store)] == [EventKind.HOST]
