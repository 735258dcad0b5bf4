"""What followers take from an update of the host that they follow."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest

from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import AAAA, CNAME, NS, A, RRset
from ddns.model.update import Edit, Remove, Renumber, Replace
from ddns.policy.following import addresses_set, moved, prefixes_for, prefixes_told

ORIGIN, ROUTER = names.from_text("example.net"), names.from_text("router.example.net")
NAS = names.from_text("nas.lan.example.net")
ONE, TWO = IPv6Network("2001:db8:1::/64"), IPv6Network("2001:db8:2::/64")


def v6(text: str) -> bytes:
    return IPv6Address(text).packed


def host(interface_id: str = "::a", **more: Any) -> Host:
    given = IPv6Address(interface_id) if interface_id else None
    return Host(NAS, ORIGIN, "alice", 60, interface_id=given, follows=ROUTER, **more)


def move(
    follower: Host, *prefixes: IPv6Network, there: Iterable[RRset] = (), only: IPv6Network = ONE
) -> list[RRset] | None:
    return moved(
        follower,
        prefixes,
        lambda owner: [rrset for rrset in there if rrset.owner == owner],
        lambda address: IPv6Address(address) in only.supernet(new_prefix=32),
    )


@pytest.mark.parametrize(
    ("edits", "prefixes", "addresses"),
    [
        ([Renumber((ONE,))], (ONE,), []),
        ([Renumber((ONE, TWO)), Renumber((ONE,), itself=False)], (ONE, TWO), []),
        ([Replace(AAAA, (v6("2001:db8:1::1"),)), Remove(A)], (), [v6("2001:db8:1::1")]),
        ([Replace(A, (bytes(4),)), Replace(AAAA, (v6("::1"),), b"\1*"), Remove(AAAA)], (), []),
    ],
)
def test_what_a_client_tells(
    edits: list[Edit], prefixes: tuple[IPv6Network, ...], addresses: list[bytes]
) -> None:
    assert prefixes_told(edits) == prefixes
    assert addresses_set(edits) == addresses


def test_whoever_follows_addresses_too_takes_their_64() -> None:
    addresses = [v6("2001:db8:1::1"), v6("2001:db8:1::2"), v6("2001:db8:2::1")]
    assert prefixes_for(host(), (), addresses) == ()
    also = host(follows_address=True)
    assert prefixes_for(also, (), addresses) == (ONE, TWO)
    assert prefixes_for(also, (), []) == ()
    other = (IPv6Network("2001:db8:3::/56"),)
    assert prefixes_for(also, other, addresses) == prefixes_for(host(), other, []) == other


def test_a_prefix_and_the_interface_id_are_the_address() -> None:
    assert move(host(), ONE) == [RRset(NAS, AAAA, 60, (v6("2001:db8:1::a"),))]
    assert move(host("::1:0:0:0:a"), ONE) == move(host(), ONE)  # a subnet that the prefix has
    both = RRset(NAS, AAAA, 300, (v6("2001:db8:1::a"), v6("2001:db8:2::a")))
    former = RRset(NAS, AAAA, 300, (v6("2001:db8:9::77"), v6("2001:db8:9::78")))
    assert move(host(), ONE, TWO, there=[former]) == [both]
    assert move(host(), ONE, TWO, there=[both]) == []


def test_without_an_interface_id_it_is_that_of_the_present_address() -> None:
    there = RRset(NAS, AAAA, 300, (v6("2001:db8:9::77"),))
    assert move(host(""), ONE, there=[there]) == [RRset(NAS, AAAA, 300, (v6("2001:db8:1::77"),))]
    assert move(host(""), ONE) is None


@pytest.mark.parametrize(
    "there",
    [
        RRset(NAS, CNAME, 60, (ROUTER,)),
        RRset(names.from_text("lan.example.net"), NS, 60, (ROUTER,)),
    ],
    ids=["an alias", "below a delegation"],
)
def test_what_cannot_have_an_address(there: RRset) -> None:
    assert move(host(), ONE, there=[there]) is None


def test_what_its_zone_does_not_let_it_have() -> None:
    local = IPv6Network("fd00::/64")
    assert move(host(), local) is None
    assert move(host(), local, ONE) == move(host(), ONE)
    assert move(host()) is None
