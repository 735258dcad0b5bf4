"""Who is let in, and whose password is checked when many wait."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from hashlib import md5

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, succeed

from ddns.model.account import Account, Grant, Key, KeyKind, usual_rights
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.directory import Directory
from ddns.policy.failures import FORGIVEN
from ddns.updates.authenticator import PASSWORD_CHECKS, Authenticator

HERE, THERE = "192.0.2.1", "2001:db8::1"
ALICE, BOB = Grant("alice"), Grant("bob")


class Desk:
    """An authenticator whose argon2 runs are held until :meth:`next`; the password of an account
    is its name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = 0.0
        self.noticed: list[tuple[str, int]] = []
        self.checked: list[str] = []
        self.lots = itertools.count()
        self.right: set[tuple[str, str]] = set()
        self._held: list[tuple[Callable[[], bool], Deferred[bool]]] = []
        self.directory = Directory(bytes(32))
        for name in ("alice", "bob"):
            self.directory.put_account(Account(name, f"hash of {name}"))
        self.directory.put_key(
            Key(
                1,
                "alice",
                KeyKind.UPDATE,
                secrets.digest_key("key"),
                rights=usual_rights(KeyKind.UPDATE),
            )
        )
        monkeypatch.setattr(secrets, "verify_password", self._verify)
        self.authenticator = Authenticator(
            self.directory,
            self._run_slow,
            lambda: self.time,
            lambda account, number: self.noticed.append((account, number)),
            is_familiar=lambda account, peer: (account.name, peer) in self.right,
            was_right=lambda account, peer: self.right.add((account.name, peer)),
            lot=lambda: next(self.lots),
        )

    def _verify(self, secret: str, hashed: str | None) -> bool:
        self.checked.append(secret)
        return hashed == f"hash of {secret}"

    def _run_slow(self, function: Callable[[], bool]) -> Deferred[bool]:
        self._held.append((function, Deferred()))
        assert len(self._held) == 1, "one at a time"
        return self._held[0][1]

    def ask(self, user: str, secret: str, peer: str = HERE) -> Deferred[Grant | Status]:
        credentials = Credentials(user, secret)
        return ensureDeferred(self.authenticator.authenticate(credentials, peer))

    def next(self) -> None:
        """Let one argon2 run come to its end."""
        function, done = self._held.pop(0)
        done.callback(function())

    def all(self) -> None:
        while self._held:
            self.next()

    def now(self, user: str, secret: str, peer: str = HERE) -> Grant | Status:
        asked = self.ask(user, secret, peer)
        self.all()
        return result(asked)


def result(asked: Deferred[Grant | Status]) -> Grant | Status:
    """What is known at this moment."""
    found: list[Grant | Status] = []
    asked.addCallback(found.append)
    assert found, "it waits"
    return found[0]


def waits(asked: Deferred[Grant | Status]) -> bool:
    return not asked.called


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_a_password_is_checked_again_when_it_was_long_ago(desk: Desk) -> None:
    assert [desk.now("alice", "alice") for _ in range(3)] == [ALICE] * 3
    assert desk.checked == ["alice"]
    desk.time = 300.0
    assert desk.now("alice", "alice") == ALICE
    assert desk.checked == ["alice"] * 2


@pytest.mark.parametrize("user", ["alice", "nobody"])
def test_a_wrong_password_is_not_checked_over_and_over(desk: Desk, user: str) -> None:
    assert [desk.now(user, "old") for _ in range(50)] == [Status.BADAUTH] * 50
    assert desk.checked == ["old"]
    desk.time = 300.0
    assert desk.now(user, "old") is Status.BADAUTH
    assert desk.checked == ["old"] * 2


def test_what_was_wrong_may_be_right_after_a_change(desk: Desk) -> None:
    assert desk.now("alice", "new") is Status.BADAUTH
    assert desk.now("carol", "carol") is Status.BADAUTH
    desk.directory.put_account(Account("alice", "hash of new"))
    desk.directory.put_account(Account("carol", "hash of carol"))
    assert desk.now("alice", "new") == ALICE
    assert desk.now("carol", "carol") == Grant("carol")
    assert desk.now("alice", "alice") is Status.BADAUTH


