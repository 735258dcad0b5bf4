"""Operations on zones, imports and scans, and their refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from ddns.api.caller import Caller
from ddns.api.errors import ApiError, Conflict, Invalid, NotFound, TooMany
from ddns.model import names, records
from ddns.model.account import ZoneInfo
from ddns.model.records import SOA, pack_rdatas
from ddns.model.rows import pack_rows
from ddns.policy.authorize import has_whole_zone
from tests.api.refusing import refused
from tests.house import HOME, ORIGIN, House, change, update

# Zones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["given to nobody", "given to another", "removed"])
def test_a_zone_that_is_taken_goes_from_keys(filled: House, taken: str) -> None:
    """It was its owner's to give, and is for all of the zone if it is the operator's after that;
    what the operator gives of his own stays given."""

    def keys() -> list[Any]:
        found: list[Any] = filled.api("key_list", account="alice")["keys"]
        return [key["zones"] for key in found[1:]]

    filled.api("account_add", name="bob")
    filled.api("zone_add", origin="own.test", account="alice")
    key = filled.person("alice", "key_add", zones=["own.test"])["key"]
    filled.api("key_add", account="alice", zones=["own.test", "example.net"])
    if taken == "removed":
        filled.api("zone_remove", origin="own.test")
        filled.api("zone_add", origin="own.test")
    else:
        filled.api("zone_set", origin="own.test", account="alice", addresses="public")
        assert keys() == [["own.test"], ["example.net", "own.test"]]
        filled.api("zone_set", origin="own.test", account="" if "nobody" in taken else "bob")
        filled.api("zone_set", origin="own.test", account="")
    assert keys() == [[], ["example.net"]]
    left = filled.directory.key(key)
    assert left is not None
    assert left.zones == frozenset()
    zone = ZoneInfo(names.from_text("own.test"), 1)
    assert not has_whole_zone(left, zone)
    filled.api("zone_set", origin="example.net", account="bob")
    assert keys() == [[], ["example.net"]]


def test_a_zone(house: House) -> None:
    assert house.api("zone_list") == {"zones": []}
    assert house.api("zone_add", origin="Example.NET.") == {
        "origin": "example.net",
        "serial": 1,
        "account": None,
        "addresses": "any",
        "registration": "closed",
    }
    zone = house.zones.get(ORIGIN)
    assert zone is not None
    soa, ns = zone.rrset(ORIGIN, SOA), zone.rrset(ORIGIN, records.NS)
    assert soa is not None
    assert soa.ttl == 10
    assert records.rdata_to_text(SOA, soa.rdatas[0]) == (
        "ns1.example.net. hostmaster.example.net. 1 3600 600 1209600 10"
    )
    assert ns is not None
    assert [records.rdata_to_text(records.NS, rdata) for rdata in ns.rdatas] == ["ns1.example.net."]
    assert house.api("zone_remove", origin="example.net")["origin"] == "example.net"
    assert house.api("zone_list") == {"zones": []}


def test_a_zone_with_name_servers_and_owner(house: House) -> None:
    house.api("account_add", name="alice")
    servers = [
        {"name": "ns.example.net", "address": "192.0.2.1"},
        {"name": "ns.example.net", "address": "2001:db8::1"},
        {"name": "ns.other.example"},
    ]
    added = house.api("zone_add", origin="example.net", ns=servers, account="Alice")
    assert added["account"] == "alice"
    server = names.from_text("ns.example.net")
    assert house.answers(server, records.A) == ["192.0.2.1"]
    assert house.answers(server, records.AAAA) == ["2001:db8::1"]
    (outcome,) = house.update(update("alice", "x", change("example.net", "192.0.2.9")))
    assert outcome.refusal is not None


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"origin": "example.net"}, Conflict),
        ({"origin": ""}, Invalid),
        ({"origin": "@"}, Invalid),
        ({"origin": "a..b"}, Invalid),
        ({"origin": "new.example", "account": "nobody"}, NotFound),
        ({"origin": "new.example", "account": "not a name"}, Invalid),
        ({"origin": "new.example", "ns": [{"name": "ns_1.new.example"}]}, Invalid),
        ({"origin": "new.example", "ns": [{"address": "192.0.2.1"}]}, Invalid),
        ({"origin": "new.example", "ns": [{"name": None}]}, Invalid),
        ({"origin": "new.example", "ns": [{"name": "a.b", "adress": "192.0.2.1"}]}, Invalid),
        ({"origin": "new.example", "registration": ""}, Invalid),
        ({"origin": "new.example", "ns": [{"name": "a.b", "address": "x"}]}, Invalid),
        ({"origin": "new.example", "ns": [{"name": "a.b", "address": "192.0.2.1"}]}, Invalid),
        ({"origin": "home.example.net"}, Conflict),  # a host would be hidden
        ({"origin": ".".join(["a" * 63] * 3 + ["a" * 58])}, Invalid),  # no room for ns1
    ],
)
def test_zones_that_cannot_be(filled: House, arguments: dict[str, Any], kind: type) -> None:
    refused(filled, kind, "zone_add", **arguments)


def test_unknown_zones(filled: House) -> None:
    for operation in ("zone_remove", "zone_scan"):
        refused(filled, NotFound, operation, origin="none.example")


def test_a_zone_below_another(filled: House) -> None:
    filled.api("zone_add", origin="sub.example.net")
    filled.api("host_add", name="a.sub.example.net", account="alice")
    assert filled.api("host_show", name="a.sub.example.net")["zone"] == "sub.example.net"


# Import and export -----------------------------------------------------------------------------


async def nothing() -> None:
    """What happens between the SOA and the rest, if nothing does."""


def scan(house: House, between: Callable[[], Awaitable[Any]] = nothing) -> tuple[Any, list[Any]]:
    async def work() -> tuple[Any, list[Any]]:
        soa, scan = await house.operations.zone_scan("example.net")
        rows = []
        await between()
        while scanned := await scan.next():
            rows += [row for part in scanned for row in part.rows]
        await scan.close()
        return soa, rows

    found: tuple[Any, list[Any]] = house.running.call(work)
    return found


def test_a_scan_begins_with_the_soa_and_its_serial(filled: House) -> None:
    soa, rows = scan(filled)
    assert soa[:2] == (ORIGIN, SOA)
    (rdata,) = records.unpack_rdatas(soa[3])
    assert records.soa_serial(rdata) == filled.in_memory()[0]  # type: ignore[index]
    assert [row[1] for row in rows] == [records.NS, SOA]


def test_a_scan_does_not_mix_a_serial_with_later_records(filled: House) -> None:
    _, before = scan(filled)
    set_one = partial(filled.operations.record_set, "www.example.net", "A", ["192.0.2.1"])
    soa, rows = scan(filled, between=set_one)
    assert rows == before
    (rdata,) = records.unpack_rdatas(soa[3])
    assert records.soa_serial(rdata) + 1 == filled.in_memory()[0]  # type: ignore[index]


def test_what_was_scanned_can_be_imported(filled: House) -> None:
    _, rows = scan(filled)
    done = filled.api("zone_import", origin="example.net", rows=pack_rows(rows), stage="s")
    assert done == {"origin": "example.net", "written": 0, "removed": 0, "skipped": 0}


def test_owners_read_one_whole_zone_at_a_time(open_house: House) -> None:
    house = open_house
    bobs = house.operations.acting_for(Caller("bob"), "web")

    async def work() -> None:
        soa, first = await bobs.zone_scan("bob.example")
        assert soa[1] == SOA
        with pytest.raises(TooMany):
            await bobs.zone_scan("bob.example")
        _, operators = await house.operations.zone_scan("bob.example")
        await operators.close()
        assert [part.last for part in await first.next()] == [True]
        await first.close()
        _, again = await bobs.zone_scan("bob.example")
        await again.close()

    house.running.call(work)


SOA_ROW = (ORIGIN, SOA, 10, pack_rdatas([ORIGIN + ORIGIN + bytes(20)]))


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        (b"\x01", {}),
        (pack_rows([(b"\x01a\x00", 1, 10, b"\x00\x04abcd")]), {}),
        (pack_rows([(HOME, SOA, *SOA_ROW[2:])]), {}),
        (pack_rows([SOA_ROW, (HOME, 41, 10, pack_rdatas([b""]))]), {}),
        (pack_rows([SOA_ROW, (HOME, 255, 10, pack_rdatas([b""]))]), {}),
        (pack_rows([(ORIGIN, SOA, 10, b"\x00\x01a")]), {}),
        (pack_rows([SOA_ROW]), {"serial": 2**32}),
        (pack_rows([SOA_ROW]), {"serial": -1}),
        (b"", {}),  # no SOA in what is to be the zone
        (pack_rows([(HOME, 1, 10, b"\x00\x04abcd")]), {}),
        (b"", {"origin": "new.example"}),
        (pack_rows([(names.from_text("home.example.net"), SOA, *SOA_ROW[2:])]),
         {"origin": "home.example.net"}),
    ],
)  # fmt: skip
def test_imports_that_cannot_be(filled: House, rows: bytes, more: dict[str, Any]) -> None:
    call = {"origin": "example.net", "stage": "s", "rows": rows, **more}
    kind = Conflict if call["origin"] == "home.example.net" else Invalid
    refused(filled, kind, "zone_import", **call)


def test_one_name_and_type_in_two_rows(filled: House) -> None:
    row = (HOME, 1, 10, b"\x00\x04abcd")
    refused(
        filled, ApiError, "zone_import", origin="example.net", rows=pack_rows([row, row]), stage="s"
    )


def test_a_zone_that_is_changed(filled: House) -> None:
    before = filled.on_disk()
    changed = filled.api("zone_set", origin="example.net", addresses="public")
    (listed,) = filled.api("zone_list")["zones"]
    assert changed == listed
    assert changed["addresses"] == "public"
    assert filled.api("zone_set", origin="example.net", account="alice")["account"] == "alice"
    changed = filled.api("zone_set", origin="example.net", account="")
    assert (changed["account"], changed["addresses"]) == (None, "public")
    assert filled.on_disk() == before  # these are no records
    refused(filled, NotFound, "zone_set", origin="none.example", addresses="any")
    refused(filled, NotFound, "zone_set", origin="example.net", account="nobody")
    refused(filled, Invalid, "zone_set", origin="example.net", addresses="some")
    refused(filled, Invalid, "zone_add", origin="new.example", addresses="")
