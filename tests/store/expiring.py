"""Part of the contract: leases, and hosts that expire."""

from __future__ import annotations

import dataclasses

from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.leases import DAY, LeasedRecord, Term
from ddns.model.records import A
from ddns.store.interfaces import ITransaction
from tests.store.recording import Refused, refuse
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    address,
    fill,
    put,
    row,
    rrset,
    soa_row,
)

OTHER = names.from_text("www.example.net")
ONE, TWO = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
LEASES = {ONE: Term(1100.0, 100.0), TWO: Term(1050.0, 60.0)}


def let(transaction: ITransaction, owner: bytes = HOME) -> None:
    """Two addresses under leases."""
    transaction.put_rrset(ORIGIN, rrset(owner, A, ONE, TWO))
    transaction.put_leases(ORIGIN, owner, A, LEASES)


class ExpiringContract:
    """See the module."""

    def leases(self, store: Blocking, owner: bytes = HOME) -> dict[bytes, Term]:
        return store.commit(lambda t: t.leases(ORIGIN, owner, A)).value

    def test_leases(self, store: Blocking) -> None:
        store.commit(fill)
        assert self.leases(store) == {}
        assert store.read(lambda r: r.count_leases()) == 0
        store.commit(let)
        assert store.read(lambda r: r.count_leases()) == 2
        before = store.since(0)
        assert self.leases(store) == LEASES
        assert self.leases(store, OTHER) == {}
        for now, most, over in ((1049.9, 9, []), (1050.0, 9, [TWO]), (2000.0, 1, [TWO])):
            expected = [LeasedRecord(ORIGIN, HOME, A, rdata) for rdata in over]
            found = store.commit(lambda t, n=now, m=most: t.expired_leases(n, m)).value
            assert found == expected
            is_over = store.read(lambda r, n=now: r.is_anything_over(n, n))
            assert is_over == (bool(over), False)
        store.commit(lambda t: t.put_leases(ORIGIN, HOME, A, {}))
        assert self.leases(store) == {}
        assert store.since(0) == before

    def test_who_puts_records_ends_their_leases(self, store: Blocking) -> None:
        """Also by putting what is there already, or by removing its host or zone."""
        store.commit(fill)
        for work in (
            put(address(last=3)),
            put(rrset(HOME, A, ONE, TWO)),
            lambda t: t.remove_host(HOME),
        ):
            store.commit(let)
            assert self.leases(store) == LEASES
            store.commit(work)
            assert self.leases(store) == {}
        store.commit(let)
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 7)))
        assert self.leases(store) == {}

    def test_who_imports_a_zone_ends_leases(self, store: Blocking) -> None:
        """Those of the operator's records, and with theirs those of hosts."""
        store.commit(fill)
        for with_hosts in (False, True):
            store.commit(lambda t: (let(t), let(t, OTHER)))
            store.commit(lambda t: t.stage("s", [soa_row(), row(OTHER, A, ONE, TWO)]))
            store.commit(lambda t, w=with_hosts: t.take_staged("s", ORIGIN, None, w))
            assert self.leases(store, OTHER) == {}
            assert self.leases(store) == ({} if with_hosts else LEASES)

    def test_refused_work_leaves_leases(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            put(address())(transaction)
            transaction.put_host_expiry(HOME, 5.0)
            refuse(transaction)

        store.commit(fill)
        results = store.at_once(let, work)
        assert isinstance(results[1], Refused)
        assert self.leases(store) == LEASES
        assert store.read(lambda r: r.is_anything_over(0.0, 9.0)) == (False, False)

    def test_hosts_that_expire(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_host(Host(OTHER, ORIGIN, "bob", expire_after=1, expires=9.0)))
        before = store.since(0)
        assert b"expires" not in (before[-1].after or b"")
        store.commit(lambda t: t.put_host_expiry(OTHER, 7.5))
        (host,) = store.commit(lambda t: t.expired_hosts(7.5, 9)).value
        assert host == store.read(lambda r: r.host(OTHER))
        assert host == store.commit(lambda t: t.host(OTHER)).value
        assert (host.expire_after, host.expires) == (1, 7.5)
        assert store.commit(lambda t: t.expired_hosts(7.4, 9)).value == []
        assert store.read(lambda r: r.is_anything_over(7.5, 7.5)) == (False, True)
        store.commit(lambda t: t.put_host_expiry(OTHER, None))
        assert store.commit(lambda t: t.expired_hosts(1e12, 9)).value == []
        assert store.since(0) == before
        changed = dataclasses.replace(host, expire_after=3, expires=4.0)
        store.commit(lambda t: t.put_host(changed))
        assert store.read(lambda r: r.host(OTHER)) == changed

    def test_hosts_whose_owners_are_to_be_warned(self, store: Blocking) -> None:
        soon = Host(OTHER, ORIGIN, "bob", expire_after=10, expires=100 * DAY)
        short = dataclasses.replace(soon, name=b"\1a" + ORIGIN, expire_after=2)
        store.commit(fill)
        store.commit(lambda t: (t.put_host(soon), t.put_host(short)))

        def found(days: float, most: int = 9) -> list[Host]:
            return store.commit(lambda t: t.hosts_to_warn(days * DAY, 3 * DAY, most)).value

        assert found(96.9) == []
        assert found(97) == found(98.9) == [soon]
        assert {host.name for host in found(99)} == {soon.name, short.name}
        assert len(found(99, 1)) == 1
        before = store.since(0)
        store.commit(lambda t: t.note_warned(OTHER))
        assert found(99) == [short]
        assert store.since(0) == before
        store.commit(lambda t: t.put_host(dataclasses.replace(soon, ttl=77)))
        assert found(99) == [short]
        for change in (
            lambda t: t.put_host_expiry(OTHER, 99 * DAY),
            lambda t: t.put_host(dataclasses.replace(soon, expires=98 * DAY)),
        ):
            store.commit(lambda t, work=change: (t.note_warned(OTHER), work(t)))
            assert [host.name for host in found(99)] == [OTHER, short.name]

    def test_clocks_that_are_set(self, store: Blocking) -> None:
        host = Host(OTHER, ORIGIN, "bob", expire_after=1, expires=1000.0 + DAY)
        store.commit(fill)
        store.commit(lambda t: (let(t), t.put_host(host)))

        def expiry() -> tuple[float, float, float | None]:
            leases, found = self.leases(store), store.read(lambda r: r.host(OTHER))
            assert found is not None
            return leases[ONE].until, leases[TWO].until, found.expires

        store.commit(lambda t: t.shift_expiries(995.0, 2000.0, 50.0))  # of 990: it stays
        assert expiry() == (1150.0, 1050.0, 1050.0 + DAY)
        store.commit(lambda t: t.limit_expiries(1100.0))
        assert expiry() == (1150.0, 1050.0, 1050.0 + DAY)
        store.commit(lambda t: t.limit_expiries(500.0))
        assert expiry() == (600.0, 560.0, 500.0 + DAY)
