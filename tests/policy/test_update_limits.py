"""Who comes too often, and who is blocked: the rules, without anything around them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.config.settings import AbuseSettings
from ddns.model import names
from ddns.model.account import Block
from ddns.model.records import AAAA, CNAME, A
from ddns.model.update import (
    Change,
    Edit,
    Mail,
    Remove,
    Renumber,
    Replace,
)
from ddns.policy.addresses import NetworkSet
from ddns.policy.update_limits import OTHER, UpdateLimiter, slots

HOME = names.from_text("home.example.net")
V4, V6 = Replace(A, (bytes(4),)), Replace(AAAA, (bytes(16),))


def change(*edits: Edit, name: bytes | None = HOME) -> Change:
    return Change("home.example.net", name, edits or (V4,))


def is_admitted(limiter: UpdateLimiter, one: Change, now: float, account: str = "alice") -> bool:
    return limiter.check(slots(account, one), now) <= 0


def times(limiter: UpdateLimiter, one: Change, now: float, most: int = 100) -> int:
    """How often a change is let through at one moment."""
    for number in range(most):
        if not is_admitted(limiter, one, now):
            return number
        limiter.take(slots("alice", one), now)
    return most


# Changes ---------------------------------------------------------------------------------------


def test_a_burst_and_then_one_at_a_time() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=10, change_interval=60.0))
    assert times(limiter, change(), 0.0) == 10
    assert not is_admitted(limiter, change(), 0.0)
    assert times(limiter, change(), 59.9) == 0
    assert times(limiter, change(), 60.0) == 1
    assert times(limiter, change(), 60.0 + 3 * 60) == 3
    assert times(limiter, change(), 1e6) == 10


def test_what_came_to_nothing_is_given_back() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=2))
    here = slots("alice", change())
    for _ in range(10):
        limiter.take(here, 0.0)
        limiter.give_back(here, 0.0)
    assert times(limiter, change(), 0.0) == 2
    limiter.give_back(here, 0.0)
    assert times(limiter, change(), 0.0) == 1
    limiter.give_back(slots("bob", change()), 0.0)
    assert len(limiter._changes or ()) == 1


def test_families_are_counted_apart_and_so_are_hosts_and_accounts() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=3))
    assert times(limiter, change(V4), 0.0) == 3
    assert times(limiter, change(V6), 0.0) == 3
    assert times(limiter, change(Mail(None, True)), 0.0) == 3
    assert times(limiter, change(name=names.from_text("b.example.net")), 0.0) == 3
    assert is_admitted(limiter, change(), 0.0, "bob")


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((V4,), {A}),
        ((V6,), {AAAA}),
        ((V4, V6), {A, AAAA}),
        ((Remove(A), Remove(AAAA)), {A, AAAA}),
        ((Renumber((ipaddress.IPv6Network("2001:db8::/64"),)),), {AAAA}),
        ((V4, Replace(CNAME, (HOME,), names.WILDCARD)), {A, OTHER}),
        ((Replace(A, (bytes(4),), names.WILDCARD),), {OTHER}),
        ((Mail(HOME, None), Remove(CNAME, names.WILDCARD)), {OTHER}),
    ],
)
def test_where_a_change_counts(edits: tuple[Edit, ...], expected: set[int]) -> None:
    assert slots("alice", change(*edits)) == tuple(
        ("alice", HOME, kind) for kind in sorted(expected)
    )


def test_what_names_no_host_counts_nowhere() -> None:
    assert slots("alice", change(name=None)) == ()
    limiter = UpdateLimiter(AbuseSettings(change_burst=1))
    assert times(limiter, change(name=None), 0.0) == 100


def test_both_families_a_second_apart_are_no_abuse() -> None:
    """A dual-stack client with a new prefix every ten minutes, for a day."""
    limiter = UpdateLimiter(AbuseSettings())
    for moment in range(0, 86_400, 600):
        for later, one in enumerate((change(V4), change(V6))):
            now = float(moment + later)
            assert is_admitted(limiter, one, now)
            limiter.take(slots("alice", one), now)


# Switched off, bounded -------------------------------------------------------------------------


def test_no_limit_on_changes() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_interval=0.0))
    assert times(limiter, change(), 0.0, most=1000) == 1000
    limiter.give_back(slots("alice", change()), 0.0)


def test_durations_are_fractions_as_well() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=1, change_interval=0.25))
    assert times(limiter, change(), 10.0) == 1
    assert times(limiter, change(), 10.2) == 0
    assert times(limiter, change(), 10.25) == 1


def test_tables_are_bounded_and_what_is_full_again_is_forgotten() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=2), capacity=50)
    for number in range(1000):
        here = slots("alice", change(name=names.from_text(f"h{number}.example.net")))
        limiter.take(here, 0.0)
        limiter.refuse(f"a{number}", 0.0)
        limiter.take_rrset("alice", names.from_text(f"_acme-challenge.h{number}.net"), 16, 0.0)
    tables = [table for name, table in vars(limiter).items() if hasattr(table, "__len__")]
    assert [len(table) for table in tables] == [50, 50, 50]
    for number in range(100):
        here = slots("alice", change(name=names.from_text(f"h{number}.example.net")))
        limiter.take(here, 1e6)
        limiter.give_back(here, 1e6)
    assert len(limiter._changes or ()) == 0


@given(
    st.integers(1, 20),
    st.floats(0.01, 1e4),
    st.lists(st.tuples(st.floats(0, 1e3), st.sampled_from(["take", "vain"]))),
)
def test_never_more_than_the_burst_and_what_came_back_since(
    burst: int, interval: float, steps: list[tuple[float, str]]
) -> None:
    """Against an obvious bucket of tokens."""
    limiter = UpdateLimiter(AbuseSettings(change_burst=burst, change_interval=interval))
    here, now, tokens = slots("alice", change()), 0.0, float(burst)
    for passed, what in steps:
        now, tokens = now + passed, min(burst, tokens + passed / interval)
        admitted = is_admitted(limiter, change(), now)
        if abs(tokens - 1) > 1e-6:  # else it is a matter of rounding
            assert admitted is (tokens >= 1)
        if not admitted:
            continue
        limiter.take(here, now)
        tokens -= 1
        if what != "take":
            limiter.give_back(here, now)
            tokens += 1


# Blocks ----------------------------------------------------------------------------------------


def test_refusals_are_counted_within_the_window() -> None:
    limiter = UpdateLimiter(AbuseSettings(window=100.0))
    assert [limiter.refuse("alice", float(n)) for n in range(0, 100, 25)] == [1, 2, 3, 4]
    assert limiter.refuse("bob", 0.0) == 1
    assert limiter.refuse("alice", 100.0) == 1
    limiter.forget_refusals("alice")
    limiter.forget_refusals("nobody")
    assert limiter.refuse("alice", 100.0) == 1


@pytest.mark.parametrize(
    ("until", "at", "expected"),
    [(None, 1e12, True), (2000.0, 1999.0, True), (2000.0, 2000.0, False)],
)
def test_a_block_holds_until_its_end(until: float | None, at: float, expected: bool) -> None:
    assert Block("a reason", 1000.0, until).holds(at) is expected


# Networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.255", True),
        ("::ffff:192.0.2.1", True),
        ("192.0.3.0", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("fe80::1%eth0", False),
        ("unix", False),
    ],
)
def test_refused_networks(peer: str, expected: bool) -> None:
    networks = ("192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "10.0.0.0/8")
    limiter = UpdateLimiter(AbuseSettings(refused_networks=networks))
    assert limiter.refuses(peer) is expected
    limiter.apply(AbuseSettings())
    assert not limiter.refuses(peer)
    limiter.apply(AbuseSettings(refused_networks=networks))
    assert limiter.refuses(peer) is expected


@given(
    st.lists(st.ip_addresses().flatmap(lambda a: st.tuples(st.just(a), st.integers(0, 32)))),
    st.ip_addresses(),
)
def test_a_set_of_networks_has_what_its_networks_have(
    given_: list[tuple[ipaddress.IPv4Address, int]], address: ipaddress.IPv4Address
) -> None:
    networks = [ipaddress.ip_network((one, bits), strict=False) for one, bits in given_]
    if mapped := getattr(address, "ipv4_mapped", None):
        address = mapped
    found = any(address.version == network.version and address in network for network in networks)
    assert (str(address) in NetworkSet(networks)) is found


def test_changes_without_a_client_count_with_those_of_clients() -> None:
    limiter = UpdateLimiter(AbuseSettings(change_burst=3, change_interval=60.0))
    assert times(limiter, change(V4), 0.0, most=2) == 2
    assert limiter.take_rrset("alice", HOME, A, 0.0) == 0.0
    assert limiter.take_rrset("alice", HOME, A, 0.0) == 60.0
    assert not is_admitted(limiter, change(V4), 0.0)
    wild = names.from_text("*.home.example.net")
    assert [limiter.take_rrset("alice", wild, 16, 0.0) for _ in range(4)] == [0, 0, 0, 60.0]
    assert limiter.take_rrset("alice", HOME, 16, 0.0) == 60.0  # all of the host's
    acme = names.from_text("_acme-challenge.home.example.net")
    waits = [limiter.take_rrset("alice", acme, 16, 0.0) for _ in range(31)]
    assert waits == [*[0.0] * 30, 6.0]  # challenges come more often
    limiter.reset("alice")
    assert times(limiter, change(V4), 0.0) == 3
    assert (
        UpdateLimiter(AbuseSettings(change_interval=0.0)).take_rrset("alice", HOME, A, 0.0) == 0.0
    )
