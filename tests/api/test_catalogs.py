"""Catalogs are what the list of zones is, and zones are shown with their secondaries."""

from __future__ import annotations

import pytest

from ddns.api.errors import Conflict, Forbidden, Invalid, NotFound
from ddns.model import names, records
from ddns.model.records import NS, PTR, SOA, TXT, RRset
from ddns.model.rows import pack_rows
from ddns.model.secondaries import SecondaryState, secondary
from tests.api.refusing import refused
from tests.house import ORIGIN, House

CATALOG = names.from_text("catalog.invalid")
B = names.from_text("b.example")


def members(house: House, origin: bytes = CATALOG) -> dict[str, str]:
    """Unique labels by the zones that a catalog lists, as DNS has them."""
    rrsets = house.running.call(lambda: list(house.zones.origins[origin].rrsets()))
    found = [(rrset.owner, names.to_text(rrset.rdatas[0])) for rrset in rrsets if rrset.type == PTR]
    return {zone: names.to_text(owner).split(".")[0] for owner, zone in found}


def owners(house: House) -> list[str]:
    """All names in the catalog that DNS has."""
    return house.running.call(lambda: [*map(names.to_text, house.zones.origins[CATALOG].nodes)])


def serial(house: House, origin: bytes = CATALOG) -> int:
    found: int = house.running.call(lambda: house.zones.origins[origin].serial)
    return found


def rows(origin: bytes, *more: RRset) -> bytes:
    soa = records.rdata_from_text(SOA, "ns1.example. hostmaster.example. 5 3600 600 1209600 10")
    rrsets = [RRset(origin, SOA, 10, (soa,)), *more]
    return pack_rows([(r.owner, r.type, r.ttl, records.pack_rdatas(r.rdatas)) for r in rrsets])


def test_the_smallest_catalog(filled: House) -> None:
    added = filled.api(
        "zone_add", origin="catalog.invalid", catalog=True, secondaries=["192.0.2.53"]
    )
    assert (added["catalog"], added["secondaries"]) == (True, ["192.0.2.53"])
    rrsets = filled.running.call(lambda: list(filled.zones.origins[CATALOG].rrsets()))
    (label,) = members(filled).values()
    assert sorted(
        (names.to_text(r.owner), r.type, records.rdata_to_text(r.type, r.rdatas[0])) for r in rrsets
    ) == [
        (f"{label}.zones.catalog.invalid", PTR, "example.net."),
        ("catalog.invalid", NS, "invalid."),
        ("catalog.invalid", SOA, "invalid. hostmaster.catalog.invalid. 1 3600 600 1209600 10"),
        ("version.catalog.invalid", TXT, '"2"'),
    ]
    assert "catalog" not in filled.api("zone_list")["zones"][1]


def test_zones_that_come_and_go(filled: House) -> None:
    for origin in ("catalog.invalid", "other.invalid"):
        filled.api("zone_add", origin=origin, catalog=True)
    assert members(filled).keys() == {"example.net"}
    filled.api("zone_add", origin="dyn.example")
    filled.api("zone_import", origin="b.example", rows=rows(B), stage="s")
    assert serial(filled) == 3
    before = members(filled)
    assert before.keys() == {"example.net", "dyn.example", "b.example"}
    assert len(set(before.values())) == 3
    assert members(filled, names.from_text("other.invalid")) == before
    filled.api("zone_import", origin="b.example", rows=rows(B), stage="s")
    filled.api("zone_set", origin="dyn.example", addresses="public")
    assert serial(filled) == 3
    group = f"group.{before['dyn.example']}.zones.catalog.invalid"
    filled.api("record_set", owner=group, type="TXT", rdatas=["dynamic"])
    filled.api("zone_remove", origin="dyn.example")
    assert members(filled).keys() == {"example.net", "b.example"}
    assert group not in owners(filled)
    filled.time += 1
    added = filled.api("zone_add", origin="dyn.example")
    assert added["serial"] == serial(filled, names.from_text("dyn.example")) == 2
    assert members(filled)["dyn.example"] != before["dyn.example"]
    assert members(filled)["b.example"] == before["b.example"]
    filled.api("zone_remove", origin="other.invalid")
    assert members(filled).keys() == {"example.net", "b.example", "dyn.example"}
    assert filled.in_memory(CATALOG) == filled.on_disk(CATALOG)


def test_what_fails_leaves_the_catalog_as_it_was(filled: House) -> None:
    filled.api("zone_add", origin="catalog.invalid", catalog=True)
    bad = rows(names.from_text("new.example"))[:-1]
    refused(filled, Invalid, "zone_import", origin="new.example", rows=bad, stage="s")
    refused(filled, Conflict, "zone_add", origin="example.net")
    assert (members(filled).keys(), serial(filled)) == ({"example.net"}, 1)


def test_what_a_catalog_is_not(filled: House) -> None:
    zone = {"origin": "catalog.invalid", "catalog": True}
    for more in (
        {"ns": [{"name": "ns1.example"}]},
        {"account": "alice"},
        {"registration": "open"},
        {"origin": ".".join(["a" * 63] * 3 + ["b" * 20])},
        {"secondaries": ["192.0.2.1#0"]},
    ):
        refused(filled, Invalid, "zone_add", **{**zone, **more})
    filled.api("zone_add", **zone)
    for changed in ({"account": "alice"}, {"registration": "open"}, {"addresses": "public"}):
        refused(filled, Conflict, "zone_set", origin="catalog.invalid", **changed)
    filled.api("zone_set", origin="catalog.invalid", secondaries=["192.0.2.1"])
    replaced = rows(CATALOG)
    refused(filled, Conflict, "zone_import", origin="catalog.invalid", rows=replaced, stage="s")
    assert members(filled).keys() == {"example.net"}


def test_a_zone_is_shown(filled: House) -> None:
    following = secondary("192.0.2.53#5353,xfr.example")

    async def states(origin: bytes) -> list[SecondaryState]:
        assert origin == ORIGIN
        return [
            SecondaryState(following, 1, 2.5, 1000.0),
            SecondaryState(following, problem="REFUSED"),
        ]

    filled.operations._secondary_states = states
    filled.api("zone_set", origin="example.net", secondaries=[str(following)])
    assert filled.api("zone_show", origin="example.net") == {
        "origin": "example.net",
        "serial": 1,
        "account": None,
        "addresses": "any",
        "registration": "closed",
        "secondaries": ["192.0.2.53#5353,xfr.example"],
        "created": "1970-01-01T00:16:40.000+00:00",
        "rrsets": 2,
        "followed_by": [
            {
                "secondary": "192.0.2.53#5353,xfr.example",
                "serial": 1,
                "seconds_behind": 2.5,
                "told": "1970-01-01T00:16:40.000+00:00",
                "problem": None,
            },
            {
                "secondary": "192.0.2.53#5353,xfr.example",
                "serial": None,
                "seconds_behind": None,
                "told": None,
                "problem": "REFUSED",
            },
        ],
    }


def test_who_is_shown_a_zone(open_house: House) -> None:
    assert open_house.person("bob", "zone_show", origin="bob.example")["rrsets"] == 2
    for origin in ("dyn.example", "example.net", "none.example"):
        with pytest.raises(NotFound):
            open_house.person("bob", "zone_show", origin=origin)
    with pytest.raises(Forbidden):
        open_house.person("bob", "zone_set", origin="bob.example", secondaries=["192.0.2.1"])
