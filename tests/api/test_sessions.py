"""Logging in and out, changing and resetting passwords."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred

from ddns.api.caller import NOBODY, Caller
from ddns.api.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from ddns.api.serializers import time_json
from ddns.model.journal import Author
from ddns.model.update import Status
from ddns.store.sqlite.transaction import Transaction
from tests.api.coming import (
    EMAIL,
    HERE,
    OTHER_PASSWORD,
    PASSWORD,
    THERE,
    Street,
    refused,
    token_in,
)


def test_a_token_stands_for_a_person(street: Street) -> None:
    street.arrive()
    answer = street.ask("log_in", name=" ALICE ", password=PASSWORD)
    assert answer["account"] == "alice"
    assert answer["expires"] == time_json(
        street.house.time + street.house.account_service.sessions.time
    )
    assert len(answer["token"]) == 43
    caller = street.who(answer["token"])
    assert (caller.account, caller.operator) == ("alice", False)
    assert answer["token"] not in repr(caller)
    assert street.log_in() != answer["token"]


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\xff"])
def test_what_is_no_token(street: Street, token: str) -> None:
    with pytest.raises(Unauthenticated):
        street.who(token)


def test_wrong_name_and_wrong_password_are_the_same(street: Street) -> None:
    street.arrive()
    street.house.api("account_add", name="keys-only")
    runs = len(street.house.slow)
    said = {
        str(refused(street, Unauthenticated, "log_in", name=name, password=password))
        for name, password in (
            ("alice", OTHER_PASSWORD),
            ("nobody", PASSWORD),
            ("keys-only", PASSWORD),
            ("not a name", PASSWORD),
            ("alice", ""),
        )
    }
    assert said == {"wrong name or password"}
    assert len(street.house.slow) == runs + 5  # argon2, each of them
    refused(street, Invalid, "log_in", name="alice", password="x" * 1025)


def test_a_key_does_not_log_in(street: Street) -> None:
    street.arrive()
    key = street.house.api("key_add", account="alice")["key"]
    refused(street, Unauthenticated, "log_in", name="alice", password=key)


def test_while_too_many_passwords_are_checked(street: Street) -> None:
    async def busy(user: str, password: str, peer: str) -> Status:
        return Status.FAILED

    street.house.account_service.check_password = busy
    refused(street, TooMany, "log_in", name="alice", password=PASSWORD)


def test_a_password_that_changes_while_it_is_checked(street: Street) -> None:
    house = street.house
    street.arrive()
    held: Deferred[str] = Deferred()

    async def slow(user: str, password: str, peer: str) -> str | Status:
        return await held if not held.called else Status.BADAUTH

    house.account_service.check_password = slow
    begun: list[Deferred[Any]] = []

    def begin() -> None:
        operations = house.operations.acting_for(NOBODY, "api")
        begun.append(Deferred.fromCoroutine(operations.log_in(name="alice", password=PASSWORD)))

    house.running.call(begin)
    house.api("password_set", name="alice", password="another")

    def finish() -> Deferred[Any]:
        held.callback("alice")
        return begun[0]

    with pytest.raises(Unauthenticated):
        house.running.call(finish)


def test_logging_out(street: Street) -> None:
    token = street.arrive()
    other = street.log_in()
    assert street.ask_as(token, "log_out") == {"account": "alice"}
    with pytest.raises(Unauthenticated):
        street.who(token)
    assert street.who(other).account == "alice"
    refused(street, Forbidden, "log_out")


# Lists of sessions -----------------------------------------------------------------------------


def test_people_see_where_they_are_logged_in(street: Street) -> None:
    mine = street.arrive()
    street.house.time += 5.0
    caller = Caller(peer=THERE, agent="Fire\x1bfox " + "x" * 500)
    login = {"name": "alice", "password": PASSWORD}
    street.house.api_of(caller, "log_in", **login)
    shown = street.ask_as(mine, "session_list")["sessions"]
    assert [(one["peer"], one["current"], one["second_factor"]) for one in shown] == [
        (HERE, True, False),
        (THERE, False, False),
    ]
    assert shown[1]["agent"] == "Fire?fox " + "x" * 191
    assert [one["created"][17:19] for one in shown] == ["40", "45"]
    assert [one["used"][17:19] for one in shown] == ["45", "45"]
    assert mine not in str(shown)
    assert street.who(mine).session.hex() not in str(shown)


def test_people_end_their_sessions(street: Street) -> None:
    mine, other, third = street.arrive(), street.log_in(), street.log_in()
    ids = {street.who(token): token for token in (mine, other, third)}
    assert len(ids) == 3

    def id_of(token: str) -> str:
        (found,) = [
            one for one in street.ask_as(token, "session_list")["sessions"] if one["current"]
        ]
        return str(found["id"])

    gone = id_of(other)
    assert street.ask_as(mine, "session_close", id=gone) == {"id": gone}
    with pytest.raises(Unauthenticated):
        street.who(other)
    refused(street, NotFound, "session_close", mine, id=gone)
    street.log_in()
    assert street.ask_as(mine, "session_close_others") == {"closed": 2}
    with pytest.raises(Unauthenticated):
        street.who(third)
    assert street.ask_as(mine, "session_close_others") == {"closed": 0}
    assert len(street.ask_as(mine, "session_list")["sessions"]) == 1


def test_nobody_ends_the_sessions_of_others(street: Street) -> None:
    alice = street.arrive()
    bob = street.arrive("bob", "bob@example.org")
    (mine,) = street.ask_as(alice, "session_list")["sessions"]
    refused(street, NotFound, "session_close", bob, id=mine["id"])
    refused(street, NotFound, "session_close", bob, id=street.who(alice).session.hex())
    assert street.ask_as(bob, "session_close_others") == {"closed": 0}
    assert street.who(alice).account == "alice"
    for operation in ("session_list", "session_close_others"):
        refused(street, Forbidden, operation)


def test_sessions_of_a_former_password_are_not_listed(street: Street) -> None:
    street.arrive()
    street.house.api("password_set", name="alice", password=OTHER_PASSWORD)
    token = street.log_in(password=OTHER_PASSWORD)
    assert len(street.ask_as(token, "session_list")["sessions"]) == 1


# Passwords -------------------------------------------------------------------------------------


def test_another_password_ends_all_sessions(street: Street) -> None:
    token, other = street.arrive(), street.log_in()
    answer = street.ask_as(token, "password_change", old=PASSWORD, new=OTHER_PASSWORD)
    for old in (token, other):
        with pytest.raises(Unauthenticated):
            street.who(old)
    assert street.who(answer["token"]).account == "alice"
    refused(street, Unauthenticated, "log_in", name="alice", password=PASSWORD)
    street.log_in("alice", OTHER_PASSWORD)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (OTHER_PASSWORD, "a new password", Forbidden),
        (PASSWORD, "too short", Invalid),
        (PASSWORD, "x" * 1025, Invalid),
        (PASSWORD, "\udcff" * 10, Invalid),
        ("x" * 1025, "a new password", Invalid),
    ],
)
def test_a_password_that_does_not_change(
    street: Street, old: str, new: str, kind: type[Any]
) -> None:
    token = street.arrive()
    refused(street, kind, "password_change", token, old=old, new=new)
    assert street.who(token).account == "alice"


def test_two_who_change_a_password_at_once(street: Street) -> None:
    token = street.arrive()
    caller = street.who(token)
    house = street.house

    def change(new: str) -> Deferred[Any]:
        operations = house.operations.acting_for(caller, "api")
        return Deferred.fromCoroutine(operations.password_change(old=PASSWORD, new=new))

    async def both() -> list[Any]:
        begun = [change("first password"), change("second password")]
        for one in begun:
            one.addErrback(lambda failure: failure.value)
        return [await one for one in begun]

    first, second = house.running.call(both)
    assert isinstance(second, Conflict)
    assert street.who(first["token"]).account == "alice"


# Forgotten passwords ---------------------------------------------------------------------------


@pytest.mark.parametrize("whom", ["alice", " Alice ", EMAIL, "ALICE@example.org"])
def test_a_forgotten_password(street: Street, whom: str) -> None:
    session = street.arrive()
    street.ask("password_reset_request", name_or_email=whom)
    letter = street.letter()
    assert letter.to == EMAIL
    token = token_in(letter)
    assert street.who(session).account == "alice"  # asking changes nothing
    done = street.ask("password_reset", token=token, password=OTHER_PASSWORD)
    assert done["name"] == "alice"
    with pytest.raises(Unauthenticated):
        street.who(session)
    refused(street, Unauthenticated, "log_in", name="alice", password=PASSWORD)
    street.log_in("alice", OTHER_PASSWORD)
    refused(street, NotFound, "password_reset", token=token, password=PASSWORD)


def test_asking_does_not_tell_who_there_is(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    street.arrive()
    street.house.api("account_add", name="no-mail")
    house = street.house

    writes: list[Any] = []
    put = Transaction.put_pending_token
    monkeypatch.setattr(
        Transaction,
        "put_pending_token",
        lambda unit, token: (writes.append(token), put(unit, token)),
    )
    for whom in ("alice", "no-mail", "nobody", EMAIL, "nobody@example.org"):
        asked = street.ask("password_reset_request", name_or_email=whom)
        assert asked == {"name_or_email": whom}
    assert [token.account for token in writes] == ["alice", "", "", "alice", ""]
    assert [letter.to for letter in house.letters] == [EMAIL, EMAIL]
    refused(street, Invalid, "password_reset_request", name_or_email="no name at all")


def test_a_token_for_a_password_is_good_for_nothing_else(street: Street) -> None:
    street.arrive()
    street.ask("password_reset_request", name_or_email="alice")
    token = token_in(street.letter())
    other = street.register("bob", "bob@example.org")
    refused(street, NotFound, "confirm", token=token)
    refused(street, NotFound, "password_reset", token=other, password=OTHER_PASSWORD)
    refused(street, Invalid, "password_reset", token=token, password="short")
    street.house.time += 86_400.0
    refused(street, NotFound, "password_reset", token=token, password=OTHER_PASSWORD)


def test_another_password_makes_tokens_useless(street: Street) -> None:
    session = street.arrive()
    street.ask("password_reset_request", name_or_email="alice")
    token = token_in(street.letter())
    street.ask_as(session, "password_change", old=PASSWORD, new=OTHER_PASSWORD)
    refused(street, NotFound, "password_reset", token=token, password=PASSWORD)


def test_a_wrong_token_costs_no_argon2(street: Street) -> None:
    street.arrive()
    runs = len(street.house.slow)
    refused(street, NotFound, "password_reset", token="x" * 43, password=OTHER_PASSWORD)
    refused(street, NotFound, "confirm", token="x" * 43)
    assert len(street.house.slow) == runs


def test_an_account_that_had_keys_only_gets_a_password(street: Street) -> None:
    street.house.api("account_add", name="alice", email=EMAIL)
    street.ask("password_reset_request", name_or_email="alice")
    street.ask("password_reset", token=token_in(street.letter()), password=PASSWORD)
    assert street.who(street.log_in()).account == "alice"


def test_logging_in_with_a_hash_of_former_parameters(street: Street) -> None:
    """The old hash is replaced meanwhile, and the session is valid all the same."""
    street.arrive()
    dave = street.house.directory.account("alice")
    assert dave is not None
    former = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    street.house.running.call(
        street.house.store.transact,
        Author("operator", "test", 1.0),
        lambda t: t.put_account(dataclasses.replace(dave, password=former)),
    )
    assert street.who(street.log_in()).account == "alice"
    now = street.house.directory.account("alice")
    assert now is not None
    assert now.password != former
