"""Records as they are typed, what has changed in a zone, and taking a change back."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound, TooMany
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update

ZONE = "alice.example"
WWW = f"www.{ZONE}"


@pytest.fixture
def owned(filled: House) -> House:
    """alice owns a zone, in which bob has a host."""
    filled.api("account_add", name="bob")
    filled.api("zone_add", origin=ZONE, account="alice", addresses="public")
    filled.api("host_add", name=f"bobs.{ZONE}", account="bob")
    return filled


def put(house: House, *rdatas: str, owner: str = WWW, who: str = "alice", **more: Any) -> None:
    given = {"type": "A", **more}
    house.person(who, "record_set", owner=owner, rdatas=list(rdatas), **given)


def told(house: House, who: str = "alice", **arguments: Any) -> list[dict[str, Any]]:
    shown = house.person(who, "zone_history", origin=ZONE, **arguments)
    assert shown["origin"] == ZONE
    events: list[dict[str, Any]] = shown["events"]
    return events


def undo(house: House, position: int, who: str = "alice") -> Any:
    return house.person(who, "zone_undo", origin=ZONE, position=position)


# Records as they are typed ---------------------------------------------------------------------


def checked(house: House, *rdatas: str, owner: str = WWW, **more: Any) -> list[tuple[Any, Any]]:
    given = {"type": "A", **more}
    before = house.on_disk()
    answer = house.person("alice", "record_check", owner=owner, rdatas=list(rdatas), **given)
    assert house.on_disk() == before
    assert all((one["rdata"] is None) is not (one["error"] is None) for one in answer["records"])
    return [(one["rdata"], one["error"]) for one in answer["records"]]


def test_what_is_typed(owned: House) -> None:
    assert checked(owned, "8.8.8.8", "8.8.4.4") == [("8.8.8.8", None), ("8.8.4.4", None)]
    good, bad, private = checked(owned, " 8.8.8.8 ", "8.8.8", "10.0.0.1", zone=ZONE)
    assert good == ("8.8.8.8", None)
    assert "8.8.8" in bad[1]
    assert private[1] == "zone alice.example allows public addresses only"
    assert checked(owned, "10  MAIL.@", "10 @", type="MX")[1] == (f"10 {ZONE}.", None)


def test_each_error_is_that_of_the_edit(owned: House) -> None:
    for number, texts in (
        ("A", ["8.8.8", "x", "10.0.0.1", ""]),
        ("MX", ["mail", "x y", "10 a..b"]),
        ("TXT", ['"', "x" * 256]),
    ):
        for text, (_, error) in zip(texts, checked(owned, *texts, type=number), strict=True):
            edit = {"owner": WWW, "type": number, "rdatas": [text]}
            assert refused_to(owned, "alice", Invalid, "record_set", **edit) == error


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (NotFound, {"owner": "www.example.net"}),
        (Invalid, {"zone": "example.net"}),
        (Invalid, {"owner": f"bobs.{ZONE}", "zone": f"bobs.{ZONE}"}),
        (Invalid, {"rdatas": []}),
        (Invalid, {"owner": "a..b"}),
        (Invalid, {"type": "NONE"}),
        (Invalid, {"owner": ZONE, "type": "CNAME", "rdatas": ["a.example."]}),
        (Invalid, {"type": "CNAME", "rdatas": ["a.example.", "b.example."]}),
        (Conflict, {"owner": f"txt.{ZONE}", "type": "CNAME", "rdatas": ["a.example."]}),
        (Forbidden, {"owner": "home.example.net", "type": "SRV", "rdatas": ["1 2 3 a.example."]}),
        (Exceeded, {"rdatas": [f"8.8.8.{number}" for number in range(21)]}),
    ],
)
def test_what_is_wrong_with_all_together(
    owned: House, kind: type[Any], given: dict[str, Any]
) -> None:
    put(owned, "x", owner=f"txt.{ZONE}", type="TXT")
    call = {"owner": WWW, "type": "A", "rdatas": ["8.8.8.8"]} | given
    words = refused_to(owned, "alice", kind, "record_check", **call)
    if "zone" not in given:
        assert words == refused_to(owned, "alice", kind, "record_set", **call)


def test_a_record_twice_is_one(owned: House) -> None:
    cname = ["A.example.", "a.EXAMPLE."]
    assert len(checked(owned, *cname, type="CNAME")) == 2


def test_the_operator_is_above_some_rules(owned: House) -> None:
    given = {"owner": WWW, "type": "A", "rdatas": ["10.0.0.1"]}
    answer = owned.api("record_check", **given)
    assert answer == {"records": [{"rdata": "10.0.0.1", "error": None}]}


# What has changed ------------------------------------------------------------------------------


def test_the_last_changes(owned: House) -> None:
    put(owned, "8.8.8.8")
    put(owned, "8.8.4.4", ttl=77)
    owned.person("alice", "record_delete", owner=WWW)
    events = told(owned)
    assert [(one["kind"], one["owner"], one["type"], one["who"]) for one in events[:3]] == [
        ("rrset", WWW, "A", "alice")
    ] * 3
    assert [one["after"] and one["after"]["rdatas"] for one in events[:3]] == [
        None,
        ["8.8.4.4"],
        ["8.8.8.8"],
    ]
    assert events[0]["before"] == {"ttl": 77, "rdatas": ["8.8.4.4"]}
    assert {one["type"] for one in events[3:]} == {"SOA", "NS"}
    assert told(owned, limit=2) == events[:2]
    shown = owned.api("zone_history", origin=ZONE)["events"]
    assert shown == events


def test_others_see_nothing(owned: House) -> None:
    put(owned, "8.8.8.8")
    position = told(owned)[0]["position"]
    refused_to(owned, "bob", NotFound, "zone_history", origin=ZONE)
    refused_to(owned, "bob", NotFound, "zone_undo", origin=ZONE, position=position)
    refused(owned, NotFound, "zone_history", origin="none.example")
    for limit in (0, 101):
        refused(owned, Invalid, "zone_history", origin=ZONE, limit=limit)


def test_the_owner_does_not_see_where_the_hosts_of_others_were(owned: House) -> None:
    put(owned, "8.8.8.8", owner=f"bobs.{ZONE}", who="bob")
    position = owned.api("zone_history", origin=ZONE)["events"][0]["position"]
    assert "8.8.8.8" not in str(told(owned))
    refused_to(owned, "alice", NotFound, "zone_undo", origin=ZONE, position=position)
    owned.person("bob", "host_remove", name=f"bobs.{ZONE}")
    assert "8.8.8.8" not in str(told(owned))


def test_a_new_owner_does_not_see_what_was_before(owned: House) -> None:
    put(owned, "8.8.8.8")
    position = told(owned)[0]["position"]
    owned.api("zone_set", origin=ZONE, account="bob")
    assert told(owned, "bob") == []
    refused_to(owned, "bob", NotFound, "zone_undo", origin=ZONE, position=position)


# Taking it back --------------------------------------------------------------------------------


def test_undoing_a_change(owned: House) -> None:
    put(owned, "8.8.8.8", ttl=77)
    put(owned, "8.8.4.4", "1.1.1.1", ttl=88)
    changed, added = told(owned)[:2]
    rrset = {"owner": WWW, "type": "A", "ttl": 77, "rdatas": ["8.8.8.8"]}
    answer = undo(owned, changed["position"])
    assert answer == {"owner": WWW, "type": "A", "rrset": rrset}
    assert owned.person("alice", "record_show", owner=WWW)["records"] == [rrset]
    newest = told(owned)[0]
    assert (newest["via"], newest["before"], newest["after"]) == (
        "web",
        changed["after"],
        changed["before"],
    )
    undo(owned, newest["position"])  # once more, the other way
    assert told(owned)[0]["after"]["rdatas"] == ["8.8.4.4", "1.1.1.1"]
    undo(owned, told(owned)[0]["position"])
    assert undo(owned, added["position"]) == {"owner": WWW, "type": "A", "rrset": None}
    assert owned.person("alice", "record_show", owner=WWW)["records"] == []


def test_undoing_a_removal(owned: House) -> None:
    put(owned, "8.8.8.8", ttl=77)
    owned.person("alice", "record_delete", owner=WWW)
    undo(owned, told(owned)[0]["position"])
    (rrset,) = owned.person("alice", "record_show", owner=WWW)["records"]
    assert (rrset["ttl"], rrset["rdatas"]) == (77, ["8.8.8.8"])


def test_what_has_changed_since_stays(owned: House) -> None:
    put(owned, "8.8.8.8")
    first = told(owned)[0]["position"]
    put(owned, "8.8.4.4")
    call = {"origin": ZONE, "position": first}
    words = refused_to(owned, "alice", Conflict, "zone_undo", **call)
    assert words == f"the A records of {WWW} have changed since"
    owned.person("alice", "record_delete", owner=WWW)
    refused_to(owned, "alice", Conflict, "zone_undo", **call)


def test_undoing_keeps_the_rules(owned: House) -> None:
    put(owned, "8.8.8.8")
    owned.person("alice", "record_delete", owner=WWW)
    removed = told(owned)[0]["position"]
    put(owned, "a.example.", type="CNAME")
    refused_to(owned, "alice", Conflict, "zone_undo", origin=ZONE, position=removed)
    needed = next(one for one in told(owned) if one["type"] == "NS")
    refused_to(owned, "alice", Invalid, "zone_undo", origin=ZONE, position=needed["position"])
    put(owned, f"ns2.{ZONE}", owner=ZONE, type="NS")
    undo(owned, told(owned)[0]["position"])
    owned.api("account_block", name="alice", reason="a reason")
    call = {"origin": ZONE, "position": told(owned)[0]["position"]}
    refused_to(owned, "alice", Forbidden, "zone_undo", **call)


def test_undoing_an_soa(owned: House) -> None:
    soa = f"ns1.{ZONE}. hostmaster.{ZONE}. 1 7200 600 1209600 10"
    put(owned, soa, owner=ZONE, type="SOA")
    changed = undo(owned, told(owned)[0]["position"])["rrset"]
    assert " 3600 600 1209600 10" in changed["rdatas"][0]
    (shown,) = [
        one
        for one in owned.person("alice", "record_show", owner=ZONE)["records"]
        if one["type"] == "SOA"
    ]
    assert changed == shown  # with its serial


def test_undoing_counts_as_a_change(owned: House) -> None:
    put(owned, "8.8.8.8")
    position = told(owned)[0]["position"]
    owned.operations._count_change = lambda account, owner, number: 5.0
    refused_to(owned, "alice", TooMany, "zone_undo", origin=ZONE, position=position)
    owned.api("zone_undo", origin=ZONE, position=position)


@pytest.mark.parametrize("position", [-1, 0, 1, 10**6, 2**63, 10**30])
def test_what_the_journal_does_not_have(owned: House, position: int) -> None:
    refused_to(owned, "alice", NotFound, "zone_undo", origin=ZONE, position=position)
    refused(owned, NotFound, "zone_undo", origin=ZONE, position=position)


def test_a_change_of_another_zone(owned: House) -> None:
    key = owned.person("alice", "key_add")["key"]
    owned.update(update("alice", key, change("home.example.net", "192.0.2.1")))
    position = owned.api("zone_history", origin="example.net")["events"][0]["position"]
    refused_to(owned, "alice", NotFound, "zone_undo", origin=ZONE, position=position)
    refused_to(owned, "alice", NotFound, "zone_undo", origin="example.net", position=position)
    owned.api("zone_undo", origin="example.net", position=position)
    assert owned.answers() == []
