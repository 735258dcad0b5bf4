"""Networks that passwords were right from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddns.model.account import Account
from ddns.model.journal import Author
from ddns.updates.familiar_networks import DAY, KEPT, PER_ACCOUNT, FamiliarNetworks
from tests.house import House, all_committed, house_at
from tests.net.reactors import RunningReactor

ALICE, BOB = Account("alice", "hash", 5.5), Account("bob", "hash", 5.5)
HOME = "198.51.100.7"


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.time = 100 * DAY

        def work(transaction: Any) -> None:
            transaction.put_account(ALICE)
            transaction.put_account(BOB)

        running.call(house.store.transact, Author("operator", "test", 0.0), work)
        yield house


def note(house: House, account: Account, *peers: str) -> None:
    async def work() -> None:
        for peer in peers:
            house.networks.note(account, peer)
        await all_committed(house)

    house.running.call(work)


def after_a_start(house: House) -> FamiliarNetworks:
    networks = FamiliarNetworks(house.store, lambda: house.time)
    house.running.call(networks.load)
    return networks


def kept(house: House) -> list[tuple[str, bytes, float]]:
    found: list[tuple[str, bytes, float]] = house.running.call(
        house.store.read, lambda r: r.marks(0.0, 1000)
    )
    return found


def test_they_are_known_after_a_start_for_some_weeks(house: House) -> None:
    note(house, ALICE, HOME, "2001:db8:5::1")
    for networks in (house.networks, after_a_start(house)):
        for peer in (HOME, "198.51.100.99", "2001:db8:5:99::5"):
            assert networks.knows(ALICE, peer)
            assert not networks.knows(BOB, peer)
        for peer in ("198.51.101.7", "2001:db8:6::1", "", "nonsense"):
            assert not networks.knows(ALICE, peer)
    known = after_a_start(house)
    house.time += KEPT
    assert not known.knows(ALICE, HOME)
    assert not after_a_start(house).knows(ALICE, HOME)


def test_a_clock_that_is_set_back(house: House) -> None:
    note(house, ALICE, HOME)
    house.time -= DAY / 2
    assert after_a_start(house).knows(ALICE, HOME)


def test_no_address_is_kept(house: House) -> None:
    note(house, ALICE, HOME)
    note(house, BOB, HOME)
    (_, first, _), (_, second, _) = kept(house)
    assert len(first) == len(second) == 16
    assert first != second


def test_a_name_that_another_has_now(house: House) -> None:
    note(house, ALICE, HOME)
    later = Account("alice", "hash", 6.5)
    assert not after_a_start(house).knows(later, HOME)
    assert after_a_start(house).knows(Account("alice", "another password", 5.5), HOME)


def test_a_day_costs_one_write(house: House) -> None:
    note(house, ALICE, HOME)
    before = kept(house)
    house.time += DAY - 1
    note(house, ALICE, HOME)
    assert kept(house) == before
    house.time += 1
    note(house, ALICE, HOME)
    assert [at for _, _, at in kept(house)] == [house.time]


def test_an_account_has_so_many_and_no_more_in_a_day(house: House) -> None:
    homes = [f"10.0.{number}.1" for number in range(PER_ACCOUNT + 3)]
    note(house, ALICE, *homes)
    assert [house.networks.knows(ALICE, peer) for peer in homes] == [True] * 8 + [False] * 3
    house.time += DAY
    note(house, ALICE, *homes[-2:])
    for networks in (house.networks, after_a_start(house)):
        known = [networks.knows(ALICE, peer) for peer in homes]
        assert (sum(known), known[-2:]) == (PER_ACCOUNT, [True] * 2)
    assert len(kept(house)) == PER_ACCOUNT


def test_a_store_that_cannot_write(house: House) -> None:
    """It is remembered while the server runs."""

    async def work() -> None:
        await house.store.close()
        house.networks.note(ALICE, HOME)

    house.running.call(work)
    assert house.networks.knows(ALICE, HOME)