def test_a_check_that_a_change_overtook_is_not_remembered(desk: Desk) -> None:
    old, new = desk.ask("alice", "alice"), desk.ask("bob", "new")
    desk.directory.put_account(Account("alice", "hash of other"))
    desk.next()
    assert result(old) == ALICE  # as it was when it came
    assert waits(new)
    function, done = desk._held.pop()
    wrong = function()
    desk.directory.put_account(Account("bob", "hash of new"))
    done.callback(wrong)
    assert result(new) is Status.BADAUTH
    assert desk.now("alice", "alice") is Status.BADAUTH
    assert desk.now("bob", "new") == BOB


def test_the_same_password_is_checked_once_for_all_who_wait(desk: Desk) -> None:
    asked = [desk.ask("alice", "alice", peer) for peer in (HERE, THERE) * 50]
    desk.all()
    assert [result(one) for one in asked] == [ALICE] * 100
    assert desk.checked == ["alice"]


def test_keys_and_responses_wait_for_nobody(desk: Desk) -> None:
    guesses = [desk.ask("alice", f"guess{n}") for n in range(PASSWORD_CHECKS)]
    assert result(desk.ask("alice", "key")) == ALICE
    for kind in (KeyKind.DONDNS, KeyKind.MINIUPDATE):
        wrong = desk.authenticator.authenticate(Credentials("alice", "x", kind), HERE)
        assert result(ensureDeferred(wrong)) is Status.BADAUTH
    response = ChallengeResponse("alice", "00", md5(b"x").hexdigest())
    wrong = desk.authenticator.authenticate(response, HERE)
    assert result(ensureDeferred(wrong)) is Status.BADAUTH
    assert all(map(waits, guesses))


def test_nobody_tries_a_password_without_a_user_name(desk: Desk) -> None:
    for secret, expected in (("key", ALICE), ("alice", Status.BADAUTH), ("", Status.BADAUTH)):
        given = Credentials("", secret, nameless=True)
        assert result(ensureDeferred(desk.authenticator.authenticate(given, HERE))) == expected
    assert desk.checked == []
    assert desk.authenticator.waiting() == 0


def test_who_has_failed_less_comes_first(desk: Desk) -> None:
    for number in range(5):
        assert desk.now("bob", f"guess{number}", HERE) is Status.BADAUTH
    running = desk.ask("bob", "guess5", HERE)
    attack = [desk.ask("bob", f"guess{number}", HERE) for number in range(6, 20)]
    neighbour = desk.ask("alice", "alice", HERE)
    other = desk.ask("bob", "bob", THERE)
    desk.next()
    assert result(running) is Status.BADAUTH
    desk.next()
    assert result(other) == BOB
    desk.next()
    assert result(neighbour) == ALICE
    assert all(map(waits, attack))
    desk.all()
    assert [result(one) for one in attack] == [Status.BADAUTH] * 14


def test_what_was_right_before_comes_first(desk: Desk) -> None:
    assert desk.now("alice", "alice") == ALICE
    desk.time = 400.0
    for number in range(3):
        assert desk.now("alice", f"guess{number}") is Status.BADAUTH
    running = desk.ask("bob", "x", THERE)
    fresh = desk.ask("bob", "bob", THERE)
    owner = desk.ask("alice", "alice")
    desk.next()
    desk.next()
    assert result(owner) == ALICE
    assert waits(fresh)
    assert result(running) is Status.BADAUTH


def test_when_too_many_wait_the_worst_is_put_off(desk: Desk) -> None:
    for number in range(FORGIVEN + 1):
        desk.now("bob", f"first{number}", HERE)
    running = desk.ask("bob", "x", HERE)
    attack = [desk.ask("bob", f"guess{number}", HERE) for number in range(PASSWORD_CHECKS)]
    assert all(map(waits, attack))
    assert (desk.authenticator.waiting(), desk.authenticator.put_off) == (PASSWORD_CHECKS, 0)
    one_more = desk.ask("bob", "one more", HERE)
    assert result(one_more) is Status.FAILED
    assert (desk.authenticator.waiting(), desk.authenticator.put_off) == (PASSWORD_CHECKS, 1)
    owner = desk.ask("bob", "bob", THERE)
    assert waits(owner)
    assert result(attack[-1]) is Status.FAILED
    desk.all()
    assert result(owner) == BOB
    assert [result(one) for one in attack[:-1]] == [Status.BADAUTH] * (PASSWORD_CHECKS - 1)
    assert result(running) is Status.BADAUTH
    # The first guesses, the one that was running, the owner, and all but one of the attack.
    assert desk.authenticator.checked == FORGIVEN + 1 + 2 + PASSWORD_CHECKS - 1
    assert desk.authenticator.waiting() == 0


