"""What people may change at their hosts and in zones of their own."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import ApiError, Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.model import names, records
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update

# Records ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["a.dyn.example", "*.a.dyn.example"])
@pytest.mark.parametrize(
    ("type_", "rdata"),
    [
        ("A", "8.8.8.8"),
        ("AAAA", "2606:4700::1111"),
        ("MX", "10 mail.example.org."),
        ("CNAME", "www.example.org."),
        ("TXT", '"x"'),
    ],
)
def test_records_of_a_host(housed: House, owner: str, type_: str, rdata: str) -> None:
    done = housed.person("alice", "record_set", owner=owner, type=type_, rdatas=[rdata])
    assert done == {"owner": owner, "type": type_, "ttl": 10, "rdatas": [rdata]}
    shown = housed.person("alice", "record_show", owner=owner)
    assert shown == {"owner": owner, "records": [done]}
    gone = housed.person("alice", "record_delete", owner=owner, type=type_)
    assert gone == {"deleted": [done]}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"owner": "b.a.dyn.example"}, NotFound),
        ({"owner": "_acme-challenge.b.dyn.example"}, NotFound),
        ({"owner": "dyn.example"}, NotFound),
        ({"owner": "none.example"}, NotFound),
        ({"owner": "b.dyn.example"}, NotFound),
        ({"type": "NS", "rdatas": ["ns.example.org."]}, Forbidden),
        ({"type": "DNAME", "rdatas": ["example.org."]}, Forbidden),
        ({"type": "TYPE65280", "rdatas": ["\\# 1 00"]}, Forbidden),
        ({"type": "A", "rdatas": ["10.0.0.1"]}, Invalid),
        ({"type": "AAAA", "rdatas": ["fe80::1"]}, Invalid),
        ({"ttl": 9}, Invalid),
        ({"ttl": 86_401}, Invalid),
        ({"rdatas": [f"{number:02}" for number in range(21)]}, Exceeded),
    ],
)
def test_records_that_a_host_cannot_have(
    housed: House, given: dict[str, Any], kind: type[ApiError]
) -> None:
    call = {"owner": "a.dyn.example", "type": "TXT", "rdatas": ["x"], **given}
    refused_to(housed, "alice", kind, "record_set", **call)


def test_how_many_records_a_host_may_have(housed: House) -> None:
    texts = [f"{number:02}" for number in range(20)]
    given = {"owner": "_acme-challenge.a.dyn.example", "type": "TXT"}
    housed.person("alice", "record_set", **given, rdatas=texts)
    housed.person("alice", "record_set", **given, rdatas=texts[1:])
    housed.person("alice", "record_set", owner="a.dyn.example", type="A", rdatas=["8.8.8.8"])
    refused_to(housed, "alice", Exceeded, "record_set", **given, rdatas=texts)
    housed.api("record_set", **given, rdatas=texts)


def test_what_the_operator_has_set_at_a_host_stays(housed: House) -> None:
    housed.api("record_set", owner="a.dyn.example", type="SRV", rdatas=["1 1 1 a.b."])
    housed.person("alice", "record_set", owner="a.dyn.example", type="TXT", rdatas=["x"])
    refused_to(housed, "alice", Forbidden, "record_delete", owner="a.dyn.example", type="SRV")
    gone = housed.person("alice", "record_delete", owner="a.dyn.example")
    assert [record["type"] for record in gone["deleted"]] == ["TXT"]
    refused_to(housed, "alice", NotFound, "record_delete", owner="a.dyn.example")


def test_the_owner_of_a_zone_edits_all_of_it(open_house: House) -> None:
    for owner, type_, rdata in (
        ("bob.example", "NS", "ns.example.org."),
        ("bob.example", "SOA", "a. b. 1 2 3 4 5"),
        ("x.y.bob.example", "SRV", "1 1 1 a.b."),
        ("*.bob.example", "A", "10.0.0.1"),
    ):
        done = open_house.person("bob", "record_set", owner=owner, type=type_, rdatas=[rdata])
        assert done["type"] == type_
        if type_ != "NS":
            refused_to(open_house, "alice", NotFound, "record_show", owner=owner)
    open_house.person("bob", "record_delete", owner="x.y.bob.example")
    open_house.api("zone_set", origin="bob.example", addresses="public")
    given = {"owner": "x.bob.example", "type": "A"}
    refused_to(open_house, "bob", Invalid, "record_set", **given, rdatas=["10.0.0.1"])
    many = [f"8.8.8.{number}" for number in range(21)]
    refused_to(open_house, "bob", Exceeded, "record_set", **given, rdatas=many)
    refused_to(open_house, "bob", NotFound, "record_set", **{**given, "owner": "x.dyn.example"},
               rdatas=["8.8.8.8"])  # fmt: skip


# Hosts that change -----------------------------------------------------------------------------


def test_a_wildcard(housed: House) -> None:
    below = names.from_text("*.a.dyn.example")

    def wildcard() -> list[Any]:
        shown = housed.person("alice", "host_show", name="a.dyn.example")
        zone = housed.zones.find(below)
        assert zone is not None
        there = housed.running.call(zone.rrset, below, records.CNAME)
        assert (there is not None) is shown["wildcard"]
        return [shown["wildcard"], len(shown["records"])]

    assert wildcard() == [False, 0]
    for value, expected in ((True, [True, 1]), (True, [True, 1]), (False, [False, 0])):
        housed.person("alice", "host_set", name="a.dyn.example", wildcard=value)
        assert wildcard() == expected
    housed.person("alice", "host_set", name="a.dyn.example", wildcard=False)
    housed.person("alice", "record_set", owner="*.a.dyn.example", type="TXT", rdatas=["x"])
    refused_to(housed, "alice", Conflict, "host_set", name="a.dyn.example", wildcard=True)
    added = housed.person("alice", "host_add", name="w.dyn.example", wildcard=True, ttl=300)
    assert added["ttl"] == 300
    shown = housed.person("alice", "host_show", name="w.dyn.example")
    assert shown["records"] == [
        {"owner": "*.w.dyn.example", "type": "CNAME", "ttl": 300, "rdatas": ["w.dyn.example."]}
    ]


def test_a_ttl(housed: House) -> None:
    set_ = {"owner": "a.dyn.example", "rdatas": ["x"], "type": "TXT"}
    housed.person("alice", "record_set", **set_)
    housed.person("alice", "record_set", **{**set_, "owner": "*.a.dyn.example"}, ttl=77)
    assert housed.person("alice", "host_set", name="a.dyn.example", ttl=60)["ttl"] == 60
    shown = housed.person("alice", "host_show", name="a.dyn.example")
    assert [record["ttl"] for record in shown["records"]] == [60, 77]
    for ttl in (9, 86_401, -1):
        refused_to(housed, "alice", Invalid, "host_set", name="a.dyn.example", ttl=ttl)
        refused_to(housed, "alice", Invalid, "host_add", name="b.dyn.example", ttl=ttl)
    assert housed.api("host_set", name="a.dyn.example", ttl=5)["ttl"] == 5


def test_a_host_is_given_to_another_account(housed: House) -> None:
    key = housed.person("alice", "key_add")["key"]
    mine = {"name": "a.dyn.example", "account": "bob"}
    refused_to(housed, "alice", Forbidden, "host_set", **mine)
    assert housed.api("host_set", **mine)["account"] == "bob"
    refused_to(housed, "alice", NotFound, "host_show", name="a.dyn.example")
    refused(housed, NotFound, "host_set", name="a.dyn.example", account="nobody")
    (outcome,) = housed.update(update("alice", key, change("a.dyn.example", "8.8.8.8")))
    assert [result.status.name for result in outcome.results] == ["NOTYOURS"]


def test_records_from_the_start(open_house: House) -> None:
    given = [{"type": "A", "rdata": "8.8.8.8"}, {"type": "TXT", "rdata": "x"}]
    open_house.person("alice", "host_add", name="a.dyn.example", records=given)
    for wrong, kind in (
        ({"type": "A", "rdata": "127.0.0.1"}, Invalid),
        ({"type": "SRV", "rdata": "1 1 1 a.b."}, Forbidden),
    ):
        refused_to(open_house, "alice", kind, "host_add", name="b.dyn.example", records=[wrong])
