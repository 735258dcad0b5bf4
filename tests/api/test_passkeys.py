"""Passkeys of people: made, used to log in, removed; with an authenticator in software."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ddns.api.caller import Caller
from ddns.api.errors import (
    Conflict,
    Exceeded,
    Forbidden,
    Invalid,
    NotFound,
    SecondFactorNeeded,
    Unauthenticated,
)
from tests.api.browsing import ORIGIN, Browser
from tests.api.coming import HERE, OTHER_PASSWORD, PASSWORD, Street
from tests.authenticators import Authenticator


@pytest.fixture
def alice(street: Street) -> Browser:
    """Alice, logged in with her password."""
    return Browser(street, session=street.arrive())


def stranger(alice: Browser) -> Browser:
    return dataclasses.replace(alice, session="")


def test_from_a_password_to_none(alice: Browser) -> None:
    street, house = alice.street, alice.street.house
    answer = alice.make(" my phone ")
    assert answer["passkey"]["name"] == "my phone"
    assert answer["passkey"]["used"] is None
    assert len(set(answer["recovery_codes"])) == 10
    house.time += 60.0
    opened = stranger(alice).log_in()
    assert (opened["account"], opened["language"]) == ("alice", None)
    (mine, first) = street.ask_as(opened["token"], "session_list")["sessions"]
    assert (mine["second_factor"], first["second_factor"]) == (True, False)
    (shown,) = street.ask_as(opened["token"], "passkey_list")["passkeys"]
    assert shown == {**answer["passkey"], "used": mine["created"]}
    factors = street.ask_as(opened["token"], "second_factor_show")
    assert factors == {"totp": False, "recovery_codes": 10, "passkeys": [shown]}


def test_it_is_a_second_factor_of_the_password(alice: Browser) -> None:
    street = alice.street
    other = street.log_in()
    codes = alice.make()["recovery_codes"]
    with pytest.raises(Unauthenticated):
        street.who(other)
    assert street.who(alice.session).account == "alice"
    with pytest.raises(SecondFactorNeeded) as half:
        street.log_in()
    assert half.value.ways == ["passkey", "recovery"]
    street.ask("log_in_code", ticket=half.value.ticket, code=codes[0])


def test_the_second_one_makes_no_codes(alice: Browser) -> None:
    first = alice.make()["passkey"]
    alice.device = Authenticator(ORIGIN)
    answer = alice.make("key")
    assert answer["recovery_codes"] is None
    app, codes = alice.street.use_an_app(alice.session)
    assert codes is None
    assert len(alice.street.log_in(code=app.next_code())) == 43
    alice.ask("passkey_remove", number=first["id"])
    assert alice.ask("second_factor_show")["recovery_codes"] == 10
    alice.ask("passkey_remove", number=answer["passkey"]["id"])
    alice.ask("totp_disable", password=PASSWORD)
    assert alice.ask("second_factor_show")["recovery_codes"] == 0


def test_one_that_was_removed_opens_nothing(alice: Browser) -> None:
    made = alice.make()["passkey"]
    bob = dataclasses.replace(alice, session=alice.street.arrive("bob", "bob@example.org"))
    bob.refused(NotFound, "passkey_remove", number=made["id"])
    assert bob.ask("passkey_list") == {"passkeys": []}
    assert alice.ask("passkey_remove", number=made["id"]) == made
    alice.refused(NotFound, "passkey_remove", number=made["id"])
    guest = stranger(alice)
    guest.refused(Unauthenticated, "passkey_log_in", credential=guest.sign())
    alice.street.log_in()


def test_the_operator_removes_them_with_the_others(alice: Browser) -> None:
    alice.make()
    alice.street.house.api("second_factor_remove", name="alice")
    assert alice.ask("passkey_list") == {"passkeys": []}


def test_they_go_with_the_account(alice: Browser) -> None:
    alice.make()
    alice.street.house.api("account_remove", name="alice")
    alice.street.house.time += 1.0
    alice.street.arrive()
    guest = stranger(alice)
    guest.refused(Unauthenticated, "passkey_log_in", credential=guest.sign())


# Challenges ------------------------------------------------------------------------------------


def test_what_was_signed_is_good_once(alice: Browser) -> None:
    options = alice.ask("passkey_options", password=PASSWORD)["options"]
    made = alice.device.make(options)
    alice.ask("passkey_add", name="phone", credential=made)
    alice.refused(Conflict, "passkey_add", name="phone", credential=made)
    guest = stranger(alice)
    signed = guest.sign()
    guest.ask("passkey_log_in", credential=signed)
    guest.refused(Unauthenticated, "passkey_log_in", credential=signed)


def test_what_was_refused_is_over(alice: Browser) -> None:
    alice.make()
    guest = stranger(alice)
    signed = guest.sign()
    response = signed["response"]
    bad = {**signed, "response": {**response, "signature": response["userHandle"]}}
    guest.refused(Unauthenticated, "passkey_log_in", credential=bad)
    guest.refused(Unauthenticated, "passkey_log_in", credential=signed)


def test_five_minutes(alice: Browser) -> None:
    alice.make()
    guest = stranger(alice)
    in_time, too_late = guest.sign(), guest.sign()
    alice.street.house.time += 299.0
    guest.ask("passkey_log_in", credential=in_time)
    alice.street.house.time += 1.0
    guest.refused(Unauthenticated, "passkey_log_in", credential=too_late)


def test_a_challenge_is_for_one_thing_and_person(alice: Browser) -> None:
    alice.make()
    guest = stranger(alice)
    bob = dataclasses.replace(
        alice, session=alice.street.arrive("bob", "bob@example.org"), device=Authenticator(ORIGIN)
    )
    for_alice = alice.ask("passkey_options", password=PASSWORD)["options"]
    made = bob.device.make({**for_alice, "excludeCredentials": []})
    bob.refused(Conflict, "passkey_add", name="phone", credential=made)
    for_bob = bob.ask("passkey_options", password=PASSWORD)["options"]
    signed = alice.device.use(
        {"userVerification": "required", "rpId": "ddns.example.net"}
        | {"challenge": for_bob["challenge"]}
    )
    guest.refused(Unauthenticated, "passkey_log_in", credential=signed)
    logging_in = guest.ask("passkey_login_options")["options"]
    made = alice.device.make({**for_bob, "challenge": logging_in["challenge"]})
    alice.refused(Conflict, "passkey_add", name="phone", credential=made)


def test_who_asks_for_many_pushes_nobody_else_out(alice: Browser) -> None:
    alice.make()
    guest = stranger(alice)
    signed = guest.sign()
    flood = dataclasses.replace(guest, peer="198.51.100.66")
    for _ in range(150):
        flood.ask("passkey_login_options")
    assert len(alice.street.house.account_service.challenges) == 101
    guest.ask("passkey_log_in", credential=signed)


# What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://ddns.example.net", "https://192.0.2.1", ""])
def test_where_browsers_have_none(alice: Browser, origin: str) -> None:
    alice.origin = origin
    alice.refused(Invalid, "passkey_options", password=PASSWORD)
    alice.refused(Invalid, "passkey_add", name="phone", credential={})
    alice.refused(Invalid, "passkey_login_options")
    alice.refused(Invalid, "passkey_log_in", credential={})


def test_another_site(alice: Browser) -> None:
    alice.make()
    other = Browser(alice.street, alice.device, origin="https://evil.example")
    options = alice.ask("passkey_login_options")["options"]
    signed = dataclasses.replace(alice.device, origin=other.origin).use(options)
    stranger(alice).refused(Unauthenticated, "passkey_log_in", credential=signed)
    signed = alice.device.use(alice.ask("passkey_login_options")["options"])
    other.refused(Unauthenticated, "passkey_log_in", credential=signed)


def test_a_copy_is_found_out_by_its_counter(alice: Browser) -> None:
    alice.make()
    copy = dataclasses.replace(alice.device.kept[0])
    guest = stranger(alice)
    guest.log_in()
    guest.log_in()
    alice.device.kept.append(copy)
    words = guest.refused(Unauthenticated, "passkey_log_in", credential=guest.sign())
    assert "sign count" in words


def test_of_two_at_once_one_is_taken(alice: Browser) -> None:
    alice.make()
    guest = stranger(alice)
    house, signed, held = alice.street.house, [guest.sign(), guest.sign()], []
    operations = house.operations.acting_for(Caller(peer=HERE, origin=ORIGIN), "api")

    def run_slow(function: Callable[[], Any]) -> Deferred[Any]:
        """Let both be checked against the same counter."""
        waiting: Deferred[Any] = Deferred()
        held.append(waiting.addCallback(lambda _: function()))
        if len(held) == 2:
            for one in held:
                one.callback(None)
        return waiting

    operations._run_slow = run_slow  # type: ignore[assignment]

    async def both() -> list[Any]:
        begun = [Deferred.fromCoroutine(operations.passkey_log_in(one)) for one in signed]
        return [await one.addErrback(lambda failure: failure.value) for one in begun]

    first, second = house.running.call(both)
    assert first["account"] == "alice"
    assert type(second) is Unauthenticated


def test_it_takes_the_password_and_a_name(alice: Browser) -> None:
    alice.refused(Forbidden, "passkey_options", password=OTHER_PASSWORD)
    guest = stranger(alice)
    guest.refused(Forbidden, "passkey_options", password=PASSWORD)
    guest.refused(Forbidden, "passkey_add", name="phone", credential={})
    guest.refused(Forbidden, "passkey_list")
    guest.refused(Forbidden, "passkey_remove", number=1)
    for name in ("", " ", "x" * 65, "a\nb", "a\x1bb"):
        alice.refused(Invalid, "passkey_add", name=name, credential={})


@pytest.mark.parametrize("credential", [{}, {"id": "x"}, {"response": {"clientDataJSON": "e30"}}])
def test_what_is_no_credential(alice: Browser, credential: dict[str, Any]) -> None:
    alice.refused(Invalid, "passkey_add", name="phone", credential=credential)
    stranger(alice).refused(Unauthenticated, "passkey_log_in", credential=credential)


def test_there_are_only_so_many(alice: Browser) -> None:
    for number in range(20):
        alice.device = Authenticator(ORIGIN)
        alice.make(f"key {number}")
    alice.refused(Exceeded, "passkey_options", password=PASSWORD)


def test_none_of_it_is_in_the_journal(alice: Browser) -> None:
    alice.make("the phone")
    events = alice.street.house.running.call(alice.street.house.store.changes_since, 0)
    assert {str(event.kind) for event in events} == {"account"}
    assert "the phone" not in repr(events)
