"""Part of the contract: walking over zones, and closing a store."""

from __future__ import annotations

import threading

import pytest

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.records import NS as NS_TYPE
from ddns.model.records import TXT
from ddns.store.interfaces import ITransaction, StoreClosed
from tests.store.sqlite.blocking import (
    AUTHOR,
    HOME,
    NS,
    ORIGIN,
    SOA_RDATA,
    Blocking,
    address,
    fill,
    put,
    row,
    rows_of,
    rrset,
    soa_row,
)

OTHER = names.from_text("other.example")


class LivingContract:
    """See the module; the fixtures are those of the contract."""

    # Vitals ----------------------------------------------------------------------------------

    def test_what_it_does_is_counted(self, store: Blocking) -> None:
        store.commit(fill)
        store.at_once(*(put(address(last=last)) for last in range(1, 8)))
        stats = store.running.call(store.store.stats)
        assert stats.position == len(store.since(0))
        assert stats.waiting == 0
        assert stats.data_size + stats.log_size > 0
        commits = stats.commits
        assert sum(commits.works.counts) == sum(commits.seconds.counts) == 2
        assert commits.works.sum == 8
        assert commits.seconds.sum > 0
        assert (commits.failed, stats.failed_ago) == (0, None)

    def test_work_that_waits_is_counted(self, store: Blocking) -> None:
        seen: list[int] = []
        begun, go_on = threading.Event(), threading.Event()

        def hang(transaction: ITransaction) -> None:
            begun.set()
            assert go_on.wait(20.0)

        def ask() -> None:
            done = [store.store.transact(AUTHOR, lambda transaction: None) for _ in range(3)]
            seen.append(store.store.stats().waiting)
            go_on.set()
            assert len(done) == 3

        store.running.reactor.callFromThread(store.store.transact, AUTHOR, hang)
        assert begun.wait(20.0)
        store.running.call(ask)
        assert seen == [3]
        store.commit(lambda transaction: None)
        assert store.running.call(store.store.stats).waiting == 0

    # Scans -----------------------------------------------------------------------------------

    def test_a_scan_walks_in_owner_order_through_all_rows(self, store: Blocking) -> None:
        owners = [names.from_text(f"h{number}.example.net") for number in range(2500)]

        def work(transaction: ITransaction) -> None:
            for owner in owners:
                transaction.put_rrset(ORIGIN, address(owner))
            transaction.put_rrset(ORIGIN, rrset(owners[0], TXT, b"\x01a", b"\x01b"))

        store.commit(fill)
        store.commit(work)
        rows = store.rows()
        assert rows == sorted(rows)
        assert [one[0] for one in rows if one[1] == 1] == sorted(owners)
        assert row(owners[0], TXT, b"\x01a", b"\x01b") in rows
        assert store.rows(OTHER) == []

    def test_a_scan_sees_one_state_while_writes_go_on(self, store: Blocking) -> None:
        owners = [names.from_text(f"h{number}.example.net") for number in range(2500)]
        store.commit(fill)
        store.commit(lambda t: [t.put_rrset(ORIGIN, address(owner)) for owner in owners])
        scan = store.store.scan([ORIGIN])
        rows = rows_of(store.running.call(scan.next))
        assert 0 < len(rows) < len(owners)
        store.commit(lambda t: [t.put_rrset(ORIGIN, address(owner, 2)) for owner in owners])
        store.commit(put(rrset(owners[5], 1)))
        while more := store.running.call(scan.next):
            rows += rows_of(more)
        assert [one[3] for one in rows if one[1] == 1] == [b"\0\x04\xc0\0\x02\x01"] * len(owners)
        assert store.running.call(scan.next) == []
        store.running.call(scan.close)
        store.running.call(scan.close)

    def test_what_is_read_beside_a_scan_is_of_the_same_state(self, store: Blocking) -> None:
        store.commit(fill)
        scan = store.store.scan([ORIGIN])

        def serial() -> int:
            return store.running.call(scan.read, lambda reading: reading.zone(ORIGIN).serial)

        before = serial()
        store.commit(put(address(last=9)))
        assert row(HOME, 1, b"\xc0\0\x02\x09") not in rows_of(store.running.call(scan.next))
        assert (serial(), store.serial()) == (before, before + 1)
        store.running.call(scan.close)

    @pytest.mark.parametrize("most", [1, 2, 5, 1000])
    def test_a_scan_of_several_zones(self, store: Blocking, most: int) -> None:
        """Each of them is there from its first row to its last, and one that does not exist, too,
        however many rows are taken at a time."""
        origins = [names.from_text(f"{name}.example") for name in ("b", "none", "a", "a.b")]
        there = [origins[0], *origins[2:]]

        def work(transaction: ITransaction) -> None:
            for origin in there:
                transaction.put_zone(ZoneInfo(origin, 1, None, 0.0))
                for number in (2, 6, 28):
                    transaction.put_rrset(origin, rrset(origin, number, SOA_RDATA))

        store.commit(work)
        scan = store.store.scan(origins)
        parts = []
        while scanned := store.running.call(scan.next, most):
            assert len(rows_of(scanned)) <= most
            parts += scanned
        store.running.call(scan.close)
        assert [part.zone for part in parts if part.last] == origins
        for origin in origins:
            its = [part for part in parts if part.zone == origin]
            assert [part.last for part in its] == [False] * (len(its) - 1) + [True]
            assert rows_of(its) == (store.rows(origin) if origin in there else [])
            assert [one[1] for one in rows_of(its)] == ([2, 6, 28] if origin in there else [])

    def test_a_scan_begins_with_the_first_rows(self, store: Blocking) -> None:
        store.commit(fill)
        scan = store.store.scan([ORIGIN])
        store.commit(put(address()))
        assert row(HOME, 1, b"\xc0\0\x02\x01") in rows_of(store.running.call(scan.next))
        store.running.call(scan.close)

    # Life ------------------------------------------------------------------------------------

    def test_a_closed_store_refuses(self, store: Blocking) -> None:
        scan = store.store.scan([ORIGIN])
        store.running.call(scan.next)
        store.close()
        store.close()
        for call in (
            lambda: store.commit(fill),
            lambda: store.read(lambda reading: None),
            lambda: store.since(0),
            lambda: store.running.call(scan.next),
        ):
            with pytest.raises(StoreClosed):
                call()
        store.running.call(scan.close)

    def test_closing_finishes_what_was_begun(self, store: Blocking) -> None:
        store.commit(fill)
        ended: list[str] = []

        async def work() -> None:
            gate = threading.Event()
            first = store.store.transact(AUTHOR, lambda t: gate.wait(20))
            later = store.store.transact(AUTHOR, put(address()))
            later.addCallback(lambda _: ended.append("work"))
            closed = store.store.close()
            gate.set()
            await closed
            ended.append("closed")
            await first

        store.running.call(work)
        assert ended == ["work", "closed"]

    def test_whoever_was_told_of_a_commit_may_close_the_store(
        self, store: Blocking, failures: list[object]
    ) -> None:
        async def work() -> None:
            await store.store.transact(AUTHOR, fill)
            await store.store.close()

        store.running.call(work)
        store.running.call(lambda: None)
        assert failures == []

    def test_rows_of_hosts_and_their_zone(self, store: Blocking) -> None:
        """The rows of a zone of its own name servers, as an export reads them."""
        store.commit(fill)
        store.commit(put(rrset(ORIGIN, NS_TYPE, NS, ttl=3600)))
        assert store.rows() == [row(ORIGIN, NS_TYPE, NS, ttl=3600), soa_row()]

    def test_nothing_is_wrong_with_what_lives(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        found = store.running.call(store.store.check)
        assert (found.faults, found.zones, found.rrsets, found.events) == ([], 1, 2, 6)
