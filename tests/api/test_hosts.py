"""What people may change at their hosts and in zones of their own."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import ApiError, Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.model import names, records
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
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


# Lists -----------------------------------------------------------------------------------------


@pytest.fixture
def crowded(open_house: House) -> House:
    """Alice has seven hosts in a zone that is open, and one in the operator's."""
    for text in ("a", "bb", "camera-1", "camera-2", "dd", "e", "xn--caf-dma"):
        open_house.person("alice", "host_add", name=f"{text}.dyn.example")
    return open_house


def listed(house: House, **given: Any) -> tuple[list[str], str | None]:
    found = house.person("alice", "host_list", **given)
    return [host["name"].partition(".")[0] for host in found["hosts"]], found.get("next")


def test_pages_of_a_list(crowded: House) -> None:
    every = ["a", "bb", "camera-1", "camera-2", "dd", "e", "home", "xn--caf-dma"]
    seen, after = [], None
    for size in (3, 3, 2):
        some, after = listed(crowded, limit=3, after=after)
        assert len(some) == size
        seen += some
    assert (seen, after) == (every, None)
    assert listed(crowded, limit=8) == (every, None)
    assert sorted(listed(crowded)[0]) == every


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("CAMERA", ["camera-1", "camera-2"]),
        ("ra-2.dyn", ["camera-2"]),
        (" home. ", ["home"]),
        ("café", ["xn--caf-dma"]),
        ("caf", ["xn--caf-dma"]),
        ("cafés", []),
        ("..", ["a", "bb", "camera-1", "camera-2", "dd", "e", "home", "xn--caf-dma"]),
        ("%", []),
    ],
)
def test_searching_in_a_list(crowded: House, search: str, found: list[str]) -> None:
    assert listed(crowded, search=search) == (found, None)
    assert crowded.person("bob", "host_list", search=search)["hosts"] == []


@pytest.mark.parametrize("limit", [0, -1, 101, 2**70])
def test_a_page_is_neither_empty_nor_endless(crowded: House, limit: int) -> None:
    refused_to(crowded, "alice", Invalid, "host_list", limit=limit)


def test_details_of_a_list(crowded: House) -> None:
    crowded.person("alice", "record_set", owner="a.dyn.example", type="AAAA", rdatas=["2600::1"])
    crowded.person("alice", "record_set", owner="a.dyn.example", type="A", rdatas=["8.8.8.8"])
    crowded.person("alice", "record_set", owner="bb.dyn.example", type="CNAME", rdatas=["a.b."])
    first, second = crowded.person("alice", "host_list", details=True, limit=2)["hosts"]
    assert (first["addresses"], first["alias"]) == (["8.8.8.8", "2600::1"], None)
    assert (second["addresses"], second["alias"]) == ([], "a.b.")
    assert first["last"] is None


def test_what_a_client_asked_is_not_for_the_owner_of_the_zone(open_house: House) -> None:
    open_house.api("zone_set", origin="bob.example", registration="open")
    open_house.person("alice", "host_add", name="a.bob.example")
    entry = RequestEntry(1000.0, "test", "192.0.2.1", "alice", "agent", "asked", "told")
    hosts = {names.from_text("a.bob.example"): ("good", 0.0)}
    logged = LoggedRequest("alice", hosts, entry)

    async def note() -> None:
        await open_house.store.transact(
            Author("server", "test", 1000.0),
            lambda transaction: transaction.log_requests([logged], 9, 9, 99),
        )

    open_house.running.call(note)
    given: dict[str, Any] = {"zone": "bob.example", "details": True}
    for who, said in (("alice", "told"), ("bob", None)):
        (host,) = open_house.person(who, "host_list", **given)["hosts"]
        assert (host["last"] and host["last"]["answer"]) == said


def test_keys_that_reach_a_host(crowded: House) -> None:
    def add(**given: Any) -> int:
        number: int = crowded.person("alice", "key_add", **given)["id"]
        return number

    def reach(host: str) -> set[int]:
        found = crowded.person("alice", "key_list", host=host)["keys"]
        return {key["id"] for key in found} - before

    before = {key["id"] for key in crowded.person("alice", "key_list")["keys"]}
    every, one = add(), add(hosts=["a.dyn.example"], kind="miniupdate")
    signing = add(kind="tsig")
    add(kind="tsig", rights=["transfer"])
    operators = {"account": "alice", "kind": "tsig", "zones": ["example.net"]}
    zone = crowded.api("key_add", **operators)["id"]
    assert reach("a.dyn.example") == {every, one, signing}
    assert reach("home.example.net") == {every, signing, zone}
    refused_to(crowded, "bob", NotFound, "key_list", host="a.dyn.example")
    assert crowded.api("key_list", host="a.dyn.example", account="bob")["keys"] == []
