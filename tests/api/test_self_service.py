"""Registering, confirming, changing the address, leaving."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.account_service import MAX_HASHES
from ddns.api.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
)
from ddns.model.account import RESERVED, PendingToken, Purpose
from ddns.model.journal import Author
from tests.api.coming import (
    EMAIL,
    NOTHING_SPECIAL,
    OTHER_PASSWORD,
    PASSWORD,
    THERE,
    Street,
    refused,
    token_in,
)
from tests.house import House

DAY = 86_400.0


def count_pending_tokens(street: Street) -> int:
    house = street.house
    count: int = house.running.call(
        lambda: house.store.read(lambda r: sum(map(r.count_pending_tokens, Purpose)))
    )
    return count


def names(street: Street) -> list[str]:
    return [account["name"] for account in street.house.api("account_list")["accounts"]]


# Registration ----------------------------------------------------------------------------------


def test_whoever_confirms_has_an_account(street: Street) -> None:
    asked = street.ask("register", name=" Alice ", password=PASSWORD, email="alice@Example.ORG")
    assert asked == {"name": "alice", "email": EMAIL}
    letter = street.letter()
    assert letter.to == EMAIL
    assert "alice" in letter.subject
    assert "24 hours" in letter.text
    assert names(street) == []
    refused(street, Unauthenticated, "log_in", name="alice", password=PASSWORD)
    made = street.ask("confirm", token=token_in(letter))
    assert made == {"name": "alice", "password": True, "email": EMAIL, **NOTHING_SPECIAL}
    assert street.ask("log_in", name="alice", password=PASSWORD)["account"] == "alice"
    assert count_pending_tokens(street) == 0


def test_a_token_is_good_once_and_for_a_time(street: Street) -> None:
    first = street.register()
    street.house.time += DAY - 1
    second = street.register()
    assert first != second
    street.house.time += 1
    refused(street, NotFound, "confirm", token=first)
    street.ask("confirm", token=second)
    refused(street, NotFound, "confirm", token=second)
    for token in ("", "x", "x" * 43, "\udcff"):
        refused(street, NotFound, "confirm", token=token)


def test_what_ran_out_is_forgotten(street: Street) -> None:
    street.register("alice", "a@example.org")
    street.register("bob", "b@example.org")
    street.house.time += DAY
    street.register("carol", "c@example.org")
    assert count_pending_tokens(street) == 1


def test_the_first_to_confirm_has_the_name(street: Street) -> None:
    token = street.register("alice", "a@example.org")
    other = street.register("alice", "b@example.org")
    third = street.register("bob", "b@example.org")
    assert street.ask("confirm", token=other)["email"] == "b@example.org"
    refused(street, NotFound, "confirm", token=token)
    refused(street, Conflict, "confirm", token=third)  # one address has one account
    refused(street, Conflict, "register", name="ALICE", password=PASSWORD, email="c@example.org")
    assert names(street) == ["alice"]


def test_who_has_an_account_is_told_by_mail_only(street: Street) -> None:
    street.arrive()
    runs = len(street.house.slow)
    before = count_pending_tokens(street)
    asked = street.ask("register", name="other", password=PASSWORD, email="ALICE@example.org")
    assert asked == {"name": "other", "email": "ALICE@example.org"}
    assert len(street.house.slow) == runs + 1  # argon2, as for anybody
    assert count_pending_tokens(street) == before + 1
    letter = street.letter()
    assert letter.to == EMAIL
    assert "already" in letter.subject
    assert "alice" in letter.text
    with pytest.raises(ValueError):
        token_in(letter)
    assert names(street) == ["alice"]


@pytest.mark.parametrize("name", ["operator", "Nobody", "admin", "root", "www", "api", "abuse"])
def test_reserved_names(street: Street, name: str) -> None:
    assert name.lower() in RESERVED
    refused(street, Conflict, "register", name=name, password=PASSWORD, email=EMAIL)


@pytest.mark.parametrize("name", ["admin.", "ad.min", "no_reply", "r00t", "adm1n", "p0stmaster-"])
def test_what_looks_like_a_reserved_name(street: Street, name: str) -> None:
    refused(street, Conflict, "register", name=name, password=PASSWORD, email=EMAIL)


@pytest.mark.parametrize(
    ("name", "password", "email"),
    [
        ("", PASSWORD, EMAIL),
        ("a b", PASSWORD, EMAIL),
        ("bob@example.org", PASSWORD, EMAIL),
        ("alice", "too short", EMAIL),
        ("alice", "x" * 1025, EMAIL),
        ("alice", "\ud800" * 10, EMAIL),
        ("alice", PASSWORD, ""),
        ("alice", PASSWORD, "alice"),
        ("alice", PASSWORD, "alice@example.org\r\nBcc: eve@example.org"),
    ],
)
def test_what_cannot_be(street: Street, name: str, password: str, email: str) -> None:
    refused(street, Invalid, "register", name=name, password=password, email=email)
    assert street.house.slow == []


def test_a_house_that_is_closed(street: Street) -> None:
    street.house.account_service.registration_open = False
    refused(street, Forbidden, "register", name="alice", password=PASSWORD, email=EMAIL)
    assert street.house.slow == []


def test_without_a_server(street: Street) -> None:
    street.house.operations._account_service = None
    refused(street, ApiError, "register", name="alice", password=PASSWORD, email=EMAIL)


# Floods ----------------------------------------------------------------------------------------


def test_registrations_from_one_network(street: Street) -> None:
    for number in range(20):
        street.register(f"a{number}", f"a{number}@example.org")
    new = {"name": "b", "password": PASSWORD, "email": "b@example.org"}
    runs = len(street.house.slow)
    error = refused(street, TooMany, "register", **new)
    assert isinstance(error, TooMany)
    assert 0 < error.retry_after <= 180
    assert len(street.house.slow) == runs
    street.ask("register", peer=THERE, **new)
    street.letter()
    street.house.time += error.retry_after + 0.01
    street.register("c", "c@example.org")
    refused(street, TooMany, "register", **new)


def test_mails_to_one_address(street: Street) -> None:
    for number in range(5):
        street.register(f"a{number}", EMAIL, peer=f"192.0.2.{number}")
    error = refused(
        street, TooMany, "register", name="b", password=PASSWORD, email=EMAIL.upper(), peer=THERE
    )
    assert isinstance(error, TooMany)
    street.house.time += error.retry_after + 0.01
    street.register("b", EMAIL)


def test_mails_to_one_address_that_is_not_named(street: Street) -> None:
    """Naming the account instead of the address sends no more mails, and reveals nothing."""
    street.arrive()
    for whom in ("alice", EMAIL) * 5:
        try:
            street.ask("password_reset_request", name_or_email=whom, peer=THERE)
        except TooMany:
            assert whom == EMAIL
    assert len(street.house.letters) == 5


NEW = {"name": "new", "password": PASSWORD, "email": "new@example.org"}


def use_up(street: Street, purpose: Purpose) -> None:
    for _ in range(1000):
        street.house.account_service.limits.in_all.take((purpose, ""), street.house.time)


def test_mails_in_all(street: Street) -> None:
    """What one thing has used up, others have not."""
    token = street.arrive()
    use_up(street, Purpose.REGISTER)
    refused(street, TooMany, "register", **NEW)
    street.ask_as(token, "email_change", email="other@example.org", password=PASSWORD)
    use_up(street, Purpose.EMAIL)
    refused(street, TooMany, "email_change", token, email="x@example.org", password=PASSWORD)
    street.house.letters.clear()
    street.ask("password_reset_request", name_or_email="alice")
    street.letter()


def test_whoever_asks_for_names_that_do_not_exist_is_in_nobodys_way(street: Street) -> None:
    street.arrive()
    before = count_pending_tokens(street)
    for number in range(1100):
        peer = f"10.0.{number % 250}.{number // 250}"
        street.ask("password_reset_request", name_or_email=f"nobody{number}", peer=peer)
    assert street.house.letters == []
    assert count_pending_tokens(street) == before + 1
    street.ask("register", **NEW)
    street.letter()
    street.ask("password_reset_request", name_or_email="alice")
    assert token_in(street.letter())


def test_a_name_that_exists_has_a_share_of_its_own(street: Street) -> None:
    """And nobody learns from an answer that the others' is used up."""
    street.arrive()
    use_up(street, Purpose.RESET)
    for whom in ("alice", EMAIL, "alice", "nobody"):
        street.ask("password_reset_request", name_or_email=whom)
    assert street.letter().to == EMAIL
    street.house.time += 3600.0
    street.ask("password_reset_request", name_or_email="alice")
    street.letter()


