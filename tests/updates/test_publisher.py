"""What was committed is what is answered: at the start, after commits, while a zone is loaded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from ddns.api.errors import ApiError, Conflict, Invalid
from ddns.model import names
from ddns.model.records import SOA, RRset, pack_rdatas
from ddns.model.rows import Row, pack_rows
from ddns.model.update import Credentials, Status
from ddns.store.interfaces import StoreError
from ddns.zone.zone import Zone
from tests.house import HOME, ORIGIN, House, all_committed, change, house_at, until, update
from tests.net.reactors import RunningReactor
from tests.store.sqlite.blocking import logged
from tests.updates.gated import Gated


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield house


def soa(house: House) -> Row:
    found = house.on_disk()
    assert found is not None
    return next(row for row in found[1] if row[1] == SOA)


def hosts_rows(count: int, last: int = 1) -> list[Row]:
    packed = pack_rdatas([bytes((192, 0, 2, last))])
    return [(names.from_text(f"h{n}.example.net"), 1, 60, packed) for n in range(count)]


def agree(house: House, origin: bytes = ORIGIN) -> bool:
    return house.in_memory(origin) == house.on_disk(origin)


def test_everything_is_there_after_a_start(running: RunningReactor, tmp_path: Path) -> None:
    with house_at(running, tmp_path / "ddns.sqlite") as first:
        first.load()
        key = first.fill()
        first.api("zone_add", origin="other.example")
        first.update(update("alice", key, change("home.example.net", "192.0.2.1")))
        expected = first.in_memory()
    with house_at(running, tmp_path / "ddns.sqlite") as second:
        assert len(second.zones) == 0
        second.load()
        assert second.in_memory() == expected
        assert second.answers() == ["192.0.2.1"]
        assert len(second.zones) == 2
        assert second.directory.by_key(Credentials("alice", key)) is not None
        assert second.directory.account("alice") is not None


def test_changes_of_every_kind_are_followed(house: House) -> None:
    key = house.fill()
    assert agree(house)
    house.api("record_set", owner="www.example.net", type="A", rdatas=["192.0.2.5"])
    assert house.answers(names.from_text("www.example.net")) == ["192.0.2.5"]
    house.api("record_delete", owner="www.example.net")
    assert house.answers(names.from_text("www.example.net")) == []
    house.update(update("alice", key, change("home.example.net", "192.0.2.1")))
    house.api("host_remove", name="home.example.net")
    assert house.answers() == []
    assert agree(house)
    house.api("account_remove", name="alice")
    assert house.directory.account("alice") is None
    assert house.directory.by_key(Credentials("alice", key)) is None
    house.api("zone_remove", origin="example.net")
    assert house.in_memory() is None
    house.api("zone_add", origin="example.net")
    assert agree(house)


@pytest.mark.parametrize("count", [10, 3000])
def test_an_import_is_answered_when_it_is_done(house: House, count: int) -> None:
    house.fill()
    rows = [soa(house), *hosts_rows(count)]
    house.api("zone_import", origin="example.net", rows=pack_rows(rows), stage="s", serial=77)
    assert agree(house)
    assert house.in_memory()[0] == 77  # type: ignore[index]
    assert house.answers(names.from_text(f"h{count - 1}.example.net")) == ["192.0.2.1"]


def test_a_new_zone_is_imported_in_pieces(house: House) -> None:
    house.fill()
    soa_row = (names.from_text("new.example"), *soa(house)[1:])
    rows = [(names.from_text(f"h{n}.new.example"), *hosts_rows(1)[0][1:]) for n in range(3000)]
    call = {"origin": "new.example", "stage": "s", "serial": 5}
    house.api("zone_import", rows=pack_rows(rows), last=False, **call)
    assert house.in_memory(names.from_text("new.example")) is None
    with pytest.raises(Conflict):
        house.api("zone_import", rows=pack_rows([soa_row]), part=2, **call)
    house.api("zone_import", rows=pack_rows(rows), last=False, **{**call, "stage": "t"})
    house.api("zone_import", rows=pack_rows([soa_row]), part=1, **{**call, "stage": "t"})
    assert agree(house, names.from_text("new.example"))
    assert house.in_memory(names.from_text("new.example"))[0] == 5  # type: ignore[index]


def test_more_records_than_a_message_holds(house: House) -> None:
    house.fill()
    many = [f"10.{n >> 8}.{n & 255}.1" for n in range(5000)]
    with pytest.raises(Invalid):
        house.api("record_set", owner="x.example.net", type="A", rdatas=many)
    packed = pack_rdatas([bytes((10, n >> 8, n & 255, 1)) for n in range(5000)])
    rows = pack_rows([soa(house), (names.from_text("x.example.net"), 1, 10, packed)])
    with pytest.raises(Invalid):
        house.api("zone_import", origin="example.net", rows=rows, stage="s")
    assert agree(house)


def test_an_event_that_cannot_be_applied(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its commit are answered, and its zone is loaded anew."""
    key = house.fill()
    house.api("zone_add", origin="other.example")
    zone = house.zones.get(ORIGIN)
    assert zone is not None

    def refuse(self: Zone, rrset: RRset) -> None:
        if self is zone:
            raise ValueError("no")
        put(self, rrset)

    put = Zone.put
    monkeypatch.setattr(Zone, "put", refuse)
    (outcome,) = house.update(update("alice", key, change("home.example.net", "192.0.2.9")))
    assert outcome.results[0].status is Status.GOOD
    assert house.zones.get(ORIGIN) is not zone
    assert house.answers() == ["192.0.2.9"]
    assert agree(house)


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        ("update rrset set rdatas = x''", "zone example.net cannot be loaded, it is malformed"),
        ("update rrset set ttl = -1", "zone example.net cannot be loaded, it is malformed"),
        ("update zone set serial = -1", "zone example.net cannot be loaded, it is malformed"),
        ("update zone set origin = x'3f'", "zone 3f cannot be loaded, it is malformed"),
    ],
)
def test_a_malformed_value_costs_a_line(
    running: RunningReactor, tmp_path: Path, statement: str, about: str
) -> None:
    malformed(running, tmp_path, statement)
    with house_at(running, tmp_path / "ddns.sqlite") as house, logged() as lines:
        house.load()
    (line,) = lines
    assert about in line
    assert "Traceback" not in line


