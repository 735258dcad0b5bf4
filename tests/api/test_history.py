"""The history of a host, as its owner sees it."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import Invalid, NotFound
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update

NAME = "home.example.net"


def told(house: House, account: str = "alice", **arguments: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = house.person(account, "host_history", name=NAME, **arguments)[
        "events"
    ]
    return events


def test_a_history(house: House) -> None:
    key = house.fill()
    house.time = 2000.25
    house.update(update("alice", key, change(NAME, "192.0.2.1"), at=1500.5))
    house.person("alice", "record_set", owner=f"*.{NAME}", type="TXT", rdatas=["x"])
    house.person("alice", "host_set", name=NAME, ttl=60)
    host = {"name": NAME, "zone": "example.net", "account": "alice", "created": 1000.0}
    lan = {"interface_id": None, "follows": None, "follows_address": False}
    events = told(house)
    assert events == house.api("host_history", name=NAME)["events"]
    positions = [event.pop("position") for event in events]
    assert sorted(positions, reverse=True) == positions
    assert events[4] == {
        "at": "1970-01-01T00:25:00.500+00:00",
        "who": "alice",
        "via": "test",
        "kind": "rrset",
        "owner": NAME,
        "type": "A",
        "before": None,
        "after": {"ttl": 10, "rdatas": ["192.0.2.1"]},
    }
    assert events[5] == {
        "at": "1970-01-01T00:16:40.000+00:00",
        "who": "operator",
        "via": "command",
        "kind": "host",
        "owner": NAME,
        "type": None,
        "before": None,
        "after": {**host, "ttl": 10, "dormant": [], "expire_after": 0, **lan},
    }
    changed = {(e["via"], e["kind"], e["owner"], e["before"]["ttl"]) for e in events[:3]}
    assert changed == {
        ("web", "host", NAME, 10),
        ("web", "rrset", NAME, 10),
        ("web", "rrset", f"*.{NAME}", 10),
    }


def test_a_page_of_a_history(house: House) -> None:
    key = house.fill()
    for number in range(30):
        house.update(update("alice", key, change(NAME, f"192.0.2.{number}")))
    events = told(house)
    assert len(events) == 20
    assert events[0]["after"]["rdatas"] == ["192.0.2.29"]
    assert events[0]["before"]["rdatas"] == ["192.0.2.28"]
    assert len(told(house, limit=100)) == 31
    assert told(house, limit=1) == events[:1]


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_pages_that_cannot_be(filled: House, limit: int) -> None:
    refused(filled, Invalid, "host_history", name=NAME, limit=limit)


@pytest.mark.parametrize("way", ["removed", "given"])
def test_a_new_holder_does_not_learn_where_the_former_one_was(house: House, way: str) -> None:
    key = house.fill()
    house.api("account_add", name="bob")
    house.update(update("alice", key, change(NAME, "192.0.2.1")))
    if way == "removed":
        house.person("alice", "host_remove", name=NAME)
        house.api("host_add", name=NAME, account="bob")
    else:
        house.person("alice", "record_delete", owner=NAME)
        house.api("host_set", name=NAME, account="bob")
    house.person("bob", "record_set", owner=NAME, type="A", rdatas=["198.51.100.1"])
    events = told(house, "bob")
    assert [event["kind"] for event in events] == ["rrset", "host"]
    assert "192.0.2.1" not in str(events)
    assert "alice" not in str(events)
    refused_to(house, "alice", NotFound, "host_history", name=NAME)


def test_a_history_of_nothing(filled: House) -> None:
    refused(filled, NotFound, "host_history", name="none.example.net")
    refused(filled, Invalid, "host_history", name="-")
