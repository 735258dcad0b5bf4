"""Who may transfer a zone."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.account import Key, KeyKind, Right, TsigName, ZoneInfo
from ddns.model.secondaries import secondary
from ddns.policy import transfers

ORIGIN = names.from_text("example.net")
OTHER = names.from_text("other.example")
HOME = names.from_text("home.example.net")
HERE, THERE = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SIX = bytes.fromhex("20010db8000000000000000000000053")


def key(
    name: str = "xfr.example",
    *rights: Right,
    account: str = "alice",
    zones: frozenset[bytes] | None = None,
    hosts: frozenset[bytes] | None = None,
) -> Key:
    return Key(
        1,
        account,
        KeyKind.TSIG,
        bytes(32),
        hosts,
        rights=frozenset(rights),
        zones=zones,
        tsig=TsigName(names.from_text(name), "hmac-sha256"),
    )


def may_transfer(zone: ZoneInfo, address: bytes, signed: Key | None) -> bool:
    return transfers.may_transfer(zone, zone.secondaries, address, signed)


def zone(*secondaries: str, account: str | None = None) -> ZoneInfo:
    return ZoneInfo(ORIGIN, 1, account, secondaries=tuple(map(secondary, secondaries)))


@pytest.mark.parametrize(
    ("listed", "address", "name", "may"),
    [
        ("192.0.2.1", HERE, None, True),
        ("192.0.2.1#5353", HERE, None, True),
        ("::ffff:192.0.2.1", HERE, None, True),
        ("192.0.2.1", THERE, None, False),
        ("192.0.2.1", HERE, "any.example", True),
        ("2001:db8::53", SIX, None, True),
        ("2001:db8::53", SIX[:4], None, False),
        ("192.0.2.1,xfr.example", HERE, "xfr.example", True),
        ("192.0.2.1,xfr.example", HERE, None, False),
        ("192.0.2.1,xfr.example", HERE, "other.example", False),
        ("192.0.2.1,xfr.example", THERE, "xfr.example", False),
    ],
)
def test_a_secondary_of_the_zone(listed: str, address: bytes, name: str | None, may: bool) -> None:
    """A key that is named for it needs no right besides."""
    signed = None if name is None else key(name)
    assert may_transfer(zone(listed, "192.0.2.9"), address, signed) is may


def test_nobody_else() -> None:
    assert not may_transfer(zone(), HERE, None)
    assert not may_transfer(zone(), HERE, key("xfr.example", Right.UPDATE, Right.NOTIFY))
    update = Key(1, "alice", KeyKind.UPDATE, bytes(32))
    assert not may_transfer(zone(account="alice"), HERE, update)


@pytest.mark.parametrize(
    ("owner", "zones", "may"),
    [
        ("alice", None, True),
        ("alice", {ORIGIN}, True),
        ("alice", {OTHER}, False),
        ("bob", None, False),
        ("bob", {ORIGIN}, False),
        (None, None, False),
        (None, {ORIGIN}, True),
        (None, {OTHER}, False),
    ],
)
def test_a_key_with_the_right(owner: str | None, zones: set[bytes] | None, may: bool) -> None:
    signed = key("x.example", Right.TRANSFER, zones=None if zones is None else frozenset(zones))
    assert may_transfer(zone(account=owner), HERE, signed) is may


def test_a_key_for_a_host_alone() -> None:
    signed = key("x.example", Right.TRANSFER, hosts=frozenset({HOME}))
    assert not may_transfer(zone(account="alice"), HERE, signed)
