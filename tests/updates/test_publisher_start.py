"""Many zones at a start: how often the store is asked, and what happens to them meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dns.edns import EDECode
from dns.message import from_wire, make_query
from dns.rcode import to_text
from twisted.internet.defer import Deferred

from ddns.api.zones import initial_rrsets
from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.journal import Author
from ddns.model.records import RRset, pack_rdatas
from ddns.model.rows import pack_rows
from ddns.store.interfaces import ITransaction
from ddns.updates.publisher import QUICK
from ddns.zone.engine import Engine
from tests.house import House, all_committed, house_at, until
from tests.net.reactors import RunningReactor
from tests.updates.gated import Gated

ORIGINS = [names.from_text(f"z{number:03}.example") for number in range(300)]


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    """One with many zones, that has loaded nothing yet."""
    with house_at(running, tmp_path / "ddns.sqlite") as house:

        def work(transaction: ITransaction) -> None:
            for number, origin in enumerate(ORIGINS):
                transaction.put_zone(ZoneInfo(origin, 7 + number, None, 0.0))
                for rrset in initial_rrsets(origin, []):
                    transaction.put_rrset(origin, rrset)
                for host in (b"\x01a", b"\x01b", b"\x01c"):
                    transaction.put_rrset(origin, RRset(host + origin, 1, 60, (bytes(4),)))

        running.call(house.store.transact, Author("operator", "test", 0.0), work)
        yield house


def agree(house: House, *origins: bytes) -> bool:
    return all(house.in_memory(origin) == house.on_disk(origin) for origin in origins)


def begin(house: House, operation: str, **arguments: Any) -> Deferred[Any]:
    return Deferred.fromCoroutine(getattr(house.operations, operation)(**arguments))


def replacement(zone: str) -> dict[str, Any]:
    """An import of so many records that the journal has one event of it."""
    origin = names.from_text(zone)
    rrsets = [*initial_rrsets(origin, [])]
    rrsets += [RRset(b"\x05%05d" % number + origin, 1, 60, (bytes(4),)) for number in range(2500)]
    rows = [(one.owner, one.type, one.ttl, pack_rdatas(one.rdatas)) for one in rrsets]
    return {"origin": zone, "rows": pack_rows(rows), "stage": zone, "serial": 5000}


def test_the_store_is_asked_by_rows_and_not_by_zones(house: House) -> None:
    gated = Gated(house)
    gated.let_on()
    house.load()
    rows = 5 * len(ORIGINS)
    assert (gated.scans, gated.turns) == (1, rows // QUICK + 2)
    assert len(house.zones) == len(ORIGINS)
    assert agree(house, *ORIGINS)


def test_changes_while_many_zones_are_loaded(house: House) -> None:
    """They are answered, whether the zone is in place already or not."""

    async def work() -> None:
        gated = Gated(house)
        loaded = Deferred.fromCoroutine(house.publisher.load())
        await until(house, lambda: gated.waiting, "the scan waits for its first rows")
        assert house.publisher.behind() == (len(ORIGINS), 0)
        gated.step()
        await until(house, lambda: gated.waiting, "the scan waits to go on")
        assert house.zones.get(ORIGINS[3]) is not None
        assert house.zones.get(ORIGINS[-3]) is None
        begun = [loaded, begin(house, "zone_add", origin="new.example")]
        for number in (0, 299):
            owner = f"x.z{number:03}.example"
            begun.append(begin(house, "record_set", owner=owner, type="A", rdatas=["192.0.2.9"]))
        for number in (1, 298, 2, 297):
            begun.append(begin(house, "zone_remove", origin=f"z{number:03}.example"))
        for number in (2, 297):
            begun.append(begin(house, "zone_add", origin=f"z{number:03}.example"))
        for number in (3, 296):
            begun.append(begin(house, "zone_import", **replacement(f"z{number:03}.example")))
        await all_committed(house)
        gated.let_on()
        for one in begun:
            await one

    house.running.call(work)
    assert house.publisher.behind() == (0, 0)
    assert len(house.zones) == len(ORIGINS) - 1
    assert agree(house, *ORIGINS, names.from_text("new.example"))
    for number in (0, 299):
        assert house.answers(names.from_text(f"x.z{number:03}.example")) == ["192.0.2.9"]


@pytest.mark.parametrize("number", [0, 150, 299])
def test_a_zone_that_cannot_be_read(house: House, number: int) -> None:
    """The others are answered all the same; the next commit to it tries again."""
    gated = Gated(house)
    gated.open, gated.spoilt = True, ORIGINS[number]
    house.load()
    assert house.publisher.behind() == (0, 1)
    assert house.zones.get(ORIGINS[number]) is None
    assert len(house.zones) == len(ORIGINS) - 1
    gated.spoilt = None
    owner = f"x.z{number:03}.example"
    assert refusal(house, owner) == ("SERVFAIL", [EDECode.NOT_READY])
    assert refusal(house, "example") == ("REFUSED", [EDECode.NOT_AUTHORITATIVE])
    house.api("record_set", owner=owner, type="A", rdatas=["192.0.2.9"])
    assert house.publisher.behind() == (0, 0)
    assert agree(house, *ORIGINS)
    assert house.zones.awaited == set()


def refusal(house: House, name: str) -> tuple[str, list[int]]:
    """The RCODE and the extended errors (RFC 8914) of the answer to a query."""
    reply = Engine(house.zones).respond(make_query(name, "A", use_edns=0).to_wire(), b"1234", True)
    assert isinstance(reply, bytes)
    answer = from_wire(reply)
    return to_text(answer.rcode()), [int(error.code) for error in answer.extended_errors()]


def test_a_zone_that_cannot_be_read_and_goes(house: House) -> None:
    gated = Gated(house)
    gated.open, gated.spoilt = True, ORIGINS[7]
    house.load()
    assert house.zones.awaited == {ORIGINS[7]}
    house.api("zone_remove", origin=names.to_text(ORIGINS[7]))
    assert refusal(house, "x.z007.example") == ("REFUSED", [EDECode.NOT_AUTHORITATIVE])
    assert house.zones.awaited == set()


def test_a_store_that_is_closed_is_asked_no_more(house: House) -> None:
    gated = Gated(house)

    async def work() -> None:
        loaded = Deferred.fromCoroutine(house.publisher.load())
        await until(house, lambda: gated.waiting, "the scan waits for its first rows")
        await house.store.close()
        gated.let_on()
        await loaded

    house.running.call(work)
    assert gated.scans == 1
    assert house.publisher.behind() == (0, len(ORIGINS))
