"""The records of a zone, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import Invalid, NotFound
from tests.api.refusing import refused, refused_to
from tests.house import House


def listed(house: House, **arguments: Any) -> list[tuple[str, str]]:
    found = house.api("record_list", origin="example.net", **arguments)
    return [(one["owner"], one["type"]) for one in found["records"]]


@pytest.fixture
def many(filled: House) -> House:
    for label in ("a", "b", "c"):
        for kind, rdata in (("TXT", "x"), ("A", "192.0.2.1")):
            filled.api("record_set", owner=f"{label}.example.net", type=kind, rdatas=[rdata])
    return filled


def test_the_origin_comes_first_with_its_serial(many: House) -> None:
    first = many.api("record_list", origin="example.net", limit=1)
    kinds = [(one["owner"], one["type"]) for one in first["records"]]
    assert kinds == [
        ("example.net", "NS"),
        ("example.net", "SOA"),
        ("a.example.net", "A"),
        ("a.example.net", "TXT"),
    ]
    serial = many.api("zone_show", origin="example.net")["serial"]
    assert f" {serial} " in first["records"][1]["rdatas"][0]
    assert first["next"] == "a.example.net"


def test_pages_follow_each_other_to_the_end(many: House) -> None:
    whole = listed(many)
    found, after = [], None
    while True:
        page = many.api("record_list", origin="example.net", limit=2, after=after)
        found += [(one["owner"], one["type"]) for one in page["records"]]
        after = page.get("next")
        if after is None:
            break
    assert found == whole
    assert len(whole) == 8


def test_a_search_leaves_names_with_that_in_them(many: House) -> None:
    assert listed(many, search="b.ex") == [("b.example.net", "A"), ("b.example.net", "TXT")]
    assert listed(many, search="nothing") == []
    assert len(listed(many, search="EXAMPLE")) == 8


def test_it_is_for_the_owner_of_the_zone(open_house: House) -> None:
    assert len(open_house.person("bob", "record_list", origin="bob.example")["records"]) == 2
    refused_to(open_house, "alice", NotFound, "record_list", origin="bob.example")
    refused_to(open_house, "alice", NotFound, "record_list", origin="dyn.example")


@pytest.mark.parametrize("limit", [0, 101])
def test_pages_have_a_limit(filled: House, limit: int) -> None:
    refused(filled, Invalid, "record_list", origin="example.net", limit=limit)
