"""Who may change what."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest

from ddns.model import names
from ddns.model.account import Grant, Host, Key, KeyKind, Right, ZoneInfo
from ddns.model.records import AAAA, CNAME, MX, TXT, A, RRset
from ddns.model.update import Change, Mail, Remove, Renumber, Replace, Status
from ddns.policy.authorize import activated, authorize, may_change

ORIGIN = names.from_text("example.net")
NAME = names.from_text("home.example.net")
ALICE = Grant("alice")
LIMITED = Grant("alice", frozenset({NAME}))
ELSEWHERE = Grant("alice", frozenset({names.from_text("else.example.net")}))


def asked(
    grant: Grant,
    name: bytes | None = NAME,
    host: Host | None = None,
    zone: ZoneInfo | None = None,
    types: tuple[int, ...] = (),
) -> Status | None:
    rrsets = [RRset(name or b"", number, 10, (b"",)) for number in types]
    return authorize(Change("as written", name, ()), grant, host, zone, lambda: rrsets)


def test_what_is_no_name() -> None:
    assert asked(ALICE, name=None) is Status.NOTFQDN


@pytest.mark.parametrize(
    ("grant", "owner", "status"),
    [
        (ALICE, "alice", None),
        (LIMITED, "alice", None),
        (ELSEWHERE, "alice", Status.NOTYOURS),
        (ALICE, "bob", Status.NOTYOURS),
        (LIMITED, "bob", Status.NOTYOURS),
    ],
)
def test_hosts(grant: Grant, owner: str, status: Status | None) -> None:
    assert asked(grant, host=Host(NAME, ORIGIN, owner)) is status


def test_no_host_and_no_zone() -> None:
    assert asked(ALICE) is Status.NOHOST


@pytest.mark.parametrize(
    ("limits", "edit", "status"),
    [
        ({"zones": frozenset({ORIGIN})}, Remove(A), None),
        ({"zones": frozenset({NAME})}, Remove(A), Status.NOTYOURS),
        ({"types": frozenset({A})}, Remove(A), None),
        ({"types": frozenset({TXT})}, Replace(A, (b"1234",)), Status.NOTYOURS),
        ({"types": frozenset({A})}, Renumber((IPv6Network("2001:db8::/64"),)), Status.NOTYOURS),
        ({"types": frozenset({A})}, Mail(NAME, None), Status.NOTYOURS),
        ({"types": frozenset({A, MX})}, Mail(NAME, None), None),
    ],
)
@pytest.mark.parametrize("of_host", [True, False])
def test_limits_to_zones_and_types(
    limits: dict[str, frozenset[Any]], edit: Any, status: Status | None, of_host: bool
) -> None:
    host = Host(NAME, ORIGIN, "alice") if of_host else None
    change, grant = Change("home", NAME, (edit,)), Grant("alice", **limits)
    there = [RRset(NAME, A, 10, (b"1234",))]
    assert authorize(change, grant, host, ZoneInfo(ORIGIN, 1, "alice"), lambda: there) is status


@pytest.mark.parametrize("owner", [None, "bob"])
def test_a_zone_of_the_operators_or_of_somebody_elses(owner: str | None) -> None:
    assert asked(ALICE, zone=ZoneInfo(ORIGIN, 1, owner), types=(A,)) is Status.NOHOST


@pytest.mark.parametrize(
    ("name", "types", "status"),
    [
        (ORIGIN, (), None),
        (NAME, (A,), None),
        (NAME, (AAAA, TXT), None),
        (NAME, (), Status.NOHOST),
        (NAME, (TXT,), Status.NOHOST),
        (NAME, (CNAME,), Status.NOHOST),
    ],
)
def test_a_zone_of_ones_own(name: bytes, types: tuple[int, ...], status: Status | None) -> None:
    """The record, once there, is the activation; a mistyped name creates nothing."""
    assert asked(ALICE, name, zone=ZoneInfo(ORIGIN, 1, "alice"), types=types) is status


def test_a_limited_key_in_a_zone_of_ones_own() -> None:
    zone = ZoneInfo(ORIGIN, 1, "alice")
    assert asked(LIMITED, zone=zone, types=(A,)) is None
    assert asked(ELSEWHERE, zone=zone, types=(A,)) is Status.NOTYOURS
    assert asked(LIMITED, ORIGIN, zone=zone) is Status.NOTYOURS


@pytest.mark.parametrize(
    ("dormant", "there", "wanted", "expected"),
    [
        ((), (A,), (A,), True),
        ((), (A,), (AAAA,), False),
        ((), (A, AAAA), (AAAA, A), True),
        ((), (), (A,), True),  # new
        ((), (TXT,), (AAAA,), True),
        ((A, AAAA), (), (A,), True),  # offline
        ((A, AAAA), (A,), (AAAA,), True),
        ((A,), (), (AAAA,), False),
        (None, (), (A,), False),
        (None, (A,), (A,), True),
        (None, (TXT,), (A,), False),
    ],
)
def test_a_record_has_to_be_there(
    dormant: tuple[int, ...] | None,
    there: tuple[int, ...],
    wanted: tuple[int, ...],
    expected: bool,
) -> None:
    edits = (*(Replace(number, (b"",)) for number in wanted), Remove(TXT))
    rrsets = [RRset(NAME, number, 10, (b"",)) for number in there]
    host = None
    if dormant is not None:
        host = Host(NAME, ORIGIN, "alice", dormant=frozenset(dormant))
    assert activated(Change("as written", NAME, edits, True), host, rrsets) is expected


# TSIG keys -------------------------------------------------------------------------------------

ZONE_NAME = names.from_text("example.net")
HOST_NAME = names.from_text("home.example.net")
CHALLENGE = names.from_text("_acme-challenge.home.example.net")
PERSISTENT = names.from_text("_validation-persist.home.example.net")
OTHER_NAME = names.from_text("www.example.net")
HOSTS_NAMES = (HOST_NAME, CHALLENGE, PERSISTENT)
HOSTS_OWN = {(HOST_NAME, 1), (HOST_NAME, 28), (CHALLENGE, 16)}
ASKED = [
    (owner, number) for owner in (HOST_NAME, CHALLENGE, OTHER_NAME) for number in (1, 28, 16, 15)
]
PERSIST = {"rights": frozenset({Right.RECORDS, Right.PERSIST})}


@pytest.mark.parametrize(
    ("key", "zone_of", "expected"),
    [
        ({}, None, HOSTS_OWN),  # the host in a zone of the operator's
        ({}, "bob", HOSTS_OWN),
        ({}, "alice", set(ASKED)),
        ({"hosts": frozenset({HOST_NAME})}, "alice", HOSTS_OWN),
        ({"hosts": frozenset({OTHER_NAME})}, "alice", set()),
        ({"zones": frozenset({ZONE_NAME})}, None, set(ASKED)),  # given by the operator
        ({"zones": frozenset({ZONE_NAME})}, "bob", HOSTS_OWN),  # who has it by now
        ({"zones": frozenset({OTHER_NAME})}, "alice", set()),
        ({"types": frozenset({15})}, "alice", {one for one in ASKED if one[1] == 15}),
        ({"types": frozenset({15})}, None, {(HOST_NAME, 15), (CHALLENGE, 15)}),
        ({"account": "bob"}, None, set()),
        (PERSIST, None, {*HOSTS_OWN, (PERSISTENT, 16)}),
        (PERSIST, "alice", {*ASKED, *((PERSISTENT, number) for number in (1, 28, 16, 15))}),
        (PERSIST | {"types": frozenset({1})}, None, {(one, 1) for one in HOSTS_NAMES}),
    ],
)
def test_what_a_key_may_change(
    key: dict[str, Any], zone_of: str | None, expected: set[tuple[bytes, int]]
) -> None:
    one = Key(**{"id": 1, "account": "alice", "kind": KeyKind.UPDATE, "digest": bytes(32), **key})
    zone = ZoneInfo(ZONE_NAME, 1, zone_of)
    host = Host(HOST_NAME, ZONE_NAME, "alice")
    found = {
        (owner, number)
        for owner, number in (*ASKED, *((PERSISTENT, number) for number in (1, 28, 16, 15)))
        if may_change(one, owner, number, zone, None if owner == OTHER_NAME else host)
    }
    assert found == expected
