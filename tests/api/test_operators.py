"""Accounts that are operators as well: with a second factor only, and by name."""

from __future__ import annotations

import pytest

from ddns.api.caller import OPERATOR, Caller, Permission
from ddns.api.errors import Forbidden, NotFound
from tests.api.coming import EMAIL, PASSWORD, Street, refused


def strong(street: Street, name: str = "alice") -> str:
    """The token of a session that was opened with a second factor."""
    house = street.house
    account = house.directory.account(name)
    assert account is not None
    opened = house.running.call(
        lambda: house.account_service.open_session(account, Caller(), strong=True)
    )
    return str(opened["token"])


@pytest.fixture
def operator(street: Street) -> str:
    """The session of alice, who is an operator."""
    street.arrive()
    street.house.api("account_set", name="alice", operator=True)
    return strong(street)


def test_the_right_takes_a_second_factor(street: Street, operator: str) -> None:
    weak = street.log_in()
    assert [street.who(token).operator for token in (weak, operator)] == [False, True]
    with pytest.raises(Forbidden):
        street.who(weak).check(Permission.OPERATOR)
    street.who(operator).check(Permission.OPERATOR)
    street.house.api("account_set", name="alice", hosts=3)
    assert street.who(operator).operator
    assert not street.house.api("account_set", name="alice", operator=False)["operator"]
    assert not street.who(operator).operator
    assert street.who(operator).account == "alice"


def test_a_password_alone_makes_no_key_of_an_operator_work(street: Street, operator: str) -> None:
    """She may still close it, which keeps others out."""
    weak = street.log_in()
    number = street.ask_as(operator, "key_add", rights=["operator"])["id"]
    before = street.house.api("key_list")
    refused(street, Forbidden, "key_add", weak, rights=["operator"])
    refused(street, Forbidden, "key_regenerate", weak, number=number)
    assert street.house.api("key_list") == before
    assert not street.ask_as(weak, "key_disable", number=number)["enabled"]
    for operation in ("key_enable", "key_regenerate"):
        refused(street, Forbidden, operation, weak, number=number)
        assert not street.house.api("key_list")["keys"][0]["enabled"]
        assert street.ask_as(operator, operation, number=number)["enabled"]
        street.ask_as(weak, "key_disable", number=number)
    street.ask_as(weak, "key_revoke", number=number)


@pytest.mark.parametrize("how", ["key_revoke", "key_disable", "key_regenerate", "account_set"])
def test_a_key_that_was_let_in_makes_no_zone_once_it_is_closed(street: Street, how: str) -> None:
    street.arrive()
    house = street.house
    house.api("account_set", name="alice", operator=True)
    number = house.api("key_add", account="alice", rights=["operator"])["id"]
    key = house.running.call(house.store.read, lambda reading: reading.key(number))
    tool = Caller("alice", operator=True, key=key)
    house.api_of(tool, "zone_add", origin="example.net")
    whose = {"number": number} if how != "account_set" else {"name": "alice", "operator": False}
    house.api(how, **whose)
    with pytest.raises(Forbidden, match="any more"):
        house.api_of(tool, "zone_remove", origin="example.net")
    assert len(house.api("zone_list")["zones"]) == 1


def test_who_is_blocked_is_no_operator(street: Street, operator: str) -> None:
    street.house.api("account_block", name="alice", reason="a reason", days=1)
    assert not street.who(operator).operator
    refused(street, NotFound, "account_show", operator, name="bob")
    street.house.time += 86_400
    assert street.who(operator).operator


def test_operators_do_not_write_files_of_the_machine(street: Street, operator: str) -> None:
    with pytest.raises(Forbidden, match="machine"):
        street.who(operator).check(Permission.MACHINE)
    OPERATOR.check(Permission.MACHINE)


def test_what_operators_do_is_done_in_their_names(street: Street, operator: str) -> None:
    street.ask_as(operator, "zone_add", origin="example.net")
    street.ask_as(operator, "account_add", name="bob")
    assert street.ask_as(operator, "host_add", name="mine.example.net")["account"] == "alice"
    theirs = street.ask_as(operator, "host_add", name="b.example.net", account="bob")
    assert theirs["account"] == "bob"
    street.ask_as(operator, "record_set", owner="b.example.net", type="TXT", rdatas=["x"])
    events = street.ask_as(operator, "host_history", name="b.example.net")["events"]
    assert {event["who"] for event in events} == {"alice"}
    invitation = street.ask_as(operator, "invitation_add", origin="example.net")
    assert invitation["by"] == "alice"
    assert street.ask_as(operator, "key_add")["account"] == "alice"
    assert street.ask_as(operator, "key_add", account="bob")["account"] == "bob"
    assert len(street.ask_as(operator, "key_list")["keys"]) == 2
    assert street.ask_as(operator, "zone_show", origin="example.net")["account"] is None


def test_operators_are_people_too(street: Street, operator: str) -> None:
    refused(street, Forbidden, "email_change", operator, email="a@example.org", password="wrong")
    street.ask_as(operator, "email_change", email="a@example.org", password=PASSWORD)
    street.house.letters.clear()
    refused(street, Forbidden, "account_leave", operator, name="bob", password=PASSWORD)
    answer = street.ask_as(operator, "account_leave", name="alice", password=PASSWORD)
    assert answer["operator"]
    street.house.api("account_add", name="alice", password=PASSWORD, email=EMAIL)
    assert not street.who(street.log_in()).operator


def test_operators_change_as_often_as_they_like(street: Street, operator: str) -> None:
    house = street.house
    house.api("zone_add", origin="example.net")
    house.api("host_add", name="home.example.net", account="alice")
    house.operations._count_change = lambda account, owner, number: 5.0
    street.ask_as(operator, "record_set", owner="home.example.net", type="TXT", rdatas=["x"])


def test_the_right_is_in_the_journal(street: Street, operator: str) -> None:
    events = street.house.running.call(street.house.store.changes_since, 0)
    (event,) = [event for event in events if b'"operator": true' in (event.after or b"")]
    assert (event.author.who, event.subject) == ("operator", "alice")
    assert b'"operator": false' in (event.before or b"")
