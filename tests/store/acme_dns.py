"""Part of the contract: registrations of acme-dns."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model import names
from ddns.model.account import Account, ZoneInfo
from ddns.model.acme_dns import AcmeDnsRegistration
from ddns.model.records import TXT
from ddns.store.interfaces import ITransaction, StoreError
from ddns.store.paging import RegistrationPage
from tests.store.recording import Refused, refuse
from tests.store.sqlite.blocking import HOME, ORIGIN, Blocking, fill, put, rrset

SUBDOMAINS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(5)]
NETWORKS = ("192.0.2.0/24", "2001:db8::/32")


def registration(number: int, account: str | None = "alice", **more: object) -> AcmeDnsRegistration:
    """Number *number*, made at 1000 and so many seconds."""
    given = (SUBDOMAINS[number], ORIGIN, bytes([number]) * 32, account, NETWORKS, 1000.0 + number)
    return dataclasses.replace(AcmeDnsRegistration(*given), **more)  # type: ignore[arg-type]


def register(*registrations: AcmeDnsRegistration) -> object:
    """Work that adds these, each with a TXT record."""

    def work(transaction: ITransaction) -> None:
        for one in registrations:
            transaction.add_acme_dns(one)
            transaction.put_rrset(ORIGIN, rrset(one.name, TXT, b"\x01x"))

    return work


class AcmeDnsContract:
    """See the module."""

    def unused(self, store: Blocking, last: float, never: float, most: int = 9) -> list[str]:
        work = lambda t: t.unused_acme_dns(last, never, most)  # noqa: E731
        found = [one.subdomain for one in store.commit(work).value]
        assert bool(found) == store.read(lambda r: r.is_acme_dns_unused(last, never))
        return found

    def test_registrations(self, store: Blocking) -> None:
        one = registration(1)
        two = registration(2, None, used=2000.0, note="Wi-Fi — x", of_operator=True)
        store.commit(fill)
        events = len(store.since(0))
        store.commit(lambda t: (t.add_acme_dns(one), t.add_acme_dns(two)))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.acme_dns(SUBDOMAINS[1])) == one
            assert read(lambda r: r.acme_dns(SUBDOMAINS[2])) == two
            assert read(lambda r: r.acme_dns(SUBDOMAINS[3])) is None
            assert read(lambda r: r.acme_dns_at(two.name)) == two
            for name in (HOME, names.ROOT, names.below(b"\x01x", one.name), one.name[:37] + b"\0"):
                assert read(lambda r, n=name: r.acme_dns_at(n)) is None
        with pytest.raises(StoreError):
            store.commit(lambda t: t.add_acme_dns(one))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.add_acme_dns(registration(3, "nobody")))
        changed = dataclasses.replace(two, used=3000.0, note="")
        store.commit(lambda t: t.change_acme_dns(dataclasses.replace(changed, digest=bytes(32))))
        assert store.read(lambda r: r.acme_dns(SUBDOMAINS[2])) == changed
        assert len(store.since(0)) == events

    def test_pages_of_registrations(self, store: Blocking) -> None:
        all_ = [registration(n, who) for n, who in enumerate(("alice", None, "bob", "alice"))]
        all_.append(registration(4, None, of_operator=True))
        store.commit(fill)
        store.commit(register(*all_[::-1]))

        def listed(*given: object) -> list[AcmeDnsRegistration]:
            page = RegistrationPage(*given)  # type: ignore[arg-type]
            return store.read(lambda r: r.acme_dns_registrations(page))

        assert listed(9) == all_
        assert listed(2, SUBDOMAINS[0]) == all_[1:3]
        assert listed(9, "", "alice") == [all_[0], all_[3]]
        assert listed(9, SUBDOMAINS[0], "alice") == [all_[3]]
        counts = {who: store.read(lambda r, w=who: r.count_acme_dns(w)) for who in ("alice", None)}
        assert counts == {"alice": 2, None: 1}

    def test_a_removed_registration_takes_its_records(self, store: Blocking) -> None:
        one, two = registration(1), registration(2)
        store.commit(fill)
        store.commit(register(one, two))
        assert store.commit(lambda t: t.remove_acme_dns(one.subdomain)).zones == {ORIGIN}
        assert store.read(lambda r: r.acme_dns(one.subdomain)) is None
        assert store.read(lambda r: r.rrsets(ORIGIN, one.name)) == []
        assert store.read(lambda r: len(r.rrsets(ORIGIN, two.name))) == 1
        with pytest.raises(StoreError):
            store.commit(lambda t: t.remove_acme_dns(one.subdomain))

    def test_registrations_go_with_account_and_zone(self, store: Blocking) -> None:
        all_ = registration(0), registration(1, "bob"), registration(2, None)
        store.commit(fill)
        store.commit(register(*all_))
        store.commit(lambda t: t.remove_account("alice"))
        assert store.read(lambda r: r.rrsets(ORIGIN, all_[0].name)) == []
        left = store.read(lambda r: r.acme_dns_registrations(RegistrationPage(9)))
        assert left == list(all_[1:])
        store.commit(lambda t: t.put_account(Account("alice")))
        assert store.read(lambda r: r.count_acme_dns("alice")) == 0
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 7)))
        assert store.read(lambda r: r.acme_dns_registrations(RegistrationPage(9))) == []

    def test_unused_registrations(self, store: Blocking) -> None:
        """That of bob has been used, those of nobody not, of which one is the operator's."""
        store.commit(fill)
        all_ = registration(1), registration(2, "bob", used=5000.0), registration(3, None)
        store.commit(register(*all_, registration(4, None, of_operator=True, created=4999.5)))
        alice, bob, nobody = SUBDOMAINS[1:4]
        assert self.unused(store, 1000.9, 1002.9) == []
        assert self.unused(store, 1001.0, 0.0) == [alice]
        assert self.unused(store, 0.0, 1003.0) == [nobody]
        assert self.unused(store, 4999.0, 9999.0) == [alice, nobody]
        assert self.unused(store, 5000.0, 0.0) == [*(alice, bob, nobody), SUBDOMAINS[4]]
        assert len(self.unused(store, 5000.0, 9999.0, most=1)) == 1
        store.commit(lambda t: t.change_acme_dns(dataclasses.replace(all_[2], used=1003.0)))
        assert self.unused(store, 0.0, 9999.0) == []

    def test_refused_work_leaves_registrations(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> None:
            transaction.remove_acme_dns(SUBDOMAINS[0])
            refuse(transaction)

        store.commit(fill)
        results = store.at_once(register(registration(0)), work, put(rrset(HOME, TXT, b"\x01y")))
        assert isinstance(results[1], Refused)
        assert store.read(lambda r: r.acme_dns(SUBDOMAINS[0])) == registration(0)
        assert store.read(lambda r: len(r.rrsets(ORIGIN, registration(0).name))) == 1

    def test_clocks_that_are_set_for_registrations(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(register(registration(0), registration(1, None, used=1500.0)))

        def times() -> list[float | None]:
            found = store.read(lambda r: r.acme_dns_registrations(RegistrationPage(9)))
            return [at for one in found for at in (one.created, one.used)]

        store.commit(lambda t: t.shift_expiries(1001.0, 1500.0, 50.0))
        assert times() == [1000.0, None, 1051.0, 1550.0]
        store.commit(lambda t: t.limit_expiries(1050.0))
        assert times() == [1000.0, None, 1050.0, 1050.0]