@pytest.mark.parametrize(
    "statement", ["update key set kind = 'x'", "update zone set registration = 'x'"]
)
def test_a_malformed_value_that_keeps_it_from_starting(
    running: RunningReactor, tmp_path: Path, statement: str
) -> None:
    malformed(running, tmp_path, statement)
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        with pytest.raises(StoreError, match="the database has a malformed value") as raised:
            house.load()
        assert str(raised.value).isprintable()


def malformed(running: RunningReactor, folder: Path, statement: str) -> None:
    """Leave a database in which *statement* was executed."""
    with house_at(running, folder / "ddns.sqlite") as house:
        house.load()
        house.fill()
    with closing(sqlite3.connect(folder / "ddns.sqlite")) as connection, connection:
        connection.execute(statement)


def test_updates_while_a_zone_is_imported(house: House) -> None:
    key = house.fill()
    house.api("host_add", name="b.example.net", account="alice")
    rows = pack_rows([soa(house), *hosts_rows(2500)])

    async def work() -> None:
        gated = Gated(house)
        imported = Deferred.fromCoroutine(
            house.operations.zone_import("example.net", rows, "s", serial=77)
        )
        begun = []
        for step in range(4):
            await until(house, lambda: gated.waiting, "the scan waits to go on")
            for name in ("home", "b"):
                one = update("alice", key, change(f"{name}.example.net", f"192.0.2.{step + 1}"))
                begun.append(Deferred.fromCoroutine(house.updater.perform(one)))
            begun.append(
                Deferred.fromCoroutine(
                    house.operations.record_set(f"h{step}.example.net", "A", ["203.0.113.9"])
                )
            )
            await all_committed(house)
            gated.step()
        gated.let_on()
        for one in [*begun, imported]:
            await one

    house.running.call(work)
    assert house.answers() == ["192.0.2.4"]
    assert house.answers(names.from_text("h3.example.net")) == ["203.0.113.9"]
    assert house.answers(names.from_text("h9.example.net")) == ["192.0.2.1"]
    assert agree(house)


