"""Part of the contract: serials, the journal and who listens to it."""

from __future__ import annotations

import pytest

from ddns.model import names, records
from ddns.model.account import Account, ZoneInfo
from ddns.model.journal import Author, EventKind, pack_values, unpack_values
from ddns.model.records import SOA
from ddns.store.interfaces import ITransaction, StoreError
from tests.store.sqlite.blocking import (
    AUTHOR,
    HOME,
    ORIGIN,
    SOA_RDATA,
    Blocking,
    address,
    fill,
    key,
    put,
    rrset,
)


class Refused(Exception):
    """What a piece of work raises in these tests."""


def refuse(transaction: ITransaction) -> None:
    transaction.put_rrset(ORIGIN, address(names.from_text("refused.example.net")))
    transaction.put_account(Account("mallory"))
    raise Refused


class RecordingContract:
    """See the module; the fixtures are those of the contract."""

    # Records and serials ---------------------------------------------------------------------

    def test_the_soa_is_kept_with_serial_0(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(rrset(ORIGIN, SOA, records.soa_with_serial(SOA_RDATA, 4711), ttl=20)))
        soa = store.read(lambda r: r.rrset(ORIGIN, ORIGIN, SOA))
        assert soa == rrset(ORIGIN, SOA, SOA_RDATA, ttl=20)
        assert records.soa_serial(unpack_values(ORIGIN, SOA, store.events[-1].after).rdatas[0]) == 0

    def test_a_new_zone_has_the_serial_it_was_given(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.serial() == 7
        assert {event.serial for event in store.events if event.zone} == {7}

    def test_a_serial_rises_once_a_commit(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            for last in range(1, 6):
                transaction.put_rrset(ORIGIN, address(last=last))

        store.commit(fill)
        store.commit(work)
        assert store.serial() == 8
        assert {event.serial for event in store.commits[-1]} == {8}

    def test_what_changes_nothing_raises_nothing(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        before = store.serial(), len(store.events)
        store.commit(put(address()))
        store.commit(put(rrset(names.from_text("none.example.net"), 1)))
        assert (store.serial(), len(store.events)) == before

    def test_a_ttl_alone_is_a_change(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address(ttl=10)))
        store.commit(put(address(ttl=20)))
        assert store.serial() == 9
        assert store.read(lambda r: r.rrset(ORIGIN, HOME, 1)).ttl == 20

    def test_serials_wrap_and_pass_over_0(self, store: Blocking) -> None:
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 2**32 - 2)))
        serials = []
        for last in range(1, 4):
            store.commit(put(address(last=last)))
            serials.append(store.serial())
        assert serials == [2**32 - 1, 1, 2]

    def test_a_zone_that_changes_owners_keeps_serial_and_records(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1, "bob", 99.0)))
        assert store.read(lambda r: r.zone(ORIGIN)) == ZoneInfo(ORIGIN, 8, "bob", 3.0)
        assert len(store.rows()) == 2

    def test_serials_never_go_back_within_a_commit(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.put_rrset(ORIGIN, address())
            transaction.put_zone(ZoneInfo(ORIGIN, 1, "bob"))
            transaction.put_rrset(ORIGIN, address(last=2))

        store.commit(fill)
        store.commit(work)
        assert [event.serial for event in store.commits[-1]] == [8, 8, 8]

    @pytest.mark.parametrize(
        ("last", "given", "serial"),
        [(8, 1, 9), (8, 8, 9), (8, 9, 9), (8, 70, 70), (2**32 - 1, 5, 5), (3, 2**32 - 9, 4)],
    )
    def test_a_zone_that_comes_back_goes_on_after_its_last_serial(
        self, store: Blocking, last: int, given: int, serial: int
    ) -> None:
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, last)))
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, given)))
        assert store.serial() == store.events[-1].serial == serial
        assert store.events[-1].value == ZoneInfo(ORIGIN, serial)

    def test_a_zone_that_comes_back_within_a_commit(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.put_rrset(ORIGIN, address())
            transaction.remove_zone(ORIGIN)
            transaction.put_zone(ZoneInfo(ORIGIN, 1))
            transaction.put_rrset(ORIGIN, address(last=2))

        store.commit(fill)
        with pytest.raises(Refused):
            store.commit(lambda t: (work(t), refuse(t)))
        assert store.serial() == 7
        store.commit(work)
        assert store.serial() == 9, "8 is what the former zone had in this commit"
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1)))
        assert store.serial() == 10

    def test_catalogs_and_counts(self, store: Blocking) -> None:
        store.commit(fill)
        catalog = ZoneInfo(names.from_text("catalog.invalid"), 1, catalog=True)
        store.commit(lambda t: t.put_zone(catalog))
        assert store.read(lambda r: r.catalogs()) == [catalog]
        assert store.events[-1].value == catalog
        assert store.read(lambda r: r.count_rrsets(ORIGIN)) == len(store.rows())
        assert store.read(lambda r: r.count_rrsets(catalog.origin)) == 0

    # The journal -----------------------------------------------------------------------------

    def test_the_journal_tells_before_and_after(self, store: Blocking) -> None:
        store.commit(fill)
        author = Author("alice", "dyndns2", 77.25)
        one, two = address(last=1), address(last=2, ttl=30)
        store.commit(put(one), author)
        store.commit(put(two), author)
        store.commit(put(rrset(HOME, 1)), author)
        told = store.events[-3:]
        assert [event.author for event in told] == [author] * 3
        assert [(event.before, event.after) for event in told] == [
            (None, pack_values(one)),
            (pack_values(one), pack_values(two)),
            (pack_values(two), None),
        ]
        assert [(e.kind, e.zone, e.owner, e.type) for e in told] == [
            (EventKind.RRSET, ORIGIN, HOME, 1)
        ] * 3
        assert [event.serial for event in told] == [8, 9, 10]

    def test_the_journal_reads_as_it_was_told(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.remove_key(t.add_key(key("alice", b"1", HOME)).id))
        store.commit(lambda t: t.remove_account("alice"))
        store.commit(lambda t: t.remove_zone(ORIGIN))
        told = [event._replace(value=None) for event in store.events]
        assert store.since(0) == told
        assert store.since(3) == told[3:]
        assert store.since(1, 2) == told[1:3]
        assert store.since(len(told)) == []

    def test_the_journal_holds_no_secrets(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.remove_key(t.add_key(key("alice", b"S", HOME)).id))
        store.commit(lambda t: t.put_account(Account("alice", "topsecret")))
        for event in store.since(0):
            for text in (event.before or b"", event.after or b""):
                assert b"hash" not in text
                assert b"topsecret" not in text
                assert b"SSSS" not in text

    def test_old_events_go_and_readers_are_told(self, small: Blocking) -> None:
        small.commit(fill)
        for start in range(0, 1200, 100):

            def work(transaction: ITransaction, start: int = start) -> None:
                for number in range(start, start + 100):
                    owner = names.from_text(f"h{number}.example.net")
                    transaction.put_rrset(ORIGIN, address(owner))

            small.commit(work)
        last = small.events[-1].position
        kept = small.since(last - 300)
        assert [event.position for event in kept] == list(range(last - 299, last + 1))
        with pytest.raises(StoreError):
            small.since(1)

    def test_positions_go_on_after_work_that_was_refused(self, store: Blocking) -> None:
        store.commit(fill)
        with pytest.raises(Refused):
            store.commit(refuse)
        store.commit(put(address()))
        positions = [event.position for event in store.since(0)]
        assert positions == list(range(1, len(positions) + 1))

    # Listeners -------------------------------------------------------------------------------

    def test_listeners_hear_of_a_commit_before_its_authors(self, store: Blocking) -> None:
        heard: list[object] = []

        async def work() -> None:
            store.store.subscribe(lambda events: heard.append(("listener", len(events))))
            await store.store.transact(AUTHOR, fill)
            heard.append("author")

        store.running.call(work)
        assert heard == [("listener", 5), "author"]

    def test_listeners_hear_of_objects_as_they_are_now(self, store: Blocking) -> None:
        store.commit(fill)
        values = [event.value for event in store.events]
        assert values[:3] == [
            Account("alice", "hash", 1.0),
            Account("bob", None, 2.0),
            ZoneInfo(ORIGIN, 7, None, 3.0),
        ]
        store.commit(lambda t: t.remove_host(HOME))
        assert store.events[-1].value is None

    def test_a_listener_that_fails_keeps_nobody_back(self, store: Blocking) -> None:
        def broken(events: object) -> None:
            raise Refused

        heard: list[object] = []
        store.running.call(store.store.subscribe, broken)
        store.running.call(store.store.subscribe, heard.append)
        store.commit(fill)
        assert len(heard) == 1

    def test_work_that_changes_nothing_is_not_told(self, store: Blocking) -> None:
        store.commit(lambda transaction: transaction.zones())
        assert store.commits == []
