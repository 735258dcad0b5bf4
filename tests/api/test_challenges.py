"""Challenges below names that only a wildcard answers for, whoever sets and removes records."""

from __future__ import annotations

import pytest

from ddns.api.errors import Conflict, NotFound
from ddns.model import names
from ddns.model.records import SOA, TXT, A, pack_rdatas
from ddns.model.rows import pack_rows
from ddns.model.update import Change, Replace, Status
from tests.api.refusing import refused
from tests.house import House, update

FOO = "foo.example.net"


@pytest.fixture
def wild(filled: House) -> House:
    """A zone with a wildcard, and a challenge below a name that does not exist otherwise."""
    filled.api("record_set", owner="*.example.net", type="A", rdatas=["192.0.2.1"], ttl=60)
    filled.api("record_set", owner=f"_acme-challenge.{FOO}", type="TXT", rdatas=["x"])
    return filled


def served(house: House, *owners: str, number: int = A) -> list[list[str]]:
    """What DNS has at these owner names; nothing is said of what a wildcard answers."""
    return [house.answers(names.from_text(owner), number) for owner in owners]


KEPT = FOO, f"*.{FOO}"


def test_the_wildcard_is_kept_as_long_as_the_challenge(wild: House) -> None:
    assert served(wild, *KEPT) == [["192.0.2.1"]] * 2
    wild.api("record_set", owner="*.example.net", type="A", rdatas=["192.0.2.2"])
    assert served(wild, *KEPT) == [["192.0.2.2"]] * 2
    wild.api("record_delete", owner=f"_acme-challenge.{FOO}")
    assert served(wild, *KEPT) == [[], []]


def test_copies_are_shown_as_such(wild: House) -> None:
    copy = {
        "owner": FOO,
        "type": "A",
        "ttl": 60,
        "rdatas": ["192.0.2.1"],
        "copy_of": "*.example.net",
    }
    assert wild.api("record_show", owner=FOO)["records"] == [copy]
    listed = wild.api("record_list", origin="example.net", search="foo")["records"]
    assert {one["owner"]: one.get("copy_of") for one in listed} == {
        FOO: "*.example.net",
        f"*.{FOO}": "*.example.net",
        f"_acme-challenge.{FOO}": None,
    }


def test_they_are_nobodys(wild: House) -> None:
    """There is nothing to delete, and no other record in the way of an alias."""
    assert refused(wild, NotFound, "record_delete", owner=FOO)
    assert refused(wild, Conflict, "zone_undo", origin="example.net", position=last(wild))
    wild.api("record_set", owner=FOO, type="CNAME", rdatas=["home.example.net."])
    assert served(wild, *KEPT) == [[], []]


def last(house: House) -> int:
    """The position of the last change of the zone, which is that of a copy."""
    (event,) = house.api("zone_history", origin="example.net", limit=1)["events"]
    assert event["owner"] in KEPT
    position: int = event["position"]
    return position


def test_what_is_undone_is_followed(wild: House) -> None:
    wild.api("record_delete", owner="*.example.net")
    assert served(wild, *KEPT) == [[], []]
    events = wild.api("zone_history", origin="example.net", limit=9)["events"]
    (gone,) = [one for one in events if one["owner"] == "*.example.net" and not one["after"]]
    wild.api("zone_undo", origin="example.net", position=gone["position"])
    assert served(wild, *KEPT) == [["192.0.2.1"]] * 2


def test_a_host_without_an_address_keeps_the_wildcards(wild: House) -> None:
    """Until it has one: also the one that the wildcard has."""
    wild.api("host_add", name=FOO, account="alice")
    assert served(wild, *KEPT) == [["192.0.2.1"]] * 2
    assert wild.api("host_show", name=FOO)["records"][0]["owner"] == f"_acme-challenge.{FOO}"
    key = wild.api("key_add", account="alice")["key"]
    change = Change(FOO, names.from_text(FOO), (Replace(A, (bytes((192, 0, 2, 1)),)),))
    (outcome,) = wild.update(update("alice", key, change))
    assert outcome.results[0].status is Status.GOOD
    assert served(wild, *KEPT) == [["192.0.2.1"], []]
    wild.api("host_remove", name=FOO)
    assert served(wild, *KEPT) == [[], []]
    assert served(wild, f"_acme-challenge.{FOO}", number=TXT) == [[]]


def test_an_account_that_is_removed_takes_the_copies_along(wild: House) -> None:
    wild.api("host_add", name=FOO, account="alice")
    wild.api("account_remove", name="alice")
    assert served(wild, *KEPT) == [[], []]


def test_an_import_keeps_the_hosts_challenges(wild: House) -> None:
    """And their names have copies of the new wildcard; those of the operator's names have gone."""
    for owner in (FOO, "bar.example.net"):
        challenge = f"_acme-challenge.{owner}"
        wild.api("record_set", owner=challenge, type="TXT", rdatas=["x"])
    wild.api("host_add", name=FOO, account="alice")
    (*_, soa) = (one for one in wild.on_disk()[1] if one[1] == SOA)
    address = pack_rdatas([bytes((192, 0, 2, 7))])
    rows = pack_rows([soa, (names.from_text("*.example.net"), A, 60, address)])
    wild.api("zone_import", origin="example.net", rows=rows, stage="s")
    assert served(wild, *KEPT) == [["192.0.2.7"]] * 2
    assert served(wild, "bar.example.net", "*.bar.example.net") == [[], []]