def test_among_equals_it_is_drawn_by_lot(desk: Desk) -> None:
    """Whoever guesses without an end from ever new networks, a stranger to them may be served."""
    desk.ask("bob", "x", "203.0.113.1")
    attack = [
        desk.ask("bob", f"guess{number}", f"198.51.100.{number}")
        for number in range(PASSWORD_CHECKS)
    ]
    desk.lots = iter([0.5])  # type: ignore[assignment]
    owner = desk.ask("bob", "bob", THERE)
    assert waits(owner)
    assert result(attack[-1]) is Status.FAILED, "it had drawn the highest"
    desk.lots = iter([99.0])  # type: ignore[assignment]
    assert result(desk.ask("alice", "alice", THERE)) is Status.FAILED
    desk.next()
    desk.next()
    desk.next()
    assert result(owner) == BOB
    assert waits(attack[1])


def test_who_was_right_from_there_before_comes_before_strangers(desk: Desk) -> None:
    desk.right.add(("bob", THERE))
    for number in range(FORGIVEN + 5):
        desk.now("bob", f"mistyped{number}", THERE)
    desk.ask("bob", "x", HERE)
    attack = [
        desk.ask("bob", f"guess{number}", f"198.51.100.{number}")
        for number in range(PASSWORD_CHECKS)
    ]
    owner, other = desk.ask("bob", "bob", THERE), desk.ask("alice", "alice", THERE)
    assert result(other) is Status.FAILED, "it was another account's network"
    desk.next()
    desk.next()
    assert result(owner) == BOB
    assert sum(map(waits, attack)) == PASSWORD_CHECKS - 1


def test_the_network_of_whoever_joins_counts_as_well(desk: Desk) -> None:
    desk.right.add(("bob", THERE))
    running, first = desk.ask("bob", "x"), desk.ask("alice", "alice")
    asked = [desk.ask("bob", "bob", peer) for peer in (HERE, THERE)]
    desk.next()
    desk.next()
    assert result(running) is Status.BADAUTH
    assert [result(one) for one in asked] == [BOB] * 2
    assert waits(first)


def test_it_is_told_of_each_right_password(desk: Desk) -> None:
    desk.now("alice", "alice", HERE)
    desk.now("Alice", "alice", THERE)
    desk.now("bob", "alice", HERE)
    desk.now("alice", "key", "192.0.2.9")
    assert desk.right == {("alice", HERE), ("alice", THERE)}


def test_an_argon2_that_cannot_run_fails_alone(desk: Desk) -> None:
    first, second = desk.ask("alice", "alice"), desk.ask("bob", "bob")
    _, done = desk._held.pop(0)
    done.errback(MemoryError("no room"))
    first.addErrback(lambda failure: failure.trap(MemoryError) and Status.FAILED)
    assert result(first) is Status.FAILED
    desk.all()
    assert result(second) == BOB
    assert desk.now("alice", "alice") == ALICE


def test_failures_of_an_account_are_noticed_whatever_was_tried(desk: Desk) -> None:
    for _ in range(2):
        desk.now("Alice ", "wrong")
    dondns = Credentials("alice", "x", KeyKind.DONDNS)
    result(ensureDeferred(desk.authenticator.authenticate(dondns, THERE)))
    desk.now("nobody", "wrong")
    desk.now("alice", "key")
    assert desk.noticed == [("alice", 1), ("alice", 2), ("alice", 3)]


def test_nothing_to_wait_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends at once."""
    monkeypatch.setattr(desk.authenticator, "_run_slow", lambda function: succeed(function()))
    assert result(desk.ask("alice", "alice")) == ALICE
    assert result(desk.ask("alice", "wrong")) is Status.BADAUTH


def test_a_key_is_no_password(desk: Desk) -> None:
    def now(user: str, secret: str) -> str | Status:
        found: list[str | Status] = []
        asked = ensureDeferred(desk.authenticator.password(user, secret, HERE))
        asked.addCallback(found.append)
        desk.all()
        return found[0]

    assert now("Alice", "alice") == "alice"
    assert now("alice", "key") is Status.BADAUTH
    assert now("nobody", "alice") is Status.BADAUTH
    assert desk.noticed == [("alice", 1)]
    assert desk.checked == ["alice", "key", "alice"]
    assert desk.now("alice", "key") == ALICE
    assert now("ALICE", "alice") == "alice"
    assert len(desk.checked) == 3
