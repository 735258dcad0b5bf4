"""One-time codes and recovery codes, and log-ins that take one."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.defer import Deferred

from ddns.api.caller import Caller
from ddns.api.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    SecondFactorNeeded,
    TooMany,
    Unauthenticated,
    WrongCode,
)
from ddns.model.journal import Author
from ddns.policy.totp import DIGITS
from tests.api.coming import (
    HERE,
    OTHER_PASSWORD,
    PASSWORD,
    THERE,
    App,
    Street,
    refused,
    token_in,
)

NOTHING = {"totp": False, "recovery_codes": 0, "passkeys": []}
ALICE = {"name": "alice", "password": PASSWORD}


@dataclasses.dataclass
class Person:
    """Alice, with one-time codes since this session."""

    session: str
    app: App
    recovery_codes: list[str]

    def wrong_code(self) -> str:
        """One that is not right now, nor soon."""
        near = {self.app.code(steps=steps) for steps in range(-3, 4)}
        return next(code for code in map(f"{{:0{DIGITS}}}".format, range(9)) if code not in near)


@pytest.fixture
def alice(street: Street) -> Person:
    session = street.arrive()
    app, codes = street.use_an_app(session)
    street.house.time += 30.0
    return Person(session, app, codes)


def halfway(street: Street, **more: Any) -> SecondFactorNeeded:
    """Log in with the password alone."""
    error = refused(street, SecondFactorNeeded, "log_in", **ALICE, **more)
    assert isinstance(error, SecondFactorNeeded)
    return error


def strong(street: Street, token: str) -> bool:
    (session,) = [one for one in street.ask_as(token, "session_list")["sessions"] if one["current"]]
    return bool(session["second_factor"])


# Setting them ----------------------------------------------------------------------------------


def test_codes_are_asked_for_once_they_were_confirmed(street: Street) -> None:
    session = street.arrive()
    caller = dataclasses.replace(street.who(session), origin="https://ddns.example.net:8443")
    added = street.house.api_of(caller, "totp_add", password=PASSWORD)
    assert urlsplit(added["uri"]).path == "/ddns.example.net:alice"
    assert f"secret={added['secret']}" in added["uri"]
    app = App(street.house, added["secret"])
    assert street.ask_as(session, "second_factor_show") == NOTHING
    street.log_in()
    wrong = app.code(steps=5)
    refused(street, WrongCode, "totp_confirm", session, code=wrong)
    confirmed = street.ask_as(session, "totp_confirm", code=f" {app.code()[:3]} {app.code()[3:]}")
    assert len(set(confirmed["recovery_codes"])) == 10
    shown = street.ask_as(session, "second_factor_show")
    assert shown == {"totp": True, "recovery_codes": 10, "passkeys": []}
    assert halfway(street).ways == ["totp", "recovery"]
    refused(street, NotFound, "totp_confirm", session, code=app.next_code())
    refused(street, Conflict, "totp_add", session, password=PASSWORD)


def test_who_has_the_session_alone_does_not_guess_the_first_code(street: Street) -> None:
    session = street.arrive()
    secret = street.ask_as(session, "totp_add", password=PASSWORD)["secret"]
    app = App(street.house, secret)
    for _ in range(20):
        refused(street, WrongCode, "totp_confirm", session, code=app.code(steps=9))
    refused(street, TooMany, "totp_confirm", session, code=app.code())


def test_beginning_again_makes_another_secret(street: Street) -> None:
    session = street.arrive()
    first, second = (
        App(street.house, street.ask_as(session, "totp_add", password=PASSWORD)["secret"])
        for _ in range(2)
    )
    refused(street, WrongCode, "totp_confirm", session, code=first.code())
    street.ask_as(session, "totp_confirm", code=second.code())


def test_sessions_without_one_end_but_this(street: Street) -> None:
    session, other = street.arrive(), street.log_in()
    street.arrive("bob", "bob@example.org")
    app, _ = street.use_an_app(session)
    with pytest.raises(Unauthenticated):
        street.who(other)
    assert not strong(street, session)
    assert strong(street, street.log_in(code=app.next_code()))
    assert len(street.ask_as(session, "session_list")["sessions"]) == 2
    assert street.who(street.log_in("bob")).account == "bob"


def test_it_takes_the_password(street: Street, alice: Person) -> None:
    for operation in ("totp_add", "totp_disable", "recovery_codes_add"):
        refused(street, Forbidden, operation, alice.session, password=OTHER_PASSWORD)
        refused(street, Forbidden, operation, password=PASSWORD)
    for operation in ("second_factor_show", "totp_confirm"):
        more = {"code": "123456"} if operation == "totp_confirm" else {}
        refused(street, Forbidden, operation, **more)


def test_the_secret_is_sealed(street: Street, alice: Person) -> None:
    (kept,) = street.house.running.call(street.house.store.read, lambda r: r.totps())
    assert alice.app.secret.encode() not in kept.sealed
    assert street.house.api("check")["faults"] == []
    code = alice.app.code()
    street.house.forget_secret_box()
    (fault,) = street.house.api("check")["faults"]
    assert fault.startswith("one-time codes of alice: key file ")
    error = refused(street, ApiError, "log_in", **ALICE, code=code)
    assert "key file" in str(error)
    street.log_in(code=alice.recovery_codes[0])


def test_the_key_file_is_that_of_the_other_secrets(street: Street, alice: Person) -> None:
    street.house.forget_secret_box()
    bob = street.arrive("bob", "bob@example.org")
    refused(street, ApiError, "totp_add", bob, password=PASSWORD)  # and no new file is made


def test_a_secret_of_somebody_else_opens_nothing(street: Street, alice: Person) -> None:
    street.arrive("bob", "bob@example.org")

    def steal(transaction: Any) -> None:
        kept = transaction.totp("alice")
        transaction.put_totp(dataclasses.replace(kept, account="bob"))

    house = street.house
    house.running.call(house.store.transact, Author("operator", "test", 0.0), steal)
    refused(street, ApiError, "log_in", name="bob", password=PASSWORD, code=alice.app.code())


# Logging in ------------------------------------------------------------------------------------


def test_a_code_with_the_password(street: Street, alice: Person) -> None:
    answer = street.ask("log_in", **ALICE, code=alice.app.code())
    assert (answer["account"], answer["language"]) == ("alice", None)
    assert strong(street, answer["token"])
    assert strong(street, street.log_in(code=alice.recovery_codes[0]))
    refused(street, WrongCode, "log_in", **ALICE, code=alice.wrong_code())
    wrong = {"name": "alice", "password": OTHER_PASSWORD}
    error = refused(street, Unauthenticated, "log_in", **wrong, code=alice.app.next_code())
    assert str(error) == "wrong name or password"


def test_a_code_after_the_password(street: Street, alice: Person) -> None:
    half = halfway(street)
    assert half.as_json() == {
        "error": {
            "code": "second_factor",
            "message": "a second factor is needed as well",
            "ways": ["totp", "recovery"],
            "ticket": half.ticket,
        }
    }
    refused(street, WrongCode, "log_in_code", ticket=half.ticket, code=alice.wrong_code())
    answer = street.ask("log_in_code", ticket=half.ticket, code=alice.app.code())
    assert strong(street, answer["token"])
    again = {"ticket": half.ticket, "code": alice.app.next_code()}
    refused(street, Unauthenticated, "log_in_code", **again)
    assert PASSWORD not in half.ticket
    assert len(half.ticket) == 43


def test_a_ticket_has_five_tries(street: Street, alice: Person) -> None:
    half, other = halfway(street), halfway(street)
    for _ in range(5):
        refused(street, WrongCode, "log_in_code", ticket=half.ticket, code=alice.wrong_code())
    code = alice.app.code()
    refused(street, Unauthenticated, "log_in_code", ticket=half.ticket, code=code)
    street.ask("log_in_code", ticket=other.ticket, code=code)


@pytest.mark.parametrize("seconds", [299.0, 300.0])
def test_a_ticket_is_good_for_five_minutes(street: Street, alice: Person, seconds: float) -> None:
    given = {"ticket": halfway(street).ticket}
    street.house.time += seconds
    given["code"] = alice.app.code()
    if seconds < 300.0:
        street.ask("log_in_code", **given)
    else:
        refused(street, Unauthenticated, "log_in_code", **given)


def test_a_ticket_is_that_of_one_password_and_account(street: Street, alice: Person) -> None:
    street.arrive("bob", "bob@example.org")
    half, code = halfway(street), alice.app.code()
    for ticket in ("", "x" * 43, half.ticket.swapcase()):
        refused(street, Unauthenticated, "log_in_code", ticket=ticket, code=code)
    street.house.api("password_set", name="alice", password=OTHER_PASSWORD)
    refused(street, Unauthenticated, "log_in_code", ticket=half.ticket, code=code)
    street.house.api("password_set", name="alice", password=PASSWORD)
    half = halfway(street)
    street.house.api("account_remove", name="alice")
    refused(street, Unauthenticated, "log_in_code", ticket=half.ticket, code=code)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_each_code_is_good_once(street: Street, alice: Person, steps: int) -> None:
    street.house.time += 30.0
    code = alice.app.code(steps=steps)
    street.log_in(code=code)
    refused(street, WrongCode, "log_in", **ALICE, code=code)
    refused(street, WrongCode, "log_in", **ALICE, code=alice.app.code(steps=steps - 1))
    street.house.time += 30.0
    street.log_in(code=alice.app.code(steps=steps))


def test_the_code_that_confirmed_is_used_up(street: Street) -> None:
    app, _ = street.use_an_app(street.arrive())
    refused(street, WrongCode, "log_in", **ALICE, code=app.code())
    street.log_in(code=app.next_code())


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_that_is_too_wrong(street: Street, alice: Person, steps: int) -> None:
    street.house.time += 300.0
    refused(street, WrongCode, "log_in", **ALICE, code=alice.app.code(steps=steps))


def test_one_code_for_two_at_once(street: Street, alice: Person) -> None:
    operations = street.house.operations.acting_for(Caller(peer=HERE), "api")

    async def both(code: str) -> list[Any]:
        begun = [Deferred.fromCoroutine(operations.log_in(**ALICE, code=code)) for _ in range(2)]
        return [await one.addErrback(lambda failure: failure.value) for one in begun]

    for code in (alice.app.code(), alice.recovery_codes[3]):
        first, second = street.house.running.call(both, code)
        assert first["account"] == "alice"
        assert isinstance(second, WrongCode)


def test_wrong_codes_are_limited_and_recovery_codes_are_not(street: Street, alice: Person) -> None:
    wrong = alice.wrong_code()
    for number in range(20):
        peer = f"192.0.2.{number}"
        refused(street, WrongCode, "log_in", **ALICE, code=wrong, peer=peer)
    right = alice.app.code()
    error = refused(street, TooMany, "log_in", **ALICE, code=right, peer=THERE)
    assert isinstance(error, TooMany)
    assert 0 < error.retry_after <= 86_400 / 20
    half = halfway(street)
    refused(street, TooMany, "log_in_code", ticket=half.ticket, code=right)
    street.ask("log_in_code", ticket=half.ticket, code=alice.recovery_codes[0])
    street.house.time += 86_400 / 20
    street.log_in(code=alice.app.code())
    street.log_in(code=alice.app.next_code())  # right ones do not count


def test_wrong_codes_count_like_wrong_passwords(street: Street, alice: Person) -> None:
    noticed: list[tuple[str, int]] = []
    street.house.authenticator._noticed = lambda account, number: noticed.append((account, number))
    refused(street, WrongCode, "log_in", **ALICE, code=alice.wrong_code())
    ticket = halfway(street).ticket
    refused(street, WrongCode, "log_in_code", ticket=ticket, code="aaaaa-aaaaa-aaaaa-aaaaa")
    refused(street, Unauthenticated, "log_in", name="alice", password=OTHER_PASSWORD)
    assert noticed == [("alice", 1), ("alice", 2), ("alice", 3)]


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "é", "१२३४५६", "x" * 10_000])
def test_what_is_no_code(street: Street, alice: Person, code: str) -> None:
    refused(street, WrongCode, "log_in", **ALICE, code=code)


def test_a_code_where_none_is_asked_for(street: Street) -> None:
    street.arrive()
    assert not strong(street, street.log_in(code="123456"))


def test_another_password_does_not_make_a_session_weak(street: Street, alice: Person) -> None:
    mine = street.log_in(code=alice.app.code())
    changed = street.ask_as(mine, "password_change", old=PASSWORD, new=OTHER_PASSWORD)
    assert strong(street, changed["token"])


def test_who_forgets_a_password_needs_the_second_factor_all_the_same(
    street: Street, alice: Person
) -> None:
    street.ask("password_reset_request", name_or_email="alice")
    token = token_in(street.letter())
    street.ask("password_reset", token=token, password=OTHER_PASSWORD)
    mine = {"name": "alice", "password": OTHER_PASSWORD}
    refused(street, SecondFactorNeeded, "log_in", **mine)


# Recovery codes, and doing without ------------------------------------------------------------


def test_each_recovery_code_is_good_once(street: Street, alice: Person) -> None:
    code = alice.recovery_codes[0]
    street.log_in(code=code.upper().replace("-", " "))
    refused(street, WrongCode, "log_in", **ALICE, code=code)
    assert street.ask_as(alice.session, "second_factor_show")["recovery_codes"] == 9
    for code in alice.recovery_codes[1:]:
        street.log_in(code=code)
    assert halfway(street).ways == ["totp"]


def test_new_recovery_codes_replace_the_former(street: Street, alice: Person) -> None:
    answer = street.ask_as(alice.session, "recovery_codes_add", password=PASSWORD)
    codes = answer["recovery_codes"]
    assert len(set(codes) | set(alice.recovery_codes)) == 20
    refused(street, WrongCode, "log_in", **ALICE, code=alice.recovery_codes[0])
    street.log_in(code=codes[0])


def test_no_recovery_codes_without_what_can_be_lost(street: Street) -> None:
    refused(street, Conflict, "recovery_codes_add", street.arrive(), password=PASSWORD)


def test_doing_without(street: Street, alice: Person) -> None:
    assert street.ask_as(alice.session, "totp_disable", password=PASSWORD) == NOTHING
    street.log_in()
    refused(street, NotFound, "totp_confirm", alice.session, code=alice.app.code())
    app, codes = street.use_an_app(alice.session)
    assert not set(codes) & set(alice.recovery_codes)
    refused(street, WrongCode, "log_in", **ALICE, code=alice.recovery_codes[0])
    street.log_in(code=app.next_code())


def test_the_operator_helps_who_has_lost_everything(street: Street, alice: Person) -> None:
    street.arrive("bob", "bob@example.org")
    street.use_an_app(street.log_in("bob"))
    assert street.house.api("second_factor_remove", name=" Alice ")["name"] == "alice"
    assert street.ask_as(street.log_in(), "second_factor_show") == NOTHING
    refused(street, SecondFactorNeeded, "log_in", name="bob", password=PASSWORD)
    with pytest.raises(NotFound):
        street.house.api("second_factor_remove", name="nobody")


def test_who_is_blocked_may_still_set_them(street: Street) -> None:
    session = street.arrive()
    street.house.api("account_block", name="alice", reason="a reason")
    app, _ = street.use_an_app(session)
    street.log_in(code=app.next_code())
    street.ask_as(session, "recovery_codes_add", password=PASSWORD)
    street.ask_as(session, "totp_disable", password=PASSWORD)


def test_they_go_with_the_account(street: Street, alice: Person) -> None:
    street.house.api("account_remove", name="alice")
    street.arrive()
    assert street.ask_as(street.log_in(), "second_factor_show") == NOTHING


def test_nothing_of_them_is_in_the_journal(street: Street, alice: Person) -> None:
    events = street.house.running.call(street.house.store.changes_since, 0)
    assert {str(event.kind) for event in events} == {"account"}
    assert alice.app.secret not in repr(events)
