"""What every store must do about people who register themselves; part of the contract."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model.account import Account, Language, PendingToken, Purpose
from ddns.model.journal import EventKind
from ddns.model.second_factor import Passkey, Totp
from ddns.model.session import Session
from ddns.store.interfaces import StoreError
from tests.store.sqlite.blocking import Blocking, fill

CAROL = PendingToken(b"1" * 32, Purpose.REGISTER, "carol", 2000.0, "Carol@example.org", "hash")
RESET = PendingToken(b"2" * 32, Purpose.RESET, "alice", 3000.5)


class PeopleContract:
    """See the module."""

    def test_an_email_address(self, store: Blocking) -> None:
        alice = Account("alice", "hash", 1.0, email="Alice@example.org")
        store.commit(fill)
        store.commit(lambda t: t.put_account(alice))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.account("alice")) == alice
            assert read(lambda r: r.accounts())[0] == alice
            assert read(lambda r: r.account_by_email("aLICE@EXAMPLE.org")) == alice
            assert read(lambda r: r.account_by_email("bob@example.org")) is None
        store.commit(lambda t: t.put_account(dataclasses.replace(alice, email=None)))
        assert store.read(lambda r: r.account_by_email("alice@example.org")) is None

    def test_rights_and_language(self, store: Blocking) -> None:
        alice = Account("alice", None, 1.0, operator=True, language=Language.ES)
        for account in (alice, Account("alice", None, 1.0)):
            store.commit(lambda t, one=account: t.put_account(one))
            assert store.read(lambda r: r.account("alice")) == account
            assert store.events[-1].value == account

    def test_no_two_accounts_with_one_address(self, store: Blocking) -> None:
        store.commit(lambda t: t.put_account(Account("alice", None, 1.0, email="a@example.org")))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.put_account(Account("bob", None, 1.0, email="A@example.org")))
        assert [account.name for account in store.read(lambda r: r.accounts())] == ["alice"]

    def test_addresses_do_not_get_into_the_journal(self, store: Blocking) -> None:
        store.commit(lambda t: t.put_account(Account("alice", "hash", 1.0, email="a@example.org")))
        store.commit(lambda t: t.put_pending_token(CAROL))
        store.commit(lambda t: t.remove_account("alice"))
        events = store.since(0)
        assert [event.kind for event in events] == [EventKind.ACCOUNT] * 2
        assert not any(
            b"example.org" in (text or b"")
            for event in events
            for text in (event.before, event.after)
        )
        assert store.events[0].value == Account("alice", "hash", 1.0, email="a@example.org")

    def test_what_waits_for_a_token(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: (t.put_pending_token(CAROL), t.put_pending_token(RESET)))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.pending(CAROL.digest)) == CAROL
            assert read(lambda r: r.pending(RESET.digest)) == RESET
            assert read(lambda r: r.pending(b"3" * 32)) is None
            for purpose, count in zip(Purpose, (1, 0, 1), strict=True):
                assert read(lambda r, p=purpose: r.count_pending_tokens(p)) == count
        with pytest.raises(StoreError):
            store.commit(lambda t: t.put_pending_token(dataclasses.replace(RESET, account="bob")))
        assert store.read(lambda r: r.pending(RESET.digest)) == RESET

    def test_who_waits_too_long_waits_in_vain(self, store: Blocking) -> None:
        store.commit(lambda t: (t.put_pending_token(CAROL), t.put_pending_token(RESET)))
        store.commit(lambda t: t.expire_pending_tokens(1999.9))
        assert store.read(lambda r: r.pending(CAROL.digest)) == CAROL
        store.commit(lambda t: t.expire_pending_tokens(2000.0))
        assert store.read(lambda r: r.pending(CAROL.digest)) is None
        assert store.read(lambda r: r.pending(RESET.digest)) == RESET

    def test_what_waits_goes_with_the_name(self, store: Blocking) -> None:
        second = dataclasses.replace(RESET, digest=b"3" * 32)
        store.commit(fill)
        store.commit(lambda t: [t.put_pending_token(one) for one in (CAROL, RESET, second)])
        store.commit(lambda t: t.remove_pending_tokens("carol"))
        assert store.read(lambda r: r.count_pending_tokens(Purpose.RESET)) == 2
        store.commit(lambda t: t.remove_pending_tokens("nobody"))
        store.commit(lambda t: t.remove_account("alice"))
        assert store.read(lambda r: r.count_pending_tokens(Purpose.RESET)) == 0

    def test_sessions(self, store: Blocking) -> None:
        first = Session(b"1" * 32, "alice", b"p" * 32, 5.0, 6.5, "2001:db8::1", "é", strong=True)
        second = Session(b"2" * 32, "alice", b"q" * 32, 5.0, 6.0)
        bobs = dataclasses.replace(first, digest=b"3" * 32, account="bob")
        stranger = dataclasses.replace(first, digest=b"4" * 32, account="nobody")
        store.commit(fill)
        position = store.since(0)[-1].position
        store.commit(lambda t: t.put_sessions([first, second, bobs, stranger]))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.sessions("alice")) == [second, first]
            assert {one.account for one in read(lambda r: r.sessions())} == {"alice", "bob"}
        used = dataclasses.replace(second, used=7.0)
        other = dataclasses.replace(used, created=9.0, peer="another", strong=True)
        store.commit(lambda t: t.put_sessions([other]))  # of which only the use can change
        assert store.read(lambda r: r.sessions("alice")) == [first, used]
        store.commit(lambda t: t.remove_sessions([first.digest, b"9" * 32]))
        assert store.read(lambda r: r.sessions("alice")) == [used]
        assert store.since(position) == []
        store.commit(lambda t: t.remove_account("alice"))
        assert [one.account for one in store.read(lambda r: r.sessions())] == ["bob"]

    def test_one_time_codes(self, store: Blocking) -> None:
        store.commit(fill)
        position = store.since(0)[-1].position
        first, bobs = Totp("alice", b"sealed", 5.0), Totp("bob", b"other", 6.0, True, 2**40)
        store.commit(lambda t: (t.put_totp(bobs), t.put_totp(first)))
        confirmed = dataclasses.replace(first, confirmed=True, step=7)
        for totp in (first, confirmed):
            store.commit(lambda t, one=totp: t.put_totp(one))
            for read in (store.read, lambda work: store.commit(work).value):
                assert read(lambda r: r.totp("alice")) == totp
                assert read(lambda r: r.totps()) == [totp, bobs]
        assert store.read(lambda r: r.any_sealed_secret()) in (b"sealed", b"other")
        with pytest.raises(StoreError):
            store.commit(lambda t: t.put_totp(dataclasses.replace(first, account="nobody")))
        store.commit(lambda t: t.remove_totp("alice"))
        assert store.read(lambda r: r.totp("alice")) is None
        store.commit(lambda t: t.remove_account("bob"))
        assert store.read(lambda r: r.totps()) == []
        assert [event.subject for event in store.since(position)] == ["bob"]

    def test_recovery_codes(self, store: Blocking) -> None:
        one, two, three = (digit * 32 for digit in (b"1", b"2", b"3"))
        store.commit(fill)

        def left(account: str) -> frozenset[bytes]:
            return store.read(lambda r: r.recovery_codes(account))

        store.commit(lambda t: t.put_recovery_codes("alice", [one, two]))
        store.commit(lambda t: t.put_recovery_codes("bob", [one]))
        assert left("alice") == {one, two}
        store.commit(lambda t: t.remove_recovery_code("alice", one))
        assert (left("alice"), left("bob")) == ({two}, {one})
        store.commit(lambda t: t.put_recovery_codes("alice", [three]))
        assert left("alice") == {three}
        store.commit(lambda t: t.remove_account("alice"))
        assert (left("alice"), left("bob")) == (frozenset(), {one})

    def test_passkeys(self, store: Blocking) -> None:
        given = Passkey(0, "alice", b"credential", b"key", 2**32 - 1, "é", 5.0)
        store.commit(fill)
        first = store.commit(lambda t: t.add_passkey(given)).value
        second = store.commit(
            lambda t: t.add_passkey(dataclasses.replace(given, credential=b"2", used=7.0))
        ).value
        assert dataclasses.replace(first, id=0) == given
        assert store.read(lambda r: r.passkeys("alice")) == [first, second]
        assert store.read(lambda r: r.passkeys("bob")) == []
        assert store.read(lambda r: r.passkey(b"credential")) == first
        with pytest.raises(StoreError):
            store.commit(lambda t: t.add_passkey(dataclasses.replace(given, account="bob")))
        store.commit(lambda t: t.use_passkey(first.id, 3, 9.5))
        used = dataclasses.replace(first, counter=3, used=9.5)
        assert store.commit(lambda t: t.passkeys("alice")).value == [used, second]
        store.commit(lambda t: t.remove_passkey(second.id))
        third = store.commit(lambda t: t.add_passkey(second)).value
        assert third.id > second.id
        store.commit(lambda t: t.remove_account("alice"))
        assert store.read(lambda r: r.passkey(b"credential")) is None

    def test_marks(self, store: Blocking) -> None:
        store.commit(fill)
        position = store.since(0)[-1].position

        def mark(account: str, *marks: tuple[bytes, float]) -> None:
            store.commit(lambda t: [t.put_mark(account, *one, 3) for one in marks])

        def found(since: float = 0.0, limit: int = 100) -> list[tuple[str, bytes, float]]:
            marks: list[tuple[str, bytes, float]] = store.read(lambda r: r.marks(since, limit))
            return marks

        mark("alice", (b"a", 1.0), (b"b", 2.0), (b"c", 3.0), (b"a", 4.0), (b"d", 5.0))
        mark("nobody", (b"a", 1.0))
        mark("bob", (b"a", 2.5))
        assert found() == [
            ("alice", b"d", 5.0),
            ("alice", b"a", 4.0),
            ("alice", b"c", 3.0),
            ("bob", b"a", 2.5),
        ]
        assert found(since=3.0) == found()[:2] == found(limit=2)
        assert store.since(position) == []
        store.commit(lambda t: t.remove_account("alice"))
        assert found() == [("bob", b"a", 2.5)]
