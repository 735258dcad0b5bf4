"""Hosts that follow another one, as their owners set it."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest

from ddns.api import following
from ddns.api.errors import ApiError, Conflict, Exceeded, Invalid
from ddns.model import names
from ddns.model.records import AAAA
from tests.house import House

ROUTER, NAS, TV = "home.example.net", "nas.example.net", "tv.example.net"


@pytest.fixture(autouse=True)
def hosts(house: House) -> None:
    house.fill()
    for name in (NAS, TV):
        house.api("host_add", name=name, account="alice")


def set_of(house: House, name: str = NAS, /, **given: Any) -> Any:
    house.time += 60
    return house.person("alice", "host_set", name=name, **given)


def tell(house: House, *prefixes: str) -> None:
    """As if the router's client had told them."""
    told = tuple(map(IPv6Network, prefixes))
    router = names.from_text(ROUTER)
    author = house.running.call(house.store.changes_since, 0)[-1].author
    house.running.call(house.store.transact, author, lambda t: t.put_host_prefixes(router, told))


def answered(house: House, name: str = NAS) -> list[str]:
    return house.answers(names.from_text(name), AAAA)


def test_a_host_follows_another(house: House) -> None:
    shown = set_of(house, interface_id="::A", follows="Home.Example.net.", follows_address=True)
    lan = {"interface_id": "::a", "follows": ROUTER, "follows_address": True}
    assert shown.items() >= lan.items()
    assert house.person("alice", "host_show", name=NAS).items() >= lan.items()
    assert house.person("alice", "host_show", name=ROUTER)["followers"] == [NAS]
    event = house.person("alice", "host_history", name=NAS)["events"][0]
    assert event["after"].items() >= lan.items()
    assert set_of(house, ttl=60).items() >= lan.items()
    assert lan.keys().isdisjoint(set_of(house, interface_id="", follows=" "))
    assert "followers" not in house.person("alice", "host_show", name=ROUTER)


def test_it_takes_the_prefixes_that_are_known(house: House) -> None:
    tell(house, "2001:db8:1::/64")
    set_of(house, interface_id="::a")
    assert answered(house) == []
    set_of(house, follows=ROUTER)
    assert answered(house) == ["2001:db8:1::a"]
    set_of(house, interface_id="::b")
    assert answered(house) == ["2001:db8:1::b"]
    set_of(house, follows="")
    assert answered(house) == ["2001:db8:1::b"]


def test_or_the_64_of_an_address(house: House) -> None:
    house.person("alice", "record_set", owner=ROUTER, type="AAAA", rdatas=["2001:db8:2::1"])
    set_of(house, interface_id="::a", follows=ROUTER)
    assert answered(house) == []
    set_of(house, follows_address=True)
    assert answered(house) == ["2001:db8:2::a"]


@pytest.mark.parametrize(
    ("text", "interface_id"),
    [
        ("::1234:56ff:fe78:9abc", "::1234:56ff:fe78:9abc"),
        ("2001:db8:1:42::a", "::42:0:0:0:a"),
        (" fe80::1 ", "::1"),
    ],
)
def test_interface_ids(house: House, text: str, interface_id: str) -> None:
    assert set_of(house, interface_id=text)["interface_id"] == interface_id


@pytest.mark.parametrize("text", ["::", "2001:db8:1::", "::/64", "192.0.2.1", "a", "fe80::1%eth0"])
def test_what_is_no_interface_id(house: House, text: str) -> None:
    with pytest.raises(Invalid, match="is no interface ID"):
        set_of(house, interface_id=text)


@pytest.mark.parametrize(
    ("name", "follows", "error"),
    [
        (NAS, NAS, Invalid("a host cannot follow itself")),
        (NAS, "none.example.net", Invalid("account alice has no host none.example.net")),
        (NAS, "bobs.example.net", Invalid("account alice has no host bobs.example.net")),
        (NAS, TV, Conflict("tv.example.net follows home.example.net; follow that one")),
        (ROUTER, NAS, Conflict("other hosts follow home.example.net")),
    ],
)
def test_whom_it_cannot_follow(house: House, name: str, follows: str, error: ApiError) -> None:
    house.api("account_add", name="bob")
    house.api("host_add", name="bobs.example.net", account="bob")
    set_of(house, TV, follows=ROUTER)
    with pytest.raises(type(error)) as raised:
        set_of(house, name, follows=follows)
    assert str(raised.value) == str(error)


def test_not_too_many_follow(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_FOLLOWERS", 1)
    set_of(house, follows=ROUTER)
    assert set_of(house, follows=ROUTER, ttl=60)["follows"] == ROUTER
    with pytest.raises(Exceeded, match=r"1 hosts follow home\.example\.net already"):
        set_of(house, TV, follows=ROUTER)


def test_the_owner_of_the_zone_does_not_learn_who_follows(house: House) -> None:
    house.api("account_add", name="carol")
    house.api("zone_set", origin="example.net", account="carol")
    set_of(house, follows=ROUTER)
    tell(house, "2001:db8:1::/64")
    shown = house.person("carol", "host_show", name=ROUTER)
    assert {"followers", "prefixes"}.isdisjoint(shown)


def test_who_follows_a_host_that_is_gone_waits_for_it(house: House) -> None:
    set_of(house, interface_id="::a", follows=ROUTER)
    house.person("alice", "host_remove", name=ROUTER)
    assert set_of(house, interface_id="::b")["follows"] == ROUTER
    assert answered(house) == []
