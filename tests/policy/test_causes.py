"""Why credentials were refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from ddns.model import names
from ddns.model.account import Account, Key, KeyKind, Right
from ddns.model.update import Cause, ChallengeResponse, Credentials
from ddns.policy import secrets
from ddns.policy.causes import cause_of
from ddns.policy.directory import Directory

HOME = names.from_text("home.example.net")
KEYS = {kind: f"{kind}0000000000000000000000000"[: secrets.KEY_LENGTH] for kind in KeyKind}
LIMITED, OFF, BOBS, TOOLS = "limited", "disabled", "bobskey", "tools"
RIGHT = Credentials("alice", "the password")


@pytest.fixture
def directory() -> Directory:
    made = Directory(bytes(32))
    made.put_account(Account("alice", "hash"))
    made.put_account(Account("bob"))
    all_keys = [("alice", kind, secret) for kind, secret in KEYS.items()]
    all_keys += [("alice", KeyKind.UPDATE, LIMITED), ("alice", KeyKind.UPDATE, OFF)]
    all_keys.append(("alice", KeyKind.UPDATE, TOOLS))
    for number, (user, kind, secret) in enumerate([*all_keys, ("bob", KeyKind.UPDATE, BOBS)]):
        key = Key(number, user, kind, secrets.digest_key(secret), enabled=secret != OFF)
        if secret == LIMITED:
            key = dataclasses.replace(key, hosts=frozenset({HOME}))
        if secret == TOOLS:
            key = dataclasses.replace(key, rights=frozenset({Right.RECORDS}))
        if kind is KeyKind.MINIUPDATE:
            key = dataclasses.replace(key, sealed=b"sealed")
        made.put_key(key)
    made.passwords.found_right(RIGHT, "alice", 5.0)
    return made


@pytest.mark.parametrize(
    ("user", "secret", "kind", "cause"),
    [
        ("nobody", "x", KeyKind.UPDATE, Cause.UNKNOWN_USER),
        ("\udcff", "\udcff", KeyKind.DONDNS, Cause.UNKNOWN_USER),
        ("", "", KeyKind.UPDATE, Cause.UNKNOWN_USER),
        ("alice", KEYS[KeyKind.DONDNS], KeyKind.UPDATE, Cause.DONDNS_KEY),
        ("alice", KEYS[KeyKind.MINIUPDATE], KeyKind.UPDATE, Cause.MINIUPDATE_KEY),
        ("alice", KEYS[KeyKind.TSIG], KeyKind.UPDATE, Cause.TSIG_KEY),
        ("Alice ", KEYS[KeyKind.UPDATE], KeyKind.DONDNS, Cause.UPDATE_KEY),
        ("alice", OFF, KeyKind.UPDATE, Cause.DISABLED),
        ("alice", TOOLS, KeyKind.UPDATE, Cause.TOOLS_KEY),
        ("alice", TOOLS, KeyKind.DONDNS, Cause.UPDATE_KEY),
        ("bob", KEYS[KeyKind.UPDATE], KeyKind.UPDATE, Cause.OTHER_USER),
        ("nobody", BOBS, KeyKind.UPDATE, Cause.OTHER_USER),
        ("other.example.net", LIMITED, KeyKind.UPDATE, Cause.OTHER_USER),
        ("home.example.net", LIMITED, KeyKind.DONDNS, Cause.UPDATE_KEY),
        (KEYS[KeyKind.UPDATE], "alice", KeyKind.UPDATE, Cause.SWAPPED),
        (f" {KEYS[KeyKind.UPDATE]} ", "ALICE", KeyKind.UPDATE, Cause.SWAPPED),
        ("the password", "alice", KeyKind.DONDNS, Cause.SWAPPED),
        ("alice", "the password", KeyKind.DONDNS, Cause.PASSWORD),
        ("alice", "another password", KeyKind.DONDNS, Cause.NOT_A_KEY),
        ("alice", "x" * secrets.KEY_LENGTH, KeyKind.DONDNS, Cause.WRONG),
        ("home.example.net", "x" * secrets.KEY_LENGTH, KeyKind.UPDATE, Cause.WRONG),
    ],
)
def test_of_a_secret(
    directory: Directory, user: str, secret: str, kind: KeyKind, cause: Cause
) -> None:
    assert cause_of(directory, Credentials(user, secret, kind), 6.0)[0] is cause


@pytest.mark.parametrize(
    ("secret", "cause", "owner"),
    [
        (KEYS[KeyKind.DONDNS], Cause.DONDNS_KEY, "alice"),
        (OFF, Cause.DISABLED, "alice"),
        (TOOLS, Cause.TOOLS_KEY, "alice"),
        ("the password", Cause.NOT_A_KEY, None),
        ("x" * secrets.KEY_LENGTH, Cause.WRONG, None),
    ],
)
def test_of_a_secret_without_a_user_name(
    directory: Directory, secret: str, cause: Cause, owner: str | None
) -> None:
    given = Credentials("", secret, nameless=True)
    assert cause_of(directory, given, 6.0) == (cause, owner)


def test_a_password_is_known_as_long_as_it_is_remembered(directory: Directory) -> None:
    dondns = dataclasses.replace(RIGHT, kind=KeyKind.DONDNS)
    assert cause_of(directory, dondns, 6.0) == (Cause.PASSWORD, "alice")
    assert cause_of(directory, dondns, 1e6) == (Cause.NOT_A_KEY, None)


@pytest.mark.parametrize(
    ("user", "secret", "owner"),
    [
        ("nobody", BOBS, "bob"),
        (BOBS, "bob", "bob"),
        ("home.example.net", KEYS[KeyKind.UPDATE], "alice"),
        ("home.example.net", LIMITED, "alice"),
        ("the password", "alice", "alice"),
        ("alice", "wrong", None),
        ("nobody", "wrong", None),
    ],
)
def test_whose_credentials_they_are(
    directory: Directory, user: str, secret: str, owner: str | None
) -> None:
    assert cause_of(directory, Credentials(user, secret, KeyKind.DONDNS), 6.0)[1] == owner


@pytest.mark.parametrize(
    ("user", "cause"),
    [("alice", Cause.WRONG), ("bob", Cause.NO_KEY), ("nobody", Cause.UNKNOWN_USER)],
)
def test_of_a_response(directory: Directory, user: str, cause: Cause) -> None:
    assert cause_of(directory, ChallengeResponse(user, "00", "11"), 6.0) == (cause, None)


def noted(asked: list[str], name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        asked.append(name)
        return original(*given)

    return call


def test_as_much_is_looked_up_whatever_is_found(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the time of an answer would tell a guesser more than the answer does."""
    asked: list[str] = []
    passwords = directory.passwords
    noting = [(directory, "key"), (directory, "account"), (passwords, "recall")]
    for owner, name in noting:
        monkeypatch.setattr(owner, name, noted(asked, name, getattr(owner, name)))
    seen = set()
    for user, secret in (
        ("nobody", "x"),
        ("alice", "wrong"),
        ("alice", KEYS[KeyKind.DONDNS]),
        ("alice", OFF),
        ("bob", KEYS[KeyKind.UPDATE]),
        (KEYS[KeyKind.UPDATE], "alice"),
    ):
        asked.clear()
        cause_of(directory, Credentials(user, secret), 6.0)
        seen.add(tuple(asked))
    assert seen == {("key", "key", "recall", "recall", "account")}
