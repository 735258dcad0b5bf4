"""Hosts that follow another one: what moves them in the pipeline, and what it costs whom."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network
from pathlib import Path

import pytest

from ddns.config.settings import AbuseSettings
from ddns.model import names, records
from ddns.model.account import Host
from ddns.model.records import AAAA
from ddns.model.update import Change, Edit, Renumber, Replace, Status
from ddns.store.sqlite.transaction import Transaction
from ddns.updates.updater import TOGETHER
from tests.house import House, house_at, update
from tests.net.reactors import RunningReactor
from tests.updates.test_updater import status_of

ROUTER, NAS = "home.example.net", "nas.example.net"


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    """Each host may change twice at once, and then every minute."""
    limits = AbuseSettings(change_burst=2)
    with house_at(running, tmp_path / "ddns.sqlite", limits) as house:
        house.load()
        yield house


@pytest.fixture
def key(house: House) -> str:
    """A key that is limited to the router, which one host follows."""
    house.fill()
    follow(house, NAS)
    made: str = house.api("key_add", account="alice", hosts=[ROUTER])["key"]
    return made


def follow(house: House, name: str, interface_id: str = "::a") -> None:
    house.api("host_add", name=name, account="alice")
    house.api("host_set", name=name, interface_id=interface_id, follows=ROUTER)


def telling(*prefixes: str, address: str = "") -> Change:
    """A router's change: the prefix, after its own address if it tells that."""
    of_itself: list[Edit] = []
    if address:
        of_itself.append(Replace(AAAA, (records.address_from_text(address) or b"",)))
    edit = Renumber(tuple(map(IPv6Network, prefixes)), itself=not address)
    return Change(ROUTER, names.from_text(ROUTER), (*of_itself, edit))


def tell(house: House, key: str, *prefixes: str, address: str = "", times: int = 1) -> Status:
    asked = update("alice", key, *[telling(*prefixes, address=address)] * times, at=house.time)
    results = house.update(asked)[0].results
    assert len(results) == times
    return results[0].status


def answered(house: House, name: str = NAS) -> list[str]:
    return house.answers(names.from_text(name), AAAA)


def test_one_update_moves_all_in_one_transaction(house: House, key: str) -> None:
    follow(house, "tv.example.net", "::b")
    before = house.on_disk()
    assert tell(house, key, "2001:db8:1::/64", address="2001:db8:1::1") is Status.GOOD
    assert answered(house, ROUTER) == ["2001:db8:1::1"]
    assert answered(house) == ["2001:db8:1::a"]
    assert answered(house, "tv.example.net") == ["2001:db8:1::b"]
    after = house.on_disk()
    assert before is not None
    assert after is not None
    assert after[0] == before[0] + 1
    assert after == house.in_memory()
    event = house.api("host_history", name=NAS)["events"][0]
    assert (event["who"], event["via"], event["type"]) == ("alice", "test", "AAAA")


def test_a_prefix_that_comes_again_is_never_too_often(house: House, key: str) -> None:
    assert tell(house, key, "2001:db8:1::/64") is Status.GOOD
    assert {tell(house, key, "2001:db8:1::/64") for _ in range(9)} == {Status.NOCHG}


def test_what_counts_is_the_named_host(house: House, key: str) -> None:
    """A change of its followers takes one from it, and none from each of them."""
    follow(house, "tv.example.net", "::b")
    told = [tell(house, key, f"2001:db8:{number}::/64") for number in (1, 2, 3)]
    assert told == [Status.GOOD, Status.GOOD, Status.ABUSE]
    assert answered(house) == ["2001:db8:2::a"]
    assert house.api("host_show", name=ROUTER)["prefixes"] == ["2001:db8:2::/64"]
    own = Change(NAS, names.from_text(NAS), (Renumber((IPv6Network("2001:db8:7::/64"),)),))
    other = house.api("key_add", account="alice")["key"]
    (outcome,) = house.update(update("alice", other, own, own, at=house.time))
    assert [result.status for result in outcome.results] == [Status.GOOD, Status.NOCHG]
    house.time += 60
    assert tell(house, key, "2001:db8:3::/64") is Status.GOOD
    assert answered(house) == ["2001:db8:3::a"]


def test_a_blocked_account_moves_nobody(house: House, key: str) -> None:
    house.api("account_block", name="alice", reason="test")
    asked = update("alice", key, telling("2001:db8:1::/64"), at=house.time)
    assert status_of(house.update(asked)[0]) is Status.BLOCKED
    assert answered(house) == []


def test_without_an_address_or_a_follower_a_prefix_comes_to_nothing(house: House, key: str) -> None:
    house.api("host_set", name=NAS, follows="")
    assert tell(house, key, "2001:db8:1::/64") is Status.BADADDRESS
    assert "prefixes" not in house.api("host_show", name=ROUTER)


def test_the_zone_of_a_follower_decides_on_its_addresses(house: House, key: str) -> None:
    house.api("zone_add", origin="public.example", addresses="public")
    public = "tv.public.example"
    follow(house, public)
    assert tell(house, key, "2001:db8:1::/64") is Status.GOOD
    assert answered(house) == ["2001:db8:1::a"]
    assert answered(house, public) == []
    assert tell(house, key, "2a00:1450:4001:1::/64") is Status.GOOD
    assert answered(house, public) == ["2a00:1450:4001:1::a"]
    assert house.on_disk(names.from_text("public.example")) == house.in_memory(
        names.from_text("public.example")
    )


def test_a_host_that_was_given_away_does_not_move(house: House, key: str) -> None:
    """Nor do those that followed a host that was."""
    house.api("account_add", name="bob")
    tell(house, key, "2001:db8:1::/64")
    house.api("host_set", name=ROUTER, account="bob")
    bobs = house.api("key_add", account="bob")["key"]
    asked = update("bob", bobs, telling("2001:db8:2::/64", address="2001:db8:2::1"))
    assert status_of(house.update(asked)[0]) is Status.GOOD
    assert answered(house) == ["2001:db8:1::a"]
    assert "followers" not in house.api("host_show", name=ROUTER)
    house.api("host_set", name=NAS, account="bob")
    assert "follows" not in house.api("host_show", name=NAS)


def test_a_prefix_is_a_word_of_those_that_follow(house: House, key: str) -> None:
    """A host without a client goes offline when its router is silent, and comes back with it."""
    house.api("host_set", name=NAS, expire_after=10)
    house.time += 5 * 86400
    tell(house, key, "2001:db8:1::/64")
    host = house.running.call(house.store.read, lambda r: r.host(names.from_text(NAS)))
    assert host.expires == house.time + 10 * 86400


def test_a_request_that_names_a_host_again_and_again(
    house: House, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its followers are looked for once in each transaction, so that it keeps nobody waiting."""
    asked: list[bytes] = []
    real = Transaction.followers

    def followers(self: Transaction, name: bytes) -> list[Host]:
        asked.append(name)
        return real(self, name)

    monkeypatch.setattr(Transaction, "followers", followers)
    assert tell(house, key, "2001:db8:1::/64", times=3 * TOGETHER) is Status.GOOD
    assert len(asked) == 3
    assert answered(house) == ["2001:db8:1::a"]
