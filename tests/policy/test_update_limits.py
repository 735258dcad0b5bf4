"""Who comes too often, and who is blocked: the rules, without anything around them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.account import Account, Block
from ddns.model.records import AAAA, CNAME, A
from ddns.model.update import (
    Change,
    Edit,
    Mail,
    Remove,
    Renumber,
    Replace,
    Status,
    Update,
)
from ddns.policy.addresses import NetworkSet
from ddns.policy.update_limits import OTHER, RULES, Attempt, History, Limits, judge, slots

HOME = names.from_text("home.example.net")
ALICE = Account("alice")
V4, V6 = Replace(A, (bytes(4),)), Replace(AAAA, (bytes(16),))


def change(*edits: Edit, name: bytes | None = HOME) -> Change:
    return Change("home.example.net", name, edits or (V4,))


def attempt(
    one: Change | None = None,
    account: Account | None = ALICE,
    peer: str = "192.0.2.1",
    at: float = 1000.0,
) -> Attempt:
    changes = () if one is None else (one,)
    return Attempt(Update("test", None, changes, peer, at), account, one)


def times(history: History, one: Change, now: float, most: int = 100) -> int:
    """How often a change is let through at one moment."""
    for number in range(most):
        if judge(history, attempt(one), now) is not None:
            return number
        history.take(slots("alice", one), now)
    return most


# Changes ---------------------------------------------------------------------------------------


def test_a_burst_and_then_one_at_a_time() -> None:
    history = History(Limits(change_burst=10, change_interval=60.0))
    assert times(history, change(), 0.0) == 10
    assert judge(history, attempt(change()), 0.0) is Status.ABUSE
    assert times(history, change(), 59.9) == 0
    assert times(history, change(), 60.0) == 1
    assert times(history, change(), 60.0 + 3 * 60) == 3
    assert times(history, change(), 1e6) == 10


def test_what_came_to_nothing_is_given_back() -> None:
    history = History(Limits(change_burst=2))
    here = slots("alice", change())
    for _ in range(10):
        history.take(here, 0.0)
        history.give_back(here, 0.0)
    assert times(history, change(), 0.0) == 2
    history.give_back(here, 0.0)
    assert times(history, change(), 0.0) == 1
    history.give_back(slots("bob", change()), 0.0)
    assert len(history._changes or ()) == 1


def test_families_are_counted_apart_and_so_are_hosts_and_accounts() -> None:
    history = History(Limits(change_burst=3))
    assert times(history, change(V4), 0.0) == 3
    assert times(history, change(V6), 0.0) == 3
    assert times(history, change(Mail(None, True)), 0.0) == 3
    assert times(history, change(name=names.from_text("b.example.net")), 0.0) == 3
    other = attempt(change(), Account("bob"))
    assert judge(history, other, 0.0) is None


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((V4,), {A}),
        ((V6,), {AAAA}),
        ((V4, V6), {A, AAAA}),
        ((Remove(A), Remove(AAAA)), {A, AAAA}),
        ((Renumber(ipaddress.IPv6Network("2001:db8::/64")),), {AAAA}),
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
    history = History(Limits(change_burst=1))
    assert times(history, change(name=None), 0.0) == 100


def test_both_families_a_second_apart_are_no_abuse() -> None:
    """A dual-stack client with a new prefix every ten minutes, for a day."""
    history = History(Limits())
    for moment in range(0, 86_400, 600):
        for later, one in enumerate((change(V4), change(V6))):
            now = float(moment + later)
            assert judge(history, attempt(one), now) is None
            history.take(slots("alice", one), now)


# nochg -----------------------------------------------------------------------------------------


def ask_in_vain(history: History, now: float) -> Status | None:
    """A change that turns out to be none."""
    refusal = judge(history, attempt(change()), now)
    if refusal is None:
        here = slots("alice", change())
        history.take(here, now)
        history.unchanged(here, now)
    return refusal


def test_nochg_once_a_minute_is_free() -> None:
    history = History(Limits(change_burst=2, change_interval=3600.0, nochg_interval=60.0))
    for minute in range(1000):
        assert ask_in_vain(history, 60.0 * minute) is None
    assert times(history, change(), 60_000.0) == 2


def test_nochg_more_often_is_a_change() -> None:
    history = History(Limits(change_burst=2, change_interval=3600.0, nochg_interval=60.0))
    assert [ask_in_vain(history, 0.1 * n) for n in range(5)] == [
        None,
        None,
        None,
        Status.ABUSE,
        Status.ABUSE,
    ]


def test_nochg_that_never_counts() -> None:
    history = History(Limits(change_burst=2, nochg_interval=0.0))
    assert {ask_in_vain(history, 0.0) for _ in range(100)} == {None}


# Switched off, bounded -------------------------------------------------------------------------


def test_no_limit_on_changes() -> None:
    history = History(Limits(change_interval=0.0))
    assert times(history, change(), 0.0, most=1000) == 1000
    history.unchanged(slots("alice", change()), 0.0)


def test_durations_are_fractions_as_well() -> None:
    history = History(Limits(change_burst=1, change_interval=0.25))
    assert times(history, change(), 10.0) == 1
    assert times(history, change(), 10.2) == 0
    assert times(history, change(), 10.25) == 1


def test_tables_are_bounded_and_what_is_full_again_is_forgotten() -> None:
    history = History(Limits(change_burst=2), capacity=50)
    for number in range(1000):
        here = slots("alice", change(name=names.from_text(f"h{number}.example.net")))
        history.take(here, 0.0)
        history.unchanged(here, 0.0)
        history.take(here, 0.0)
        history.refuse(f"a{number}", 0.0)
    tables = [table for name, table in vars(history).items() if hasattr(table, "__len__")]
    assert [len(table) for table in tables] == [50, 50, 50]
    for number in range(100):
        here = slots("alice", change(name=names.from_text(f"h{number}.example.net")))
        history.take(here, 1e6)
        history.unchanged(here, 1e6)
    assert len(history._changes or ()) == 0


@given(
    st.integers(1, 20),
    st.floats(0.01, 1e4),
    st.lists(st.tuples(st.floats(0, 1e3), st.sampled_from(["take", "vain", "fail"]))),
)
def test_never_more_than_the_burst_and_what_came_back_since(
    burst: int, interval: float, steps: list[tuple[float, str]]
) -> None:
    """Against an obvious bucket of tokens."""
    history = History(Limits(change_burst=burst, change_interval=interval, nochg_interval=0.0))
    here, now, tokens = slots("alice", change()), 0.0, float(burst)
    for passed, what in steps:
        now, tokens = now + passed, min(burst, tokens + passed / interval)
        admitted = judge(history, attempt(change()), now) is None
        if abs(tokens - 1) > 1e-6:  # else it is a matter of rounding
            assert admitted is (tokens >= 1)
        if not admitted:
            continue
        history.take(here, now)
        tokens -= 1
        if what != "take":
            history.unchanged(here, now) if what == "vain" else history.give_back(here, now)
            tokens += 1


# Blocks ----------------------------------------------------------------------------------------


def test_refusals_are_counted_within_the_window() -> None:
    history = History(Limits(window=100.0))
    assert [history.refuse("alice", float(n)) for n in range(0, 100, 25)] == [1, 2, 3, 4]
    assert history.refuse("bob", 0.0) == 1
    assert history.refuse("alice", 100.0) == 1
    history.forgive("alice")
    history.forgive("nobody")
    assert history.refuse("alice", 100.0) == 1


@pytest.mark.parametrize(
    ("until", "at", "expected"),
    [
        (None, 1e12, Status.BLOCKED),
        (2000.0, 1999.0, Status.BLOCKED),
        (2000.0, 2000.0, None),
    ],
)
def test_a_block_holds_until_its_end(until: float | None, at: float, expected: object) -> None:
    blocked = Account("alice", block=Block("a reason", 1000.0, until))
    assert judge(History(Limits()), attempt(account=blocked, at=at), 0.0) is expected
    assert judge(History(Limits()), attempt(change(), blocked, at=at), 0.0) is expected


# Networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.255", Status.BLOCKED),
        ("::ffff:192.0.2.1", Status.BLOCKED),
        ("192.0.3.0", None),
        ("198.51.100.7", Status.BLOCKED),
        ("198.51.100.8", None),
        ("2001:db8:ffff::1", Status.BLOCKED),
        ("2001:db9::1", None),
        ("fe80::1%eth0", None),
        ("unix", None),
    ],
)
def test_refused_networks(peer: str, expected: object) -> None:
    networks = ("192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "10.0.0.0/8")
    refused = NetworkSet(map(ipaddress.ip_network, networks))
    for account in (None, ALICE):
        assert judge(History(Limits(refused=refused)), attempt(None, account, peer), 0) is expected
        assert judge(History(Limits()), attempt(None, account, peer), 0) is None


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


def test_the_rules_are_asked_in_their_order() -> None:
    assert [rule.__name__ for rule in RULES] == [
        "from_refused_network",
        "is_blocked",
        "comes_too_often",
    ]
    refused = NetworkSet([ipaddress.ip_network("0.0.0.0/0")])
    history = History(Limits(refused=refused, change_burst=1))
    history.take(slots("alice", change()), 0.0)
    assert judge(history, attempt(change()), 0.0) is Status.BLOCKED


def test_changes_without_a_client_count_with_those_of_clients() -> None:
    history = History(Limits(change_burst=3, change_interval=60.0))
    assert times(history, change(V4), 0.0, most=2) == 2
    assert history.count(lambda: 0.0, "alice", HOME, A) == 0.0
    assert history.count(lambda: 0.0, "alice", HOME, A) == 60.0
    assert judge(history, attempt(change(V4)), 0.0) is Status.ABUSE
    acme = names.from_text("_acme-challenge.home.example.net")
    assert [history.count(lambda: 0.0, "alice", acme, 16) for _ in range(4)] == [0, 0, 0, 60.0]
    assert history.count(lambda: 0.0, "alice", HOME, 16) == 60.0  # all of the host's
    history.lift("alice")
    assert times(history, change(V4), 0.0) == 3
    assert History(Limits(change_interval=0.0)).count(lambda: 0.0, "alice", HOME, A) == 0.0
