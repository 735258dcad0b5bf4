"""Which keys let a tool in."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_network

import pytest

from ddns.model import names
from ddns.model.account import Account, Block, Key, KeyKind, Right
from ddns.model.update import Credentials
from ddns.policy import secrets
from ddns.policy.addresses import NetworkSet
from ddns.policy.directory import Directory
from ddns.policy.token_bucket import Buckets
from ddns.tools.admission import Admission
from ddns.tools.base import ToolError

PEER = "198.51.100.7"
KEY = Key(
    1,
    "alice",
    KeyKind.UPDATE,
    secrets.digest_key("right"),
    frozenset({names.from_text("home.example.net")}),
    rights=frozenset({Right.RECORDS}),
)


def admission(key: Key = KEY, block: Block | None = None) -> Admission:
    directory = Directory(bytes(32))
    directory.put_account(Account("alice", block=block))
    directory.put_key(key)
    return Admission(directory, lambda: 0.0, lambda: 1000.0)


def refusal(made: Admission, secret: str = "right") -> ToolError:
    with pytest.raises(ToolError) as caught:
        made.by_key(secret, PEER)
    return caught.value


def login_refusal(given: Credentials | None) -> ToolError:
    with pytest.raises(ToolError) as caught:
        admission().by_credentials(given, PEER)
    return caught.value


def test_a_key_with_the_right() -> None:
    assert admission().by_key("right", PEER) == KEY
    operators = dataclasses.replace(KEY, rights=frozenset({Right.OPERATOR}))
    assert admission(operators).by_key("right", PEER) == operators


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"kind": KeyKind.DONDNS}, 401),
        ({"account": "nobody"}, 401),
        ({"enabled": False}, 403),
        ({"rights": frozenset({Right.UPDATE, Right.PERSIST})}, 403),
    ],
)
def test_other_keys(changed: dict[str, object], status: int) -> None:
    key = dataclasses.replace(KEY, **changed)  # type: ignore[arg-type]
    assert refusal(admission(key)).status == status
    assert not admission(key).takes("right")


@pytest.mark.parametrize(
    ("secret", "words"), [("", "missing"), ("wrong", "wrong"), ("\udcff", "wrong")]
)
def test_no_key(secret: str, words: str) -> None:
    refused = refusal(admission(), secret)
    assert (refused.status, words in str(refused)) == (401, True)
    assert not admission().takes(secret)


def test_a_blocked_account() -> None:
    blocked, open_again = Block("late", 0.0), Block("late", 0.0, 900.0)
    assert refusal(admission(block=blocked)).status == 403
    assert not admission(block=blocked).takes("right")
    assert admission(block=open_again).by_key("right", PEER) == KEY
    assert admission(block=open_again).takes("right")


@pytest.mark.parametrize("user", ["alice", " ALICE", "home.example.net"])
def test_a_key_with_its_user(user: str) -> None:
    assert admission().by_credentials(Credentials(user, "right"), PEER) == KEY


@pytest.mark.parametrize(
    "given", [None, Credentials("bob", "right"), Credentials("alice", "wrong"), Credentials("", "")]
)
def test_a_key_with_another_user(given: Credentials | None) -> None:
    refused = login_refusal(given)
    assert refused.status == 401
    assert ("log in" in str(refused)) == (given is None)


def test_strangers_do_not_learn_who_has_an_account() -> None:
    users = ("alice", "home.example.net", "bob")
    assert len({str(login_refusal(Credentials(user, "wrong"))) for user in users}) == 1


def test_refused_networks() -> None:
    made = admission()
    made.refused = NetworkSet([ip_network("198.51.100.0/24")])
    assert refusal(made).status == 403
    with pytest.raises(ToolError):
        made.without_key(PEER)
    made.without_key("192.0.2.1")


def test_calls_are_counted_by_account_and_else_by_network() -> None:
    made = admission()
    made.calls = Buckets(2, 60.0)
    for _ in range(2):
        made.by_key("right", PEER)
        assert refusal(made, "wrong").status == 401
    for secret in ("right", "wrong"):
        error = refusal(made, secret)
        assert error.status == 429
        assert error.headers == (("Retry-After", "30"),)
    with pytest.raises(ToolError):
        made.without_key(PEER)
    made.without_key("192.0.2.1")
