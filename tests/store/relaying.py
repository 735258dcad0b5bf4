"""Part of the contract: relays of hosts."""

from __future__ import annotations

import dataclasses

import pytest

from ddns.model import names
from ddns.model.account import Host
from ddns.model.relays import HostAddresses, Relay, RelayKind, Trouble
from ddns.store.interfaces import ITransaction, StoreError
from tests.store.recording import Refused, refuse
from tests.store.sqlite.blocking import HOME, ORIGIN, Blocking, fill

SETTINGS = {"url": "https://ñ.example/", "user": "u"}


def relay(number: int = 0, **more: object) -> Relay:
    made = Relay(0, HOME, RelayKind.DYNDNS2, SETTINGS, b"sealed", 1000.0 + number)
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def added(store: Blocking, **more: object) -> Relay:
    return store.commit(lambda t: t.add_relay(relay(**more))).value  # type: ignore[arg-type]


class RelayingContract:
    """See the module."""

    def test_relays(self, store: Blocking) -> None:
        store.commit(fill)
        events = len(store.since(0))
        one = added(store)
        two = added(store, delivered=HostAddresses("192.0.2.1", None), next=5.0)
        assert (one.zone, one.account, one.settings) == (ORIGIN, "alice", SETTINGS)
        assert two == relay(
            id=two.id,
            zone=ORIGIN,
            account="alice",
            delivered=HostAddresses("192.0.2.1", None),
            next=5.0,
        )
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.relay(two.id)) == two
            assert read(lambda r: r.relay(999)) is None
            assert read(lambda r: r.relays_of(HOME)) == [one, two]
            assert read(lambda r: r.relays(0, 1)) == [one]
            assert read(lambda r: r.relays(one.id, 9)) == [two]
            assert read(lambda r: r.count_relays("alice")) == 2
            assert read(lambda r: r.count_relays("bob")) == 0
        with pytest.raises(StoreError):
            added(store, host=names.from_text("none.example.net"))
        assert len(store.since(0)) == events
        assert store.read(lambda r: r.any_sealed_secret()) == b"sealed"
        store.commit(lambda t: t.remove_relay(one.id))
        assert store.read(lambda r: r.relays_of(HOME)) == [two]
        assert added(store).id > two.id

    def test_the_state_of_a_relay(self, store: Blocking) -> None:
        store.commit(fill)
        one = added(store)
        state = dataclasses.replace(
            one,
            delivered=HostAddresses(),
            attempts=3,
            next=9.5,
            tried=2.5,
            result="it refuses",
            trouble=Trouble.LASTING,
        )
        store.commit(lambda t: t.put_relay_state(dataclasses.replace(state, settings={})))
        assert store.read(lambda r: r.relay(one.id)) == state
        store.commit(lambda t: t.remove_relay(one.id))
        store.commit(lambda t: t.put_relay_state(state))
        assert store.read(lambda r: r.relay(one.id)) is None

    def test_relays_are_put_off_unless_something_else_came(self, store: Blocking) -> None:
        store.commit(fill)
        one, two, three, resting = (added(store, next=at) for at in (1.1, 2.0, 3.0, None))
        changed = dataclasses.replace(two, next=2.5, attempts=4)
        store.commit(lambda t: t.put_relay_state(changed))
        store.commit(lambda t: t.remove_relay(three.id))
        late = [(one, 7.7), (two, 8.0), (three, 9.0), (resting, 10.0)]
        store.commit(lambda t: t.put_off_relays(late))
        expected = [dataclasses.replace(at, next=on) for at, on in ((one, 7.7), (resting, 10.0))]
        found = store.read(lambda r: r.relays(0, 9))
        assert found == [expected[0], changed, expected[1]]

    def test_which_are_due(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.read(lambda r: r.next_relay()) is None
        first, second, _, third = (added(store, next=at) for at in (2.0, 1.0, None, 3.0))
        due = lambda *given: [one.id for one in store.read(lambda r: r.due_relays(*given))]  # noqa: E731
        assert due(0.5, 9) == []
        assert due(2.0, 9) == [second.id, first.id]
        assert due(9.0, 1) == [second.id]
        assert due(9.0, 9, {second.id, first.id}) == [third.id]
        assert store.read(lambda r: (r.next_relay(), r.count_due_relays(2.0))) == (1.0, 2)

    def test_relays_go_with_the_host_and_its_account(self, store: Blocking) -> None:
        store.commit(fill)
        added(store)
        host = store.read(lambda r: r.host(HOME))
        assert isinstance(host, Host)
        store.commit(lambda t: t.put_host(dataclasses.replace(host, ttl=99)))
        assert len(store.read(lambda r: r.relays_of(HOME))) == 1
        store.commit(lambda t: t.put_host(dataclasses.replace(host, account="bob")))
        assert store.read(lambda r: r.relays(0, 9)) == []
        added(store)
        store.commit(lambda t: t.remove_host(HOME))
        store.commit(lambda t: t.put_host(host))
        assert store.read(lambda r: r.relays(0, 9)) == []
        added(store)
        store.commit(lambda t: t.remove_account("alice"))
        assert store.read(lambda r: r.relays(0, 9)) == []

    def test_refused_work_leaves_relays(self, store: Blocking) -> None:
        store.commit(fill)
        one = added(store)

        def work(transaction: ITransaction) -> None:
            transaction.remove_relay(one.id)
            refuse(transaction)

        results = store.at_once(work)
        assert isinstance(results[0], Refused)
        assert store.read(lambda r: r.relay(one.id)) == one

    def test_clocks_that_are_set_for_relays(self, store: Blocking) -> None:
        store.commit(fill)
        one = added(store, tried=1000.0, next=1100.0)
        other = added(store, tried=900.0, next=1e9)
        store.commit(lambda t: t.shift_expiries(1000.0, 1500.0, -500.0))
        times = lambda: [store.read(lambda r, n=n: r.relay(n)).next for n in (one.id, other.id)]  # noqa: E731
        assert times() == [600.0, 1e9]
        store.commit(lambda t: t.limit_expiries(1000.0))
        assert times() == [600.0, 1000.0]
