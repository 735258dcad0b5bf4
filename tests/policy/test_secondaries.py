"""Who the secondaries of a zone are, and what a catalog says of it."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.records import PTR, TXT, rdata_to_text
from ddns.model.secondaries import secondary
from ddns.policy import catalog
from ddns.policy.secondaries import Secondaries

ORIGIN = names.from_text("example.net")
CATALOG = names.from_text("catalog.invalid")
ONE, TWO, KEYED = map(secondary, ("192.0.2.1", "192.0.2.2", "192.0.2.1,xfr.example"))


def test_they_come_and_go_with_their_zone() -> None:
    known = Secondaries()
    assert known.of(ORIGIN) == []
    listed = (secondary("192.0.2.1"), secondary("192.0.2.2,key.example"))
    zone = ZoneInfo(ORIGIN, 1, secondaries=listed)
    known.put(zone)
    assert known.of(ORIGIN) == list(listed)
    assert known.zone(ORIGIN) is zone
    known.put(ZoneInfo(ORIGIN, 1))
    assert known.of(ORIGIN) == []
    known.remove(ORIGIN)
    known.remove(ORIGIN)
    assert known.zone(ORIGIN) is None


def test_of_the_zone_and_of_the_catalogs() -> None:
    secondaries = Secondaries()
    assert secondaries.of(ORIGIN) == []
    secondaries.put(ZoneInfo(ORIGIN, 1))
    assert secondaries.of(ORIGIN) == []
    secondaries.put(ZoneInfo(CATALOG, 1, secondaries=(ONE, TWO), catalog=True))
    assert secondaries.of(ORIGIN) == secondaries.of(CATALOG) == [ONE, TWO]
    secondaries.put(ZoneInfo(ORIGIN, 1, secondaries=(KEYED,)))
    assert secondaries.of(ORIGIN) == [KEYED, TWO], "its own key counts"
    assert secondaries.of(CATALOG) == [ONE, TWO]
    assert sorted(secondaries) == sorted((ORIGIN, CATALOG))
    secondaries.remove(CATALOG)
    secondaries.remove(CATALOG)
    assert secondaries.of(ORIGIN) == [KEYED]
    assert secondaries.of(CATALOG) == []


def test_a_catalog_has_the_zones_of_no_other_catalog() -> None:
    secondaries = Secondaries()
    other = names.from_text("other.invalid")
    secondaries.put(ZoneInfo(CATALOG, 1, secondaries=(ONE,), catalog=True))
    secondaries.put(ZoneInfo(other, 1, secondaries=(TWO,), catalog=True))
    assert secondaries.of(CATALOG) == [ONE]
    assert secondaries.of(ORIGIN) == []
    secondaries.put(ZoneInfo(ORIGIN, 1))
    assert secondaries.of(ORIGIN) == [ONE, TWO]


def test_the_entry_of_a_zone() -> None:
    zone = ZoneInfo(ORIGIN, 1, created=1234.5)
    entry = catalog.entry(CATALOG, zone)
    assert (entry.type, rdata_to_text(PTR, entry.rdatas[0])) == (PTR, "example.net.")
    label, *above = names.to_text(entry.owner).split(".")
    assert above == ["zones", "catalog", "invalid"]
    assert len(label) == 32
    changed = dataclasses.replace(zone, serial=9, account="bob", secondaries=(ONE,))
    assert catalog.entry(CATALOG, changed) == entry, "it stays"
    again = dataclasses.replace(zone, created=1235.0)
    assert catalog.entry(CATALOG, again).owner != entry.owner, "added again it is another"
    other = dataclasses.replace(zone, origin=names.from_text("example.org"))
    assert catalog.entry(CATALOG, other).owner != entry.owner


def test_the_version_of_a_catalog() -> None:
    version = catalog.version(CATALOG)
    assert (names.to_text(version.owner), version.type) == ("version.catalog.invalid", TXT)
    assert rdata_to_text(TXT, version.rdatas[0]) == '"2"'


@pytest.mark.parametrize(("last", "fits"), [(16, True), (17, False)])
def test_an_origin_that_leaves_no_room(last: int, fits: bool) -> None:
    origin = names.from_text(".".join(["a" * 63] * 3 + ["b" * last]))
    if fits:
        assert catalog.version(origin)
    else:
        with pytest.raises(names.BadName):
            catalog.version(origin)
