"""Hosts that another service had."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import ApiError, Forbidden, Invalid, NotFound
from ddns.api.host_import import MAX_ITEMS
from ddns.model import names
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update

ORIGIN = names.from_text("dyn.example")
HOME = {"host": "home.dyn.example"}


def record(
    type: str, rdata: str, owner: str | None = None, host: str = "home.dyn.example"
) -> dict[str, str]:
    at = {} if owner is None else {"owner": owner}
    return {"host": host, **at, "type": type, "rdata": rdata}


MOVED = [
    record("A", "8.8.8.8"),
    record("A", "8.8.4.4"),
    record("TXT", '"x"', "_acme-challenge.home.dyn.example"),
    {"host": "bare.dyn.example"},
]
DONE = [
    {"name": "home.dyn.example", "added": True, "rrsets": 2},
    {"name": "bare.dyn.example", "added": True, "rrsets": 0},
]


def rdatas(house: House, owner: str, type: str) -> list[str]:
    shown = house.api("record_show", owner=owner)["records"]
    return [text for rrset in shown if rrset["type"] == type for text in rrset["rdatas"]]


@pytest.mark.parametrize("who", ["operator", "alice"])
def test_hosts_with_their_records(open_house: House, who: str) -> None:
    if who == "operator":
        done = open_house.api("host_import", hosts=MOVED, account="alice", ttl=30)
    else:
        done = open_house.person("alice", "host_import", hosts=MOVED, ttl=30)
    assert done == {"account": "alice", "dry_run": False, "hosts": DONE, "left_out": []}
    host = open_house.api("host_show", name="home.dyn.example")
    assert (host["account"], host["ttl"]) == ("alice", 30)
    assert {one["ttl"] for one in host["records"]} == {30}
    assert rdatas(open_house, "home.dyn.example", "A") == ["8.8.8.8", "8.8.4.4"]
    assert rdatas(open_house, "_acme-challenge.home.dyn.example", "TXT") == ['"x"']
    assert open_house.answers(names.from_text("home.dyn.example")) == ["8.8.8.8", "8.8.4.4"]


def test_again_changes_nothing(open_house: House) -> None:
    open_house.person("alice", "host_import", hosts=MOVED)
    before = open_house.on_disk(ORIGIN)
    done = open_house.person("alice", "host_import", hosts=MOVED)
    assert done["hosts"] == [{**one, "added": False, "rrsets": 0} for one in DONE]
    assert done["left_out"] == []
    assert open_house.on_disk(ORIGIN) == before


def test_what_clients_have_set_meanwhile_stays(open_house: House) -> None:
    open_house.person("alice", "host_import", hosts=[HOME])
    key = open_house.api("key_add", account="alice")["key"]
    open_house.update(update("alice", key, change("home.dyn.example", "8.8.8.9")))
    done = open_house.person("alice", "host_import", hosts=[*MOVED, record("AAAA", "2606:4700::1")])
    assert [(one["type"], one["reason"]) for one in done["left_out"]] == [
        ("A", "it has others here already, which stay"),
        ("AAAA", "the host was here before, and has none"),
    ]
    assert done["hosts"][0] == {"name": "home.dyn.example", "added": False, "rrsets": 1}
    assert rdatas(open_house, "home.dyn.example", "A") == ["8.8.8.9"]
    assert rdatas(open_house, "home.dyn.example", "AAAA") == []


def test_what_clients_have_removed_stays_away(open_house: House) -> None:
    given = [
        record("A", "8.8.8.8"),
        record("AAAA", "2606:4700::1"),
        record("A", "8.8.8.8", "*.home.dyn.example"),
    ]
    open_house.person("alice", "host_import", hosts=given)
    for owner, kind in (("home", "AAAA"), ("home", "A"), ("*.home", "A")):
        open_house.api("record_delete", owner=f"{owner}.dyn.example", type=kind)
        before = open_house.on_disk(ORIGIN)
        done = open_house.person("alice", "host_import", hosts=given)
        assert done["hosts"] == [{"name": "home.dyn.example", "added": False, "rrsets": 0}]
        assert open_house.on_disk(ORIGIN) == before


def test_a_dry_run_says_the_same_and_changes_nothing(open_house: House) -> None:
    given = [*MOVED, record("A", "10.0.0.1", host="inside.dyn.example"), {"host": "none.example"}]
    before = open_house.on_disk(ORIGIN), open_house.in_memory(ORIGIN)
    tried = open_house.person("alice", "host_import", hosts=given, dry_run=True)
    assert (open_house.on_disk(ORIGIN), open_house.in_memory(ORIGIN)) == before
    done = open_house.person("alice", "host_import", hosts=given)
    assert tried == {**done, "dry_run": True}
    assert [one["name"] for one in tried["left_out"]] == ["inside.dyn.example", "none.example"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"host": "home.example.org"}, "home.example.org is in no zone that you may have hosts in"),
        ({"host": "new.example.net"}, "new.example.net is in no zone that you may have hosts in"),
        ({"host": "dyn.example"}, "dyn.example is a zone; a host has a name below one"),
        ({"host": "www.dyn.example"}, "www.dyn.example is reserved"),
        ({"host": "a.b.dyn.example"}, "a host has one label before dyn.example"),
        ({"host": "taken.dyn.example"}, "host taken.dyn.example exists already"),
        (record("A", "10.0.0.1"), "zone dyn.example allows public addresses only"),
        (record("A", "10.0.0"), "'10.0.0' is not A rdata: "),
        (record("NS", "ns.example."), "a host may have records of these types: "),
        (record("CNAME", "www.example.org.", "*.home.dyn.example"), None),
        ({**HOME, "interface_id": "::1", "follows": "none.dyn.example"}, "account alice has no "),
        ({**HOME, "interface_id": "x", "follows": "lead.dyn.example"}, "'x' is no interface ID"),
        ({**HOME, "follows": "home.dyn.example"}, "a host cannot follow itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_left_out_and_the_rest_is_done(
    open_house: House, item: dict[str, Any], reason: str | None
) -> None:
    open_house.api("host_add", name="taken.dyn.example", account="bob")
    given = [{"host": "first.dyn.example"}, item, {"host": "lead.dyn.example"}]
    done = open_house.person("alice", "host_import", hosts=given)
    named = [one["name"] for one in done["hosts"]]
    assert {"first.dyn.example", "lead.dyn.example"} <= set(named)
    assert ("home.dyn.example" in named) is (item["host"] == "home.dyn.example")
    assert [one["reason"].startswith(reason or "") for one in done["left_out"]] == [True] * bool(
        reason
    )


def test_hosts_follow_others_whatever_comes_first(open_house: House) -> None:
    given = [
        {"host": "nas.dyn.example", "interface_id": "2001:db8::a", "follows": "home.dyn.example"},
        record("AAAA", "2606:4700::b", host="nas.dyn.example"),
        record("AAAA", "2606:4700::1"),
    ]
    done = open_house.person("alice", "host_import", hosts=given)
    assert done["left_out"] == []
    nas = open_house.api("host_show", name="nas.dyn.example")
    assert (nas["follows"], nas["interface_id"]) == ("home.dyn.example", "::a")
    again = open_house.person("alice", "host_import", hosts=given)
    assert again["left_out"] == []


def test_as_many_hosts_as_an_account_may_have(open_house: House) -> None:
    open_house.api("account_set", name="alice", hosts=2)
    hosts = [{"host": f"h{number}.dyn.example"} for number in range(4)]
    tried = open_house.person("alice", "host_import", hosts=hosts, dry_run=True)
    done = open_house.person("alice", "host_import", hosts=hosts)
    assert len(done["hosts"]) == 1  # beside home.example.net
    assert [one["name"] for one in done["left_out"]] == [
        f"h{number}.dyn.example" for number in (1, 2, 3)
    ]
    assert "may have 2 hosts" in done["left_out"][0]["reason"]
    assert tried["left_out"] == done["left_out"]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"host": "home"},
        {"host": None},
        {**HOME, "name": "x"},
        {**HOME, "type": "A"},
        {**HOME, "rdata": "8.8.8.8"},
        {**HOME, "owner": "home.dyn.example"},
        record("A", "8.8.8.8", "other.dyn.example"),
        record("A", "8.8.8.8", "x.home.dyn.example"),
        record("A", "8.8.8.8", ".."),
        record("NOTYPE", "8.8.8.8"),
    ],
)
def test_calls_that_make_no_sense(open_house: House, item: dict[str, Any]) -> None:
    refused_to(open_house, "alice", Invalid, "host_import", hosts=[{"host": "a.dyn.example"}, item])


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"account": "nobody"}, NotFound),
        ({"account": "bob"}, NotFound),
        ({"ttl": -1}, Invalid),
        ({"hosts": [HOME] * (MAX_ITEMS + 1)}, Invalid),
    ],
)
def test_calls_that_are_refused(
    open_house: House, given: dict[str, Any], kind: type[ApiError]
) -> None:
    refused_to(open_house, "alice", kind, "host_import", **{"hosts": [HOME], **given})


def test_the_operator_says_whose_they_are(open_house: House) -> None:
    refused(open_house, Invalid, "host_import", hosts=[HOME])
    refused(open_house, NotFound, "host_import", hosts=[HOME], account="nobody")


def test_a_blocked_account_imports_nothing(open_house: House) -> None:
    open_house.api("account_block", name="alice", reason="too much")
    refused_to(open_house, "alice", Forbidden, "host_import", hosts=[HOME])
