"""Permissions: what each caller sees and may change."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.caller import Permission
from ddns.api.errors import ApiError, Conflict, Forbidden, NotFound
from ddns.api.routes import ROUTES
from ddns.model import names
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.policy.registration import DAY
from tests.api.refusing import refused_to
from tests.house import House

OPERATORS = {
    "zone_add", "zone_remove", "zone_import",
    "account_list", "account_add", "account_set", "account_block", "account_unblock",
    "account_remove", "email_set", "password_set", "second_factor_remove", "check",
    "reload", "status", "certificate_renew", "request_list", "secondary_list", "sample_list",
}  # fmt: skip


def test_what_is_the_operators_alone() -> None:
    assert {
        route.operation for route in ROUTES if route.permission is Permission.OPERATOR
    } == OPERATORS
    assert {route.operation for route in ROUTES if route.permission is Permission.MACHINE} == {
        "backup",
        "backup_key",
    }


@pytest.mark.parametrize(
    ("operation", "arguments", "kind"),
    [
        ("account_show", {"name": "alice"}, NotFound),
        ("account_show", {"name": "nobody"}, NotFound),
        ("account_remove", {"name": "alice"}, NotFound),
        ("account_export", {"name": "alice"}, NotFound),
        ("account_export", {"name": "nobody"}, NotFound),
        ("key_list", {"account": "alice"}, NotFound),
        ("key_add", {"account": "alice"}, NotFound),
        ("key_add", {"hosts": ["home.example.net"]}, NotFound),
        ("key_add", {"account": "alice", "kind": "miniupdate"}, NotFound),
        ("key_disable", {"number": 1}, NotFound),
        ("key_enable", {"number": 1}, NotFound),
        ("key_regenerate", {"number": 1}, NotFound),
        ("key_revoke", {"number": 1}, NotFound),
        ("host_list", {"account": "alice"}, NotFound),
        ("host_show", {"name": "home.example.net"}, NotFound),
        ("host_diagnosis", {"name": "home.example.net"}, NotFound),
        ("host_set", {"name": "home.example.net", "ttl": 60}, NotFound),
        ("host_history", {"name": "home.example.net"}, NotFound),
        ("host_remove", {"name": "home.example.net"}, NotFound),
        ("host_add", {"name": "new.dyn.example", "account": "alice"}, NotFound),
        ("record_show", {"owner": "home.example.net"}, NotFound),
        ("record_list", {"origin": "example.net"}, NotFound),
        ("zone_scan", {"origin": "example.net"}, NotFound),
        ("record_set", {"owner": "home.example.net", "type": "A", "rdatas": ["8.8.8.8"]}, NotFound),
        ("record_delete", {"owner": "home.example.net"}, NotFound),
        ("record_delete", {"owner": "example.net"}, NotFound),
        ("record_check", {"owner": "example.net", "type": "A", "rdatas": ["8.8.8.8"]}, NotFound),
        ("zone_history", {"origin": "example.net"}, NotFound),
        ("zone_undo", {"origin": "example.net", "position": 1}, NotFound),
        ("zone_set", {"origin": "example.net", "registration": "open"}, NotFound),
        ("zone_set", {"origin": "dyn.example", "addresses": "any"}, NotFound),
        ("zone_set", {"origin": "none.example", "addresses": "any"}, NotFound),
        ("zone_set", {"origin": "bob.example", "account": ""}, Forbidden),
        ("zone_set", {"origin": "bob.example", "account": "alice"}, Forbidden),
        ("invitation_list", {"origin": "club.example"}, NotFound),
        ("invitation_add", {"origin": "club.example"}, NotFound),
        ("invitation_revoke", {"origin": "club.example", "number": 1}, NotFound),
        ("invitation_revoke", {"origin": "bob.example", "number": 1}, NotFound),
        ("member_list", {"origin": "club.example"}, NotFound),
        ("member_remove", {"origin": "club.example", "account": "alice"}, NotFound),
        ("account_remove", {"name": "bob"}, Conflict),  # his own, but he has a zone
    ],
)
def test_what_a_stranger_cannot_do(
    open_house: House, operation: str, arguments: dict[str, Any], kind: type[ApiError]
) -> None:
    open_house.api("invitation_add", origin="club.example")
    refused_to(open_house, "bob", kind, operation, **arguments)


def test_strangers_are_told_what_they_would_be_told_of_nothing(open_house: House) -> None:
    for operation, argument, theirs, nothing in (
        ("account_show", "name", "alice", "nobody"),
        ("key_revoke", "number", 1, 99),
        ("host_show", "name", "home.example.net", "none.example.net"),
        ("record_show", "owner", "home.example.net", "none.example"),
        ("zone_set", "origin", "example.net", "none.example"),
    ):
        words = {
            refused_to(open_house, "bob", NotFound, operation, **{argument: value}).replace(
                str(value), ""
            )
            for value in (theirs, nothing)
        }
        assert len(words) == 1, operation


def test_people_list_what_is_theirs(open_house: House) -> None:
    open_house.person("bob", "host_add", name="b.dyn.example")
    open_house.person("bob", "key_add")

    def of(account: str, operation: str, what: str, key: str, /, **arguments: Any) -> list[Any]:
        listed = open_house.person(account, operation, **arguments)[what]
        return [one[key] for one in listed]

    for arguments in ({}, {"account": "bob"}, {"zone": "dyn.example"}):
        assert of("bob", "host_list", "hosts", "name", **arguments) == ["b.dyn.example"]
    for zone in ("example.net", "none.example"):  # whether there is one, is not told
        assert of("bob", "host_list", "hosts", "name", zone=zone) == []
    assert of("alice", "host_list", "hosts", "name") == ["home.example.net"]
    assert of("bob", "key_list", "keys", "id") == [2]
    assert of("alice", "key_list", "keys", "id", account="Alice") == [1]


def test_people_change_their_own_keys_and_account(open_house: House) -> None:
    key = open_house.person("alice", "key_add", hosts=["home.example.net"])
    for operation in ("key_disable", "key_enable", "key_regenerate", "key_revoke"):
        assert open_house.person("alice", operation, number=key["id"])["id"] == key["id"]
    assert open_house.person("alice", "account_show", name="alice")["hosts"] == ["home.example.net"]
    open_house.person("alice", "account_remove", name="alice")
    for operation in ("key_list", "host_list", "account_show"):  # a session may outlive it
        arguments = {"name": "alice"} if operation == "account_show" else {}
        refused_to(open_house, "alice", NotFound, operation, **arguments)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("key_add", {}),
        ("host_add", {"name": "new.dyn.example"}),
        ("invitation_redeem", {"code": "x" * 24}),
    ],
)
def test_an_account_that_has_gone_gets_nothing(
    open_house: House, operation: str, arguments: dict[str, Any]
) -> None:
    refused_to(open_house, "nobody", NotFound, operation, **arguments)


def test_the_owner_of_a_zone_sees_to_its_hosts(open_house: House) -> None:
    opened = open_house.person("bob", "zone_set", origin="bob.example", registration="open")
    assert (opened["account"], opened["addresses"]) == ("bob", "public")
    open_house.person("alice", "host_add", name="a.bob.example")
    hosts = open_house.person("bob", "host_list", zone="bob.example")["hosts"]
    assert [host["account"] for host in hosts] == ["alice"]
    assert open_house.person("bob", "host_list")["hosts"] == []
    assert open_house.person("bob", "host_show", name="a.bob.example")["account"] == "alice"
    refused_to(open_house, "bob", NotFound, "host_history", name="a.bob.example")
    refused_to(open_house, "bob", NotFound, "key_add", hosts=["a.bob.example"])
    open_house.person("bob", "host_remove", name="a.bob.example")
    refused_to(open_house, "bob", Conflict, "host_add", name="a.bob.example")
    open_house.time += 90 * DAY
    open_house.person("bob", "host_add", name="a.bob.example")


def test_who_is_blocked_may_look_and_change_nothing(filled: House) -> None:
    filled.api("account_block", name="alice", reason="a reason", days=2)
    shown = filled.person("alice", "account_show", name="alice")["blocked"]
    assert shown["reason"] == "a reason"
    assert shown["since"] < shown["until"]
    filled.person("alice", "host_show", name="home.example.net")
    for operation, arguments in (
        ("host_remove", {"name": "home.example.net"}),
        ("record_set", {"owner": "home.example.net", "type": "A", "rdatas": ["192.0.2.1"]}),
        ("key_add", {}),
        ("account_remove", {"name": "alice"}),
    ):
        refused_to(filled, "alice", Forbidden, operation, **arguments)
    (key,) = filled.person("alice", "key_list")["keys"]
    refused_to(filled, "alice", Forbidden, "key_enable", number=key["id"])
    filled.person("alice", "key_disable", number=key["id"])  # it may have been stolen
    filled.person("alice", "key_revoke", number=key["id"])
    filled.time += 2 * 86_400
    filled.person("alice", "host_remove", name="home.example.net")


def test_the_requests_of_a_host_are_its_accounts_affair(filled: House) -> None:
    """A zone's owner sees its hosts, but not the requests of their clients."""
    filled.api("account_add", name="carol")
    filled.api("zone_set", origin="example.net", account="carol")
    home = names.from_text("home.example.net")
    entry = RequestEntry(2000.0, "test", "192.0.2.1", "alice", "", "asked", "told")
    filled.running.call(
        filled.store.transact,
        Author("server", "requests", 1.0),
        lambda t: t.log_requests([LoggedRequest("alice", {home: ("", 0.0)}, entry)], 20, 5, 100),
    )
    for who, number in (("alice", 1), ("carol", 0)):
        shown = filled.person(who, "host_show", name="home.example.net")
        assert len(shown["requests"]) == number
