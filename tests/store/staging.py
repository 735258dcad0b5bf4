"""Part of the contract: a zone that is laid aside and then takes the place of what there was."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import EventKind
from ddns.model.records import CNAME, TXT
from ddns.model.rows import Row
from ddns.store.interfaces import ITransaction, StoreError
from ddns.store.results import StagedResult
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    Work,
    address,
    fill,
    put,
    row,
    rrset,
    soa_row,
)

WWW = names.from_text("www.example.net")
OLD = names.from_text("old.example.net")
WILD, ACME, _ = (label + HOME for label in names.BELOW_HOST)
X, Y = b"\x01x", b"\x01y"


def stage(*rows: Row, name: str = "s") -> Work:
    return lambda transaction: transaction.stage(name, rows)


def take(**options: object) -> Work:
    return lambda transaction: transaction.take_staged("s", ORIGIN, **options)


class StagingContract:
    """See the module; the fixtures are those of the contract."""

    def test_staged_rows_take_the_place_of_the_operators(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(rrset(OLD, TXT, X)))
        store.commit(put(rrset(WWW, TXT, X)))
        store.commit(stage(soa_row(99), row(WWW, TXT, Y)))
        store.commit(stage(row(WWW, 1, b"\xc0\0\x02\x09")))
        before = len(store.events)
        assert store.commit(take()).value == StagedResult(2, 1, 0)
        assert store.rows() == [row(WWW, 1, b"\xc0\0\x02\x09"), row(WWW, TXT, Y), soa_row()]
        told = store.events[before:]
        assert {event.kind for event in told} == {EventKind.RRSET}
        assert {(event.owner, event.type, event.after is None) for event in told} == {
            (OLD, TXT, True),
            (WWW, TXT, False),
            (WWW, 1, False),
        }
        assert next(event for event in told if event.type == TXT and event.after).before is not None

    def test_staging_alone_changes_nothing(self, store: Blocking) -> None:
        store.commit(fill)
        before = store.rows(), store.serial(), len(store.events)
        assert store.commit(stage(soa_row(), row(WWW, TXT, X))).zones == frozenset()
        store.commit(lambda t: t.drop_staged("s"))
        assert (store.rows(), store.serial(), len(store.events)) == before
        store.commit(stage(soa_row()))
        assert store.commit(take()).value == StagedResult(0, 0, 0)
        assert (store.rows(), store.serial(), len(store.events)) == before

    def test_stages_do_not_mix(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(stage(row(OLD, TXT, X), name="another"))
        store.commit(stage(soa_row(), row(WWW, TXT, X)))
        store.commit(take())
        assert [one[0] for one in store.rows()] == [WWW, ORIGIN]
        store.commit(stage(soa_row()))
        assert store.commit(take()).value == StagedResult(0, 1, 0)

    def test_one_name_and_type_twice_is_refused(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(stage(row(WWW, TXT, X)))
        with pytest.raises(StoreError):
            store.commit(stage(row(OLD, TXT, X), row(WWW, TXT, Y)))
        store.commit(stage(soa_row()))
        store.commit(take())
        assert [one[0] for one in store.rows()] == [WWW, ORIGIN]

    def test_what_is_refused_after_it_was_taken_changes_nothing(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.take_staged("s", ORIGIN)
            raise KeyError

        store.commit(fill)
        store.commit(stage(soa_row(), row(WWW, TXT, X)))
        before = store.rows(), store.serial()
        with pytest.raises(KeyError):
            store.commit(work)
        assert (store.rows(), store.serial()) == before

    # Hosts -----------------------------------------------------------------------------------

    def fill_hosts(self, store: Blocking) -> None:
        store.commit(fill)
        for owner in (HOME, WILD, ACME):
            store.commit(put(rrset(owner, TXT, X)))

    def test_records_of_hosts_stay(self, store: Blocking) -> None:
        self.fill_hosts(store)
        store.commit(stage(soa_row(), *(row(owner, TXT, Y) for owner in (HOME, WILD, ACME, WWW))))
        assert store.commit(take()).value == StagedResult(1, 0, 3)
        assert {one[0]: one[3] for one in store.rows() if one[1] == TXT} == {
            WWW: b"\0\x02" + Y,
            **dict.fromkeys((HOME, WILD, ACME), b"\0\x02" + X),
        }

    def test_other_types_at_a_hosts_names_are_left_out_as_well(self, store: Blocking) -> None:
        self.fill_hosts(store)
        store.commit(stage(soa_row(), row(WILD, CNAME, HOME), row(HOME, 1, bytes(4))))
        assert store.commit(take()).value == StagedResult(0, 0, 2)

    def test_records_of_hosts_may_be_replaced_on_demand(self, store: Blocking) -> None:
        self.fill_hosts(store)
        store.commit(stage(soa_row(), row(HOME, 1, bytes(4)), row(WILD, TXT, Y)))
        assert store.commit(take(replace_hosts=True)).value == StagedResult(2, 2, 0)
        assert {(one[0], one[1]) for one in store.rows()} == {(ORIGIN, 6), (HOME, 1), (WILD, TXT)}
        # They are the host's still: the next import leaves them alone.
        store.commit(stage(soa_row()))
        assert store.commit(take()).value == StagedResult(0, 0, 0)

    def test_records_become_the_hosts_when_it_is_added(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(rrset(names.WILDCARD + WWW, TXT, X)))
        store.commit(put(rrset(OLD, TXT, X)))
        store.commit(lambda t: t.put_host(Host(WWW, ORIGIN, "bob")))
        store.commit(stage(soa_row()))
        store.commit(take())
        assert [one[0] for one in store.rows()] == sorted([ORIGIN, names.WILDCARD + WWW])

    def test_glue_is_the_operators_though_a_host_of_the_zone_below_has_its_name(
        self, store: Blocking
    ) -> None:
        below = names.from_text("sub.example.net")
        host = names.from_text("ns.sub.example.net")
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(below, 1)))
        store.commit(put(address(host, 1)))
        store.commit(lambda t: t.put_host(Host(host, below, "alice")))
        store.commit(put(address(host, 1), below))
        store.commit(put(address(host, 2)))
        store.commit(stage(soa_row(), row(host, 1, b"\xc0\0\x02\x03")))
        assert store.commit(take()).value == StagedResult(1, 0, 0)
        assert store.read(lambda r: r.rrset(ORIGIN, host, 1)) == address(host, 3)
        store.commit(stage(soa_row()))
        assert store.commit(take()).value == StagedResult(0, 1, 0)
        assert store.read(lambda r: r.rrset(below, host, 1)) == address(host, 1)

    # Serials ---------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("serial", "changed", "then"),
        [
            (None, True, 8),
            (None, False, 7),
            (3, True, 8),
            (3, False, 7),
            (7, True, 8),
            (7, False, 7),
            (8, True, 8),
            (8, False, 8),
            (2024010100, True, 2024010100),
            (2024010100, False, 2024010100),
            (2**31 + 8, True, 8),  # neither later nor earlier (RFC 1982 3.2)
            (2**31 + 100, True, 8),  # earlier
            (0, True, 8),
        ],
    )
    def test_the_files_serial_counts_where_it_is_later(
        self, store: Blocking, serial: int | None, changed: bool, then: int
    ) -> None:
        store.commit(fill)
        store.commit(stage(soa_row(), *([row(WWW, TXT, X)] if changed else [])))
        store.commit(take(serial=serial))
        assert store.serial() == then
        assert [e.serial for e in store.events if e.serial is not None][-1] == then

    def test_a_serial_alone_makes_readers_take_the_zone_whole(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(stage(soa_row()))
        assert store.commit(take(serial=50)).zones == {ORIGIN}
        assert [(event.kind, event.zone) for event in store.commits[-1]] == [
            (EventKind.RELOAD, ORIGIN)
        ]

    def test_what_follows_in_the_commit_keeps_the_files_serial(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.put_rrset(ORIGIN, address(last=1))
            transaction.take_staged("s", ORIGIN, 50)
            transaction.put_rrset(ORIGIN, address(last=2))

        store.commit(fill)
        store.commit(stage(soa_row()))
        store.commit(work)
        assert store.serial() == 50
        store.commit(put(address(last=3)))
        assert store.serial() == 51

    def test_a_large_change_is_one_event(self, store: Blocking) -> None:
        owners = [names.from_text(f"h{number}.example.net") for number in range(3000)]
        store.commit(fill)
        store.commit(stage(soa_row(), *(row(owner, TXT, X) for owner in owners)))
        assert store.commit(take(serial=9)).value == StagedResult(3000, 0, 0)
        (event,) = store.commits[-1]
        assert (event.kind, event.zone, event.serial) == (EventKind.RELOAD, ORIGIN, 9)
        assert len(store.rows()) == 3001
