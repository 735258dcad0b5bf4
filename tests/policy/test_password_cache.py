"""Passwords that were checked a short while ago."""

from __future__ import annotations

import pytest

from ddns.model.update import Credentials
from ddns.policy.password_cache import PasswordCache

RIGHT = Credentials("alice", "password")


@pytest.fixture
def memory() -> PasswordCache:
    return PasswordCache(bytes(32), remember=300.0, capacity=3)


def test_a_right_password_is_remembered_for_a_while(memory: PasswordCache) -> None:
    assert memory.recall(RIGHT, 1000.0)[0] is None
    memory.found_right(RIGHT, "alice", 1000.0)
    assert memory.recall(RIGHT, 1000.0)[0] == "alice"
    assert memory.recall(Credentials(" ALICE", "password"), 1299.0)[0] == "alice"
    assert memory.recall(RIGHT, 1300.0)[0] is None
    assert memory.recall(Credentials("alice", "Password"), 1000.0)[0] is None
    assert memory.recall(Credentials("bob", "password"), 1000.0)[0] is None
    # user and secret do not run into each other
    assert memory.recall(Credentials("alicep", "assword"), 1000.0)[0] is None


def test_that_it_was_right_is_known_for_longer(memory: PasswordCache) -> None:
    assert not memory.was_right(RIGHT)
    memory.found_right(RIGHT, "alice", 1000.0)
    assert memory.recall(RIGHT, 2000.0)[0] is None
    assert memory.was_right(RIGHT)
    memory.forget("alice")
    assert not memory.was_right(RIGHT)


def test_a_wrong_password_is_remembered_for_a_while(memory: PasswordCache) -> None:
    assert not memory.recall(RIGHT, 1000.0)[1]
    memory.found_wrong(RIGHT, 1000.0)
    assert memory.recall(RIGHT, 1299.0)[1]
    assert not memory.recall(RIGHT, 1300.0)[1]
    assert not memory.recall(Credentials("alice", "other"), 1000.0)[1]
    assert memory.recall(RIGHT, 1000.0)[0] is None


def test_a_wrong_password_is_forgotten_with_a_change_of_the_account(
    memory: PasswordCache,
) -> None:
    memory.found_wrong(Credentials(" Alice ", "password"), 1000.0)
    memory.forget("bob")
    assert memory.recall(RIGHT, 1000.0)[1]
    memory.forget("alice")
    assert not memory.recall(RIGHT, 1000.0)[1]


def test_a_clock_set_back_does_not_make_memories_last(memory: PasswordCache) -> None:
    memory.found_right(RIGHT, "alice", 1_000_000.0)
    assert memory.recall(RIGHT, 500_000.0)[0] is None


def test_the_oldest_memory_makes_room(memory: PasswordCache) -> None:
    right = [Credentials("alice", f"password{number}") for number in range(4)]
    wrong = [Credentials("alice", f"mistake{number}") for number in range(4)]
    for number in range(4):
        memory.found_right(right[number], "alice", 1000.0)
        memory.found_wrong(wrong[number], 1000.0)
    assert [memory.recall(one, 1001.0)[0] for one in right] == [None, "alice", "alice", "alice"]
    assert [memory.recall(one, 1001.0)[1] for one in wrong] == [False, True, True, True]


def test_a_password_is_not_kept_in_a_readable_form(memory: PasswordCache) -> None:
    memory.found_right(RIGHT, "alice", 1000.0)
    memory.found_wrong(RIGHT, 1000.0)
    kept = {name: value for name, value in vars(memory).items() if name != "_key"}
    assert "password" not in repr(kept)
    other = PasswordCache(b"\x01" * 32, remember=300.0, capacity=3)
    assert other.fingerprint(RIGHT) != memory.fingerprint(RIGHT)


def test_names_that_nobody_has_take_no_room(memory: PasswordCache) -> None:
    memory.found_wrong(Credentials("x" * 100_000, "y" * 100_000), 1000.0)
    assert memory.recall(Credentials("x" * 100_000, "y" * 100_000), 1000.0)[1]
    assert len(repr(vars(memory))) < 2000
