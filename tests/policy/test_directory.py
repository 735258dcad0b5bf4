"""Credentials checked from memory: keys, and passwords that were right a short while ago."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.account import Account, Grant, Key, KeyKind
from ddns.model.update import Credentials
from ddns.policy import secrets
from ddns.policy.directory import Directory

HOME = names.from_text("home.example.net")
ALICE = Account("alice", "hash")


def key(number: int, secret: str, hosts: frozenset[bytes] | None = None) -> Key:
    return Key(number, "alice", KeyKind.UPDATE, secrets.digest_key(secret), hosts)


@pytest.fixture
def directory() -> Directory:
    made = Directory(bytes(32), remember=300.0, capacity=3)
    made.put_account(ALICE)
    return made


# Keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["alice", "ALICE", " alice "])
def test_a_key_and_its_account(directory: Directory, user: str) -> None:
    directory.put_key(key(1, "topsecret"))
    assert directory.by_key(Credentials(user, "topsecret")) == Grant("alice")


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        ("alice", "topsecre"),
        ("alice", "topsecret "),
        ("alice", "Topsecret"),
        ("alice", ""),
        ("bob", "topsecret"),
        ("", "topsecret"),
        ("home.example.net", "topsecret"),  # the key is not limited to it
        ("alice", "\udcff\udcfe"),
        ("\udcff", "topsecret"),
        ("*.example.net", "topsecret"),
    ],
)
def test_what_does_not_fit(directory: Directory, user: str, secret: str) -> None:
    directory.put_key(key(1, "topsecret"))
    assert directory.by_key(Credentials(user, secret)) is None


@pytest.mark.parametrize("user", ["alice", "home.example.net", "HOME.Example.NET."])
def test_a_host_may_be_the_user_of_a_key_limited_to_it(directory: Directory, user: str) -> None:
    directory.put_key(key(1, "topsecret", frozenset({HOME})))
    assert directory.by_key(Credentials(user, "topsecret")) == Grant("alice", frozenset({HOME}))
    assert directory.by_key(Credentials("b.example.net", "topsecret")) is None


def test_a_removed_key_opens_nothing(directory: Directory) -> None:
    directory.put_key(key(1, "one"))
    directory.put_key(key(2, "two"))
    directory.remove_key(1)
    directory.remove_key(99)
    assert directory.by_key(Credentials("alice", "one")) is None
    assert directory.by_key(Credentials("alice", "two")) == Grant("alice")


# Passwords -------------------------------------------------------------------------------------

RIGHT = Credentials("alice", "password")


def test_a_verified_password_is_remembered_for_a_while(directory: Directory) -> None:
    assert directory.by_memory(RIGHT, 1000.0) is None
    directory.password_verified(RIGHT, ALICE, 1000.0)
    assert directory.by_memory(RIGHT, 1000.0) == Grant("alice")
    assert directory.by_memory(Credentials(" ALICE", "password"), 1299.0) == Grant("alice")
    assert directory.by_memory(RIGHT, 1300.0) is None
    assert directory.by_memory(Credentials("alice", "Password"), 1000.0) is None
    assert directory.by_memory(Credentials("bob", "password"), 1000.0) is None
    # user and secret do not run into each other
    assert directory.by_memory(Credentials("alicep", "assword"), 1000.0) is None


def test_a_clock_set_back_does_not_make_memories_last(directory: Directory) -> None:
    directory.password_verified(RIGHT, ALICE, 1_000_000.0)
    assert directory.by_memory(RIGHT, 500_000.0) is None


@pytest.mark.parametrize("change", ["password", "removal"])
def test_a_change_of_the_account_makes_it_forget(directory: Directory, change: str) -> None:
    directory.password_verified(RIGHT, ALICE, 1000.0)
    if change == "password":
        directory.put_account(Account("alice", "other hash"))
    else:
        directory.remove_account("alice")
        assert directory.account("alice") is None
    assert directory.by_memory(RIGHT, 1001.0) is None


def test_a_change_of_another_account_does_not(directory: Directory) -> None:
    directory.password_verified(RIGHT, ALICE, 1000.0)
    directory.put_account(Account("bob", "hash"))
    assert directory.by_memory(RIGHT, 1001.0) == Grant("alice")


def test_a_check_that_a_change_overtook_is_not_remembered(directory: Directory) -> None:
    directory.put_account(Account("alice", "other hash"))
    directory.password_verified(RIGHT, ALICE, 1000.0)
    assert directory.by_memory(RIGHT, 1001.0) is None


def test_the_oldest_memory_makes_room(directory: Directory) -> None:
    given = [Credentials("alice", f"password{number}") for number in range(4)]
    for credentials in given:
        directory.password_verified(credentials, ALICE, 1000.0)
    found = [directory.by_memory(credentials, 1001.0) for credentials in given]
    assert found == [None, Grant("alice"), Grant("alice"), Grant("alice")]


def test_a_password_is_not_kept_in_a_readable_form(directory: Directory) -> None:
    directory.password_verified(RIGHT, ALICE, 1000.0)
    assert "password" not in repr(vars(directory)["_verified"])
    other = Directory(b"\x01" * 32)
    other.put_account(ALICE)
    other.password_verified(RIGHT, ALICE, 1000.0)
    assert vars(other)["_verified"].keys().isdisjoint(vars(directory)["_verified"])


def test_accounts_are_found_however_they_are_written(directory: Directory) -> None:
    assert directory.account(" ALICE ") == ALICE
    assert directory.account("bob") is None
