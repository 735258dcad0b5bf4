"""Counts of wrong credentials."""

from __future__ import annotations

from ddns.policy.failures import FORGIVEN, Failures

HERE, THERE = b"here", b"there"


def test_a_failure_counts_for_its_user_and_network() -> None:
    failures = Failures()
    assert failures.rank("alice", HERE, 0.0) == (0, 0)
    for _ in range(FORGIVEN):
        failures.note("bob", HERE, 0.0, exists=True)
        assert failures.rank("bob", HERE, 0.0) == (0, 0), "people mistype"
    for _ in range(3):
        failures.note("bob", HERE, 0.0, exists=True)
    assert failures.rank("bob", HERE, 0.0) == (3, 3)
    assert failures.rank("alice", HERE, 0.0) == (0, 3)
    assert failures.rank("bob", THERE, 0.0) == (0, 0)


def test_an_account_is_told_its_number_from_wherever() -> None:
    failures = Failures()
    assert failures.note("bob", HERE, 0.0, exists=True) == 1
    assert failures.note("bob", THERE, 0.0, exists=True) == 2
    assert failures.note("nobody", THERE, 0.0, exists=False) == 0


def test_counts_end_with_their_window() -> None:
    failures = Failures(window=10.0)
    for _ in range(FORGIVEN + 1):
        failures.note("bob", HERE, 0.0, exists=True)
    assert failures.rank("bob", HERE, 9.9) == (1, 1)
    assert failures.rank("bob", HERE, 10.0) == (0, 0)
    assert failures.note("bob", HERE, 10.0, exists=True) == 1


def test_tables_are_bounded_and_keep_what_was_noted_last() -> None:
    failures = Failures(capacity=5)
    failures.note("bob", HERE, 0.0, exists=True)
    for number in range(100):
        failures.note(f"u{number}", bytes((number,)), 0.0, exists=True)
        failures.note("bob", HERE, 0.0, exists=True)
    assert failures.rank("bob", HERE, 0.0) == (101 - FORGIVEN, 101 - FORGIVEN)
    assert failures.rank("u0", b"\x00", 0.0) == (0, 0)
    assert all(len(table) <= 5 for name, table in vars(failures).items() if "_by_" in name)
