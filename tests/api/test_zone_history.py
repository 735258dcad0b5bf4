"""The last changes of a zone, and undoing them; checking rdata before it is set."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import Conflict, Invalid, NotFound
from tests.api.refusing import refused, refused_to
from tests.house import House

ZONE = "bob.example"


def bobs(house: House, operation: str, **arguments: Any) -> Any:
    return house.person("bob", operation, **arguments)


def told(house: House, **arguments: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = bobs(house, "zone_history", origin=ZONE, **arguments)["events"]
    return events


def put(house: House, owner: str, *rdatas: str, kind: str = "TXT", ttl: int = 60) -> int:
    """Set an RRset, and return the position of that change."""
    bobs(house, "record_set", owner=owner, type=kind, rdatas=list(rdatas), ttl=ttl)
    position: int = told(house)[0]["position"]
    return position


def shown(house: House, owner: str) -> list[Any]:
    found = bobs(house, "record_show", owner=owner)["records"]
    return [(one["type"], one["ttl"], one["rdatas"]) for one in found]


@pytest.fixture
def house(open_house: House) -> House:
    return open_house


def test_the_last_changes_come_first(house: House) -> None:
    put(house, f"a.{ZONE}", "one")
    put(house, f"a.{ZONE}", "two")
    first = told(house, limit=2)
    assert [(one["before"], one["after"]["rdatas"]) for one in first] == [
        ({"ttl": 60, "rdatas": ['"one"']}, ['"two"']),
        (None, ['"one"']),
    ]
    assert {one["who"] for one in first} == {"bob"}


def test_another_owner_is_not_told_what_was_before(house: House) -> None:
    put(house, f"a.{ZONE}", "secret")
    house.api("zone_set", origin=ZONE, account="alice")
    assert house.person("alice", "zone_history", origin=ZONE)["events"] == []
    refused_to(house, "bob", NotFound, "zone_history", origin=ZONE)


def test_a_change_and_its_undoing_can_be_undone(house: House) -> None:
    owner = f"a.{ZONE}"
    put(house, owner, "one", ttl=70)
    second = put(house, owner, "two")
    bobs(house, "zone_undo", origin=ZONE, position=second)
    assert shown(house, owner) == [("TXT", 70, ['"one"'])]
    bobs(house, "zone_undo", origin=ZONE, position=told(house)[0]["position"])
    assert shown(house, owner) == [("TXT", 60, ['"two"'])]


def test_what_was_added_goes_and_what_was_removed_comes_back(house: House) -> None:
    owner = f"a.{ZONE}"
    added = put(house, owner, "one")
    undone = bobs(house, "zone_undo", origin=ZONE, position=added)
    assert undone == {"owner": owner, "type": "TXT", "rrset": None}
    assert shown(house, owner) == []
    put(house, owner, "two")
    bobs(house, "record_delete", owner=owner)
    bobs(house, "zone_undo", origin=ZONE, position=told(house)[0]["position"])
    assert shown(house, owner) == [("TXT", 60, ['"two"'])]


def test_what_was_changed_again_is_left_alone(house: House) -> None:
    first = put(house, f"a.{ZONE}", "one")
    put(house, f"a.{ZONE}", "two")
    refused_to(house, "bob", Conflict, "zone_undo", origin=ZONE, position=first)


def test_an_alias_does_not_come_back_beside_other_records(house: House) -> None:
    owner = f"a.{ZONE}"
    put(house, owner, "b.example.", kind="CNAME")
    bobs(house, "record_delete", owner=owner)
    gone = told(house)[0]["position"]
    put(house, owner, "one")
    refused_to(house, "bob", Conflict, "zone_undo", origin=ZONE, position=gone)


@pytest.mark.parametrize("position", [-1, 0, 2**63, 2**70])
def test_changes_that_there_are_not(house: House, position: int) -> None:
    refused_to(house, "bob", NotFound, "zone_undo", origin=ZONE, position=position)


def test_changes_of_other_zones_are_not_undone(house: House) -> None:
    house.api("record_set", owner="x.example.net", type="TXT", rdatas=["x"])
    theirs = house.api("zone_history", origin="example.net")["events"][0]["position"]
    refused_to(house, "bob", NotFound, "zone_undo", origin=ZONE, position=theirs)


@pytest.mark.parametrize("limit", [0, 101])
def test_histories_have_a_limit(house: House, limit: int) -> None:
    refused(house, Invalid, "zone_history", origin=ZONE, limit=limit)


def test_rdata_is_checked_one_by_one(house: House) -> None:
    owner = f"a.{ZONE}"
    given = ["10 @", "x", "010 MAIL.example."]
    found = bobs(house, "record_check", owner=owner, type="MX", rdatas=given)["records"]
    assert [one["rdata"] for one in found] == [f"10 {ZONE}.", None, "10 MAIL.example."]
    assert [one["error"] is None for one in found] == [True, False, True]
    assert shown(house, owner) == []


def test_what_is_checked_is_in_the_zone(house: House) -> None:
    arguments = {"owner": f"a.{ZONE}", "type": "A", "rdatas": ["192.0.2.1"]}
    bobs(house, "record_check", **arguments, zone=ZONE)
    refused(house, Invalid, "record_check", **arguments, zone="example.net")
    refused(house, Invalid, "record_check", owner=f"a.{ZONE}", type="NOTYPE", rdatas=[])