def test_the_old_data_is_answered_while_the_new_is_loaded(house: House) -> None:
    key = house.fill()
    house.update(update("alice", key, change("home.example.net", "192.0.2.1")))
    rows = pack_rows([soa(house), *hosts_rows(2500)])

    async def work() -> None:
        gated = Gated(house)
        imported = Deferred.fromCoroutine(
            house.operations.zone_import("example.net", rows, "s", serial=77)
        )
        await until(house, lambda: gated.waiting, "the scan waits to go on")
        zone = house.zones.find(HOME)
        assert zone is not None
        assert zone.rrset(HOME, 1) is not None
        assert zone.rrset(names.from_text("h0.example.net"), 1) is None
        gated.let_on()
        await imported

    house.running.call(work)
    assert agree(house)


@pytest.mark.parametrize("back", ["gone", "again"])
def test_a_zone_that_is_removed_while_it_is_loaded(house: House, back: str) -> None:
    house.fill()
    rows = pack_rows([soa(house), *hosts_rows(2500)])

    async def work() -> None:
        gated = Gated(house)
        begun = [
            Deferred.fromCoroutine(house.operations.zone_import("example.net", rows, "s")),
        ]
        await all_committed(house)
        begun.append(Deferred.fromCoroutine(house.operations.zone_remove("example.net")))
        await all_committed(house)
        assert house.zones.get(ORIGIN) is None
        if back == "again":
            begun.append(Deferred.fromCoroutine(house.operations.zone_add("example.net")))
            await all_committed(house)
        gated.let_on()
        for one in begun:
            await one

    house.running.call(work)
    assert agree(house)
    assert (house.in_memory() is None) == (back == "gone")


def test_a_second_import_while_the_first_is_loaded(house: House) -> None:
    house.fill()
    first = pack_rows([soa(house), *hosts_rows(2500, 1)])
    second = pack_rows([soa(house), *hosts_rows(2600, 2)])

    async def work() -> None:
        gated = Gated(house)
        begun = []
        for stage, rows in (("a", first), ("b", second)):
            begun.append(
                Deferred.fromCoroutine(house.operations.zone_import("example.net", rows, stage))
            )
            await all_committed(house)
            await until(house, lambda: gated.waiting, "the scan waits to go on")
            gated.step()
        gated.let_on()
        for one in begun:
            await one

    house.running.call(work)
    assert agree(house)
    assert house.answers(names.from_text("h2599.example.net")) == ["192.0.2.2"]


def test_a_load_that_fails_is_told_and_tried_again(house: House) -> None:
    key = house.fill()
    rows = pack_rows([soa(house), *hosts_rows(2500)])

    async def work() -> None:
        gated = Gated(house)
        gated.fails = True
        imported = Deferred.fromCoroutine(
            house.operations.zone_import("example.net", rows, "s", serial=77)
        )
        await until(house, lambda: gated.waiting, "the scan waits to go on")
        assert house.publisher.behind() == (1, 0)
        gated.step()
        with pytest.raises(ApiError, match="the disk is gone"):
            await imported
        assert house.publisher.behind() == (0, 1)
        gated.fails = False
        gated.open = True
        outcome = await house.updater.perform(
            update("alice", key, change("home.example.net", "192.0.2.1"))
        )
        assert outcome.results
        assert house.publisher.behind() == (0, 0)

    house.running.call(work)
    assert agree(house)
    assert house.answers() == ["192.0.2.1"]


def test_waiting_for_nothing_takes_no_time(house: House) -> None:
    house.fill()

    def ask() -> list[bool]:
        published = house.publisher.published
        origins = (frozenset(), frozenset({ORIGIN}), frozenset({b"\x00"}))
        return [published(one).called for one in origins]

    assert house.running.call(ask) == [True, True, True]
