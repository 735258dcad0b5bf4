"""Sessions: how long they last, and how many there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddns.policy.sessions import Sessions


def token(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_a_session_lasts_until_it_is_closed() -> None:
    sessions = Sessions(time=100.0, idle_time=100.0)
    sessions.open(token(1), "alice", "hash", 0.0)
    sessions.open(token(2), "alice", "hash", 0.0)
    found = sessions.find(token(1), 99.9)
    assert found is not None
    assert (found.account, found.password) == ("alice", "hash")
    sessions.close(token(1))
    sessions.close(token(1))
    assert sessions.find(token(1), 1.0) is None
    assert sessions.find(token(2), 1.0) is not None
    assert sessions.find(token(3), 1.0) is None


def test_a_session_ends_though_it_is_used() -> None:
    sessions = Sessions(time=100.0, idle_time=10.0)
    sessions.open(token(1), "alice", "hash", 0.0)
    for now in range(0, 100, 9):
        assert sessions.find(token(1), float(now)) is not None
    assert sessions.find(token(1), 100.0) is None
    assert len(sessions) == 0


def test_a_session_ends_when_it_is_not_used() -> None:
    sessions = Sessions(time=100.0, idle_time=0.25)
    sessions.open(token(1), "alice", "hash", 0.0)
    assert sessions.find(token(1), 0.24) is not None
    assert sessions.find(token(1), 0.48) is not None
    assert sessions.find(token(1), 0.74) is None


def test_an_account_has_so_many() -> None:
    sessions = Sessions(of_one=2)
    sessions.open(token(9), "bob", "hash", 0.0)
    sessions.open(token(1), "alice", "hash", 0.0)
    sessions.open(token(2), "alice", "hash", 0.0)
    assert sessions.find(token(1), 1.0)  # so the other one goes
    sessions.open(token(3), "alice", "hash", 2.0)
    assert [bool(sessions.find(token(n), 3.0)) for n in (9, 1, 2, 3)] == [True, True, False, True]


def test_there_are_so_many_in_all() -> None:
    sessions = Sessions(capacity=2)
    for number, account in enumerate(("alice", "bob", "carol")):
        sessions.open(token(number), account, "hash", 0.0)
    assert [bool(sessions.find(token(n), 1.0)) for n in range(3)] == [False, True, True]


@given(st.lists(st.tuples(st.sampled_from("ofc"), st.integers(0, 9), st.sampled_from("ab"))))
def test_what_is_kept_is_bounded(steps: list[tuple[str, int, str]]) -> None:
    sessions = Sessions(time=20.0, idle_time=5.0, capacity=4, of_one=3)
    open_: set[int] = set()
    for now, (step, number, account) in enumerate(steps):
        match step:
            case "o" if number not in open_:
                sessions.open(token(number), account, "hash", float(now))
                open_.add(number)
            case "c":
                sessions.close(token(number))
                open_.discard(number)
            case _:
                sessions.find(token(number), float(now))
        open_ = {number for number in open_ if token(number) in sessions._sessions}
        assert len(sessions) <= 4
        assert sum(map(len, sessions._of.values())) == len(sessions)
        assert all(0 < len(mine) <= 3 for mine in sessions._of.values())
