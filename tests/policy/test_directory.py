"""Credentials checked from memory."""

from __future__ import annotations

import dataclasses
from hashlib import md5

import pytest

from ddns.model import names
from ddns.model.account import OF_HOSTS, Account, Grant, Key, KeyKind, Right, usual_rights
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.directory import Directory

HOME = names.from_text("home.example.net")
ALICE = Account("alice", "hash")


def key(number: int, secret: str, hosts: frozenset[bytes] | None = None) -> Key:
    digest, rights = secrets.digest_key(secret), usual_rights(KeyKind.UPDATE)
    return Key(number, "alice", KeyKind.UPDATE, digest, hosts, rights=rights)


@pytest.fixture
def directory() -> Directory:
    made = Directory(bytes(32), remember=300.0, capacity=3)
    made.put_account(ALICE)
    return made


# Keys ------------------------------------------------------------------------------------------


def test_a_key_that_may_not_update(directory: Directory) -> None:
    directory.put_key(dataclasses.replace(key(1, "tools"), rights=frozenset({Right.RECORDS})))
    assert directory.by_key(Credentials("alice", "tools")) is None


def test_a_key_of_a_router_sets_no_text(directory: Directory) -> None:
    """Whoever can set TXT records of a host can have certificates for it."""
    directory.put_key(dataclasses.replace(key(1, "router"), rights=frozenset({Right.UPDATE})))
    grant = directory.by_key(Credentials("alice", "router"))
    assert grant == Grant("alice", types=OF_HOSTS)


def test_a_key_with_limits(directory: Directory) -> None:
    zones, types = frozenset({b"\x03net\x00"}), frozenset({1})
    directory.put_key(dataclasses.replace(key(1, "few"), zones=zones, types=types))
    grant = directory.by_key(Credentials("alice", "few"))
    assert grant == Grant("alice", None, zones, types)


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


def test_whoever_has_a_key_where_there_are_no_user_names(directory: Directory) -> None:
    """What is no such key must not be taken for a password."""

    def found(secret: str, kind: KeyKind = KeyKind.UPDATE) -> Grant | Status | None:
        return directory.by_key(Credentials("", secret, kind, nameless=True))

    directory.put_key(key(1, "all"))
    directory.put_key(key(2, "limited", frozenset({HOME})))
    directory.put_key(dataclasses.replace(key(3, "off"), enabled=False))
    directory.put_key(dataclasses.replace(key(4, "tools"), rights=frozenset({Right.RECORDS})))
    assert found("all") == Grant("alice")
    assert found("limited") == Grant("alice", frozenset({HOME}))
    assert found("off") is Status.DISABLED
    assert found("tools") is found("wrong") is found("") is Status.BADAUTH
    assert found("all", KeyKind.DONDNS) is Status.BADAUTH


def test_a_user_whose_name_means_that_there_is_none(directory: Directory) -> None:
    """Some account may have that name, and a password; it must not keep others from their keys."""
    directory.put_account(Account("none"))
    directory.put_key(key(1, "all"))
    assert directory.by_key(Credentials("none", "all", nameless=True)) == Grant("alice")
    assert directory.by_key(Credentials("none", "password", nameless=True)) is None


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


# Responses -------------------------------------------------------------------------------------


def responding(number: int, account: str, secret: str) -> Key:
    sealed = secrets.responder(secret).encode()
    return Key(number, account, KeyKind.MINIUPDATE, secrets.digest_key(secret), sealed=sealed)


@pytest.mark.parametrize("user", ["alice", "bob", "carol", "nobody", "home.example.net"])
def test_every_user_takes_as_many_tries(user: str) -> None:
    """Whether it exists or has keys, and however many."""
    tried = []

    def unseal(sealed: bytes, account: str) -> str:
        tried.append(account)
        return sealed.decode()

    directory = Directory(bytes(32), unseal)
    for account in ("alice", "bob", "carol"):
        directory.put_account(Account(account))
    for number in range(7):
        directory.put_key(responding(number, "alice", f"secret {number}"))
    directory.put_key(responding(7, "bob", "bob's secret"))
    for secret in ("wrong", "secret 0", "secret 6", "bob's secret"):
        tried.clear()
        response = md5((secrets.responder(secret) + "00").encode()).hexdigest()
        found = directory.by_response(ChallengeResponse(user, "00", response))
        assert len(tried) == 7
        right = {"alice": secret.startswith("secret"), "bob": secret.startswith("bob")}
        assert found == (Grant(user) if right.get(user) else Status.BADAUTH)


RIGHT = Credentials("alice", "password")


@pytest.mark.parametrize("change", ["password", "removal"])
def test_a_change_of_the_account_makes_it_forget_passwords(
    directory: Directory, change: str
) -> None:
    directory.passwords.found_right(RIGHT, "alice", 1000.0)
    if change == "password":
        directory.put_account(Account("alice", "other hash"))
    else:
        directory.remove_account("alice")
        assert directory.account("alice") is None
    assert directory.passwords.recall(RIGHT, 1001.0)[0] is None


def test_a_change_of_another_account_does_not(directory: Directory) -> None:
    directory.passwords.found_right(RIGHT, "alice", 1000.0)
    directory.put_account(Account("bob", "hash"))
    assert directory.passwords.recall(RIGHT, 1001.0)[0] == "alice"


def test_accounts_are_found_however_they_are_written(directory: Directory) -> None:
    assert directory.account(" ALICE ") == ALICE
    assert directory.account("bob") is None
