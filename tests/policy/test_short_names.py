"""Hosts that clients name in short."""

from __future__ import annotations

import pytest

from ddns.dialects.addresses import set_address
from ddns.model import names
from ddns.model.account import Key, KeyKind
from ddns.model.update import Credentials, Status, Update, change_of
from ddns.policy.short_names import in_full

EDITS = (set_address(b"\xc6\x33\x64\x07"),)
HOSTS = ("home.example.net", "office.example.net", "office.example.org")


def update(
    *hosts: str, within: str | None = "dyn.example", refusal: Status | None = None
) -> Update:
    changes = tuple(change_of(host, EDITS) for host in hosts)
    credentials = Credentials("", "key", nameless=True)
    return Update("test", credentials, changes, "192.0.2.77", 0.0, "", refusal, within=within)


def key(*hosts: str) -> Key:
    limited = frozenset(map(names.from_text, hosts)) or None
    return Key(1, "alice", KeyKind.UPDATE, bytes(32), limited)


@pytest.mark.parametrize(
    ("asked", "limited", "found"),
    [
        (["home"], HOSTS, ["home.example.net"]),
        (["HOME"], HOSTS, ["home.example.net"]),
        (["office"], HOSTS, ["office.dyn.example"]),  # which of the two?
        (["home"], (), ["home.dyn.example"]),
        (["a.b", "home"], HOSTS, ["a.b", "home.example.net"]),
        ([""], HOSTS, ["home.example.net", "office.example.net", "office.example.org"]),
    ],
)
def test_names_in_full(asked: list[str], limited: tuple[str, ...], found: list[str]) -> None:
    full = in_full(update(*asked), key(*limited))
    assert [change.host for change in full.changes] == found
    assert [change.name for change in full.changes] == list(map(names.from_text, found))
    assert {change.edits for change in full.changes} == {EDITS}
    assert full.refusal is None


def test_no_host_at_all() -> None:
    full = in_full(update(""), key())
    assert (list(full.changes), full.refusal) == ([], Status.MISSING)
    assert in_full(update("", refusal=Status.BADADDRESS), key()).refusal is Status.BADADDRESS


def test_what_cannot_be_completed() -> None:
    for within, host in (("", "home"), ("dyn.example", "-"), ("dyn.example", "..")):
        (change,) = in_full(update(host, within=within), key()).changes
        assert change.name is None


def test_whole_names_are_left_alone() -> None:
    whole = update("home", within=None)
    assert in_full(whole, key(*HOSTS)) is whole


def test_nobody_looks_up_names_for_a_stranger() -> None:
    strange = update("home", "")
    assert in_full(strange, None) is strange
