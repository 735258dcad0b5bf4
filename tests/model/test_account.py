"""Accounts: their names, and what a grant reaches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.account import (
    RESERVED,
    BadAccountName,
    Grant,
    account_name,
    is_reserved,
)
from ddns.model.update import Credentials


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("foo", "foo"),
        (" Foo ", "foo"),
        ("a.b_c@d+e-f", "a.b_c@d+e-f"),
        ("1", "1"),
        ("A" * 64, "a" * 64),
    ],
)
def test_account_names(text: str, name: str) -> None:
    assert account_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["", " ", "a" * 65, ".a", "-a", "@a", "a b", "a:b", "a/b", "a\x00", "a\nb", "ä", "\udcff"],
)
def test_what_is_no_account_name(text: str) -> None:
    with pytest.raises(BadAccountName):
        account_name(text)


@given(st.text(max_size=80))
def test_any_text_is_a_name_that_stays_as_it_is_or_bad(text: str) -> None:
    try:
        name = account_name(text)
    except BadAccountName:
        return
    assert account_name(name) == name
    assert name.isascii()
    assert name.islower() or not any(letter.isalpha() for letter in name)
    assert ":" not in name  # RFC 7617 could not carry it


def test_a_grant_reaches_all_hosts_or_those_it_names() -> None:
    a, b, root = b"\x01a\x00", b"\x01b\x00", b"\x00"
    assert Grant("foo").covers(a, root)
    assert Grant("foo", frozenset({a})).covers(a, root)
    assert not Grant("foo", frozenset({a})).covers(b, root)
    assert not Grant("foo", frozenset()).covers(b, root)
    assert Grant("foo", zones=frozenset({root})).covers(a, root)
    assert not Grant("foo", frozenset({a}), frozenset({b})).covers(a, root)


def test_secrets_are_not_shown() -> None:
    assert "topsecret" not in repr(Credentials("foo", "topsecret"))


@pytest.mark.parametrize(
    "name",
    [
        *sorted(RESERVED),
        *("admin.", "admin-", "admin_", "ad.min", "a-d-m-i-n", "admin+", "admin@", "no.reply"),
        *("noreply-", "mailerdaemon", "adm1n", "r00t", "he1p", "p0stmaster"),
    ],
)
def test_what_is_taken_for_a_role(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["alice", "adminka", "roots", "o", "1", "mall", "in", "0.1"])
def test_what_is_nobodys_role(name: str) -> None:
    assert not is_reserved(name)