def test_registrations_with_an_address_leave_its_owner_tokens(street: Street) -> None:
    street.arrive()
    for number in range(4):
        street.ask("register", name=f"a{number}", password=PASSWORD, email=EMAIL)
    refused(street, TooMany, "register", name="b", password=PASSWORD, email=EMAIL)
    street.house.letters.clear()
    street.ask("password_reset_request", name_or_email="alice")
    assert token_in(street.letter())


def test_what_sends_no_mail_does_not_count(street: Street) -> None:
    service = street.house.account_service
    for number in range(10):
        service.hashing = MAX_HASHES
        refused(street, TooMany, "register", **NEW, peer=f"192.0.2.{number}")
        service.hashing = 0
    token = street.arrive()
    wrong = {"email": "new@example.org", "password": OTHER_PASSWORD}
    for _ in range(10):
        refused(street, Forbidden, "email_change", token, **wrong)
    street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
    street.house.letters.clear()
    street.ask("register", **NEW)
    assert len(service.limits.in_all) == 2
    street.letter()


def test_those_who_wait_are_bounded(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    house = street.house
    monkeypatch.setattr("ddns.api.self_service.MAX_PENDING", 20)

    def fill(transaction: Any) -> None:
        for number in range(20):
            digest = number.to_bytes(32, "big")
            transaction.put_pending_token(PendingToken(digest, Purpose.REGISTER, "x", 5000.0))

    house.running.call(lambda: house.store.transact(Author("operator", "test", 0.0), fill))
    refused(street, TooMany, "register", name="alice", password=PASSWORD, email=EMAIL)
    street.ask("password_reset_request", name_or_email="nobody")
    house.time = 5000.0
    street.register()


def test_passwords_to_hash_are_bounded(street: Street) -> None:
    street.house.account_service.hashing = MAX_HASHES
    refused(street, TooMany, "register", name="alice", password=PASSWORD, email=EMAIL)
    street.house.account_service.hashing -= 1
    street.register()
    assert street.house.account_service.hashing == MAX_HASHES - 1


# Addresses -------------------------------------------------------------------------------------


def email_of(street: Street, name: str = "alice") -> Any:
    return street.house.api("account_show", name=name)["email"]


def test_another_address(street: Street) -> None:
    token = street.arrive()
    asked = street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
    assert asked == {"name": "alice", "email": "new@example.org"}
    to_new, to_old = street.house.letters
    assert (to_new.to, to_old.to) == ("new@example.org", EMAIL)
    assert "new@example.org" in to_old.text
    with pytest.raises(ValueError):
        token_in(to_old)
    assert email_of(street) == EMAIL
    assert street.ask("confirm", token=token_in(to_new))["email"] == "new@example.org"
    assert email_of(street) == "new@example.org"
    assert street.who(token).account == "alice"


def test_the_old_address_is_told_however_many_mails_it_got(street: Street) -> None:
    token = street.arrive()
    for _ in range(5):
        street.ask("password_reset_request", name_or_email=EMAIL)
    refused(street, TooMany, "password_reset_request", name_or_email=EMAIL)
    street.house.letters.clear()
    street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
    assert [letter.to for letter in street.house.letters] == ["new@example.org", EMAIL]


def test_an_address_takes_the_password(street: Street) -> None:
    token = street.arrive()
    new = {"email": "new@example.org", "password": OTHER_PASSWORD}
    refused(street, Forbidden, "email_change", token, **new)
    refused(street, Invalid, "email_change", token, email="new", password=PASSWORD)
    refused(street, Forbidden, "email_change", **new)


def test_an_address_that_somebody_has(street: Street) -> None:
    street.arrive("bob", "bob@example.org")
    token = street.arrive()
    asked = street.ask_as(token, "email_change", email="Bob@example.org", password=PASSWORD)
    assert asked == {"name": "alice", "email": "Bob@example.org"}
    assert {letter.to for letter in street.house.letters} == {"bob@example.org", EMAIL}
    assert "already" in street.house.letters[0].subject
    with pytest.raises(ValueError):
        token_in(street.house.letters[0])


def test_an_address_that_somebody_gets_first(street: Street) -> None:
    alice, bob = street.arrive(), street.arrive("bob", "bob@example.org")
    tokens = []
    for token in (alice, bob):
        street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
        tokens.append(token_in(street.house.letters[0]))
        street.house.letters.clear()
    street.ask("confirm", token=tokens[0])
    refused(street, Conflict, "confirm", token=tokens[1])
    assert email_of(street, "bob") == "bob@example.org"


def test_ones_own_address_in_another_spelling(street: Street) -> None:
    token = street.arrive()
    street.ask_as(token, "email_change", email="Alice@example.org", password=PASSWORD)
    street.ask("confirm", token=token_in(street.house.letters[0]))
    assert email_of(street) == "Alice@example.org"


def test_another_password_stops_another_address(street: Street) -> None:
    token = street.arrive()
    street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
    street.ask_as(token, "password_change", old=PASSWORD, new=OTHER_PASSWORD)
    to_new, _ = street.house.letters
    refused(street, NotFound, "confirm", token=token_in(to_new))


def test_a_new_address_makes_what_the_old_one_got_useless(street: Street) -> None:
    token = street.arrive()
    street.ask("password_reset_request", name_or_email="alice")
    reset = token_in(street.letter())
    street.ask_as(token, "email_change", email="new@example.org", password=PASSWORD)
    street.ask("confirm", token=token_in(street.house.letters[0]))
    refused(street, NotFound, "password_reset", token=reset, password=OTHER_PASSWORD)


# What the operator does ------------------------------------------------------------------------


def test_the_operator_sets_addresses(street: Street) -> None:
    house = street.house
    house.api("account_add", name="alice", email="Alice@Example.org")
    house.api("account_add", name="bob")
    assert email_of(street) == "Alice@example.org"
    assert house.api("email_set", name="bob", email="b@example.org")["email"] == "b@example.org"
    refused_by_operator(house, Conflict, "email_set", name="bob", email="alice@example.org")
    refused_by_operator(house, Conflict, "account_add", name="c", email="alice@example.org")
    refused_by_operator(house, Invalid, "email_set", name="bob", email="b")
    refused_by_operator(house, NotFound, "email_set", name="carol", email="c@example.org")
    assert house.api("email_set", name="bob", email="")["email"] is None


def refused_by_operator(
    house: House, kind: type[ApiError], operation: str, /, **arguments: Any
) -> None:
    before = house.api("account_list")
    with pytest.raises(kind):
        house.api(operation, **arguments)
    assert house.api("account_list") == before


def test_the_operator_sets_passwords(street: Street) -> None:
    house = street.house
    token = street.arrive()
    street.ask("password_reset_request", name_or_email="alice")
    house.api("password_set", name="alice", password="x")  # as short as the operator likes
    with pytest.raises(Unauthenticated):
        street.who(token)
    refused(street, NotFound, "password_reset", token=token_in(street.letter()), password=PASSWORD)
    refused(street, Unauthenticated, "log_in", name="alice", password=PASSWORD)
    assert street.who(street.log_in("alice", "x")).account == "alice"
    refused_by_operator(house, Invalid, "password_set", name="alice", password="")
    refused_by_operator(house, Invalid, "password_set", name="alice", password="\ud800")
    refused_by_operator(house, NotFound, "password_set", name="bob", password="x")


def test_what_is_only_for_people(street: Street) -> None:
    for operation, arguments in (
        ("log_out", {}),
        ("password_change", {"old": PASSWORD, "new": OTHER_PASSWORD}),
        ("email_change", {"email": EMAIL, "password": PASSWORD}),
        ("account_leave", {"name": "alice", "password": PASSWORD}),
    ):
        refused_by_operator(street.house, Forbidden, operation, **arguments)


# Leaving ---------------------------------------------------------------------------------------


def test_who_leaves_takes_everything_along(street: Street) -> None:
    token = street.arrive()
    house = street.house
    house.api("zone_add", origin="example.net")
    house.api("host_add", name="home.example.net", account="alice")
    key = house.api("key_add", account="alice")["key"]
    street.ask("password_reset_request", name_or_email="alice")
    refused(street, Forbidden, "account_leave", token, name="alice", password=OTHER_PASSWORD)
    refused(street, Forbidden, "account_leave", token, name="bob", password=PASSWORD)
    street.house.letters.clear()
    gone = street.ask_as(token, "account_leave", name="Alice", password=PASSWORD)
    assert gone["name"] == "alice"
    assert names(street) == []
    assert house.api("host_list") == {"hosts": []}
    assert house.api("key_list") == {"keys": []}
    assert key
    assert count_pending_tokens(street) == 0
    with pytest.raises(Unauthenticated):
        street.who(token)
    street.arrive()  # the name is free again, and the old token opens nothing
    with pytest.raises(Unauthenticated):
        street.who(token)


def test_the_owner_of_a_zone_stays(street: Street) -> None:
    token = street.arrive()
    street.house.api("zone_add", origin="example.net", account="alice")
    refused(street, Conflict, "account_leave", token, name="alice", password=PASSWORD)
    assert street.who(token).account == "alice"


def test_who_is_blocked_may_not_leave(street: Street) -> None:
    token = street.arrive()
    street.house.api("account_block", name="alice", reason="too many updates")
    error = refused(street, Forbidden, "account_leave", token, name="alice", password=PASSWORD)
    assert "too many updates" in str(error)
    error = refused(
        street, Forbidden, "email_change", token, email="new@example.org", password=PASSWORD
    )
    assert "too many updates" in str(error)
    assert street.who(street.log_in()).account == "alice"
    street.house.api("account_unblock", name="alice")
    street.ask_as(token, "account_leave", name="alice", password=PASSWORD)


# Races, and what is nobody's business ----------------------------------------------------------


@pytest.mark.parametrize("operation", ["email_change", "account_leave"])
def test_a_password_that_is_changed_meanwhile_does_nothing_more(
    street: Street, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """It is right when it is checked, and no longer right in the transaction."""
    house, session = street.house, street.arrive()
    real = house.operations._confirm_password

    async def slowly(self: Any, password: str) -> Any:
        owner = await real.__func__(self, password)
        await house.operations.password_set(name="alice", password="another password")
        return owner

    caller = street.who(session)
    monkeypatch.setattr(type(house.operations), "_confirm_password", slowly)
    arguments = {"email": "thief@example.org"} if operation == "email_change" else {"name": "alice"}
    with pytest.raises(Conflict):
        house.api_of(caller, operation, password=PASSWORD, **arguments)
    assert house.letters == []
    assert count_pending_tokens(street) == 0
    assert names(street) == ["alice"]


def test_a_token_does_not_change_who_is_blocked(street: Street) -> None:
    session = street.arrive()
    street.ask_as(session, "email_change", email="new@example.org", password=PASSWORD)
    token = token_in(next(one for one in street.house.letters if one.to == "new@example.org"))
    street.house.letters.clear()
    street.house.api("account_block", name="alice", reason="a reason")
    refused(street, Forbidden, "confirm", token=token)
    street.house.api("account_unblock", name="alice")
    assert street.ask("confirm", token=token)["email"] == "new@example.org"


def test_tags_of_a_mailbox_are_the_mailbox(street: Street) -> None:
    for number in range(5):
        street.register(f"a{number}", f"alice+{number}@example.org", peer=f"192.0.2.{number}")
    refused(
        street,
        TooMany,
        "register",
        name="a9",
        password=PASSWORD,
        email="ALICE+9@example.org",
        peer="192.0.2.9",
    )


# Languages -------------------------------------------------------------------------------------


def test_a_language(street: Street) -> None:
    session = street.arrive()
    for given, kept in (("es", "es"), ("en", "en"), ("", None)):
        assert street.ask_as(session, "account_change", language=given)["language"] == kept
        answer = street.ask("log_in", name="alice", password=PASSWORD)
        assert answer["language"] == kept
    error = refused(street, Invalid, "account_change", session, language="fr")
    assert str(error) == "'fr' is no language here: it is one of en, es"
    refused(street, Forbidden, "account_change", language="es")
