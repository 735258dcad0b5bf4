"""Sessions: how long they last, how many there are, and what is to be written down of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddns.model.session import Session
from ddns.policy.sessions import HOUR, Changes, Sessions

AT = 1e9
"""The date, in seconds since 1970, when the monotonic clock began."""


def token(number: int) -> bytes:
    return number.to_bytes(32, "big")


def session(number: int, account: str = "alice", now: float = 0.0) -> Session:
    return Session(token(number), account, b"hash", AT + now, AT + now)


def begin(sessions: Sessions, number: int, account: str = "alice", now: float = 0.0) -> None:
    sessions.open(session(number, account, now), now)


def find(sessions: Sessions, number: int, now: float) -> Session | None:
    return sessions.find(token(number), now, AT + now)


def test_a_session_lasts_until_it_is_closed() -> None:
    sessions = Sessions(time=100.0, idle_time=100.0)
    begin(sessions, 1)
    begin(sessions, 2)
    found = find(sessions, 1, 99.9)
    assert found is not None
    assert (found.account, found.password, found.used) == ("alice", b"hash", AT + 99.9)
    sessions.close(token(1))
    sessions.close(token(1))
    assert find(sessions, 1, 1.0) is None
    assert find(sessions, 2, 1.0) is not None
    assert find(sessions, 3, 1.0) is None


def test_a_session_ends_though_it_is_used() -> None:
    sessions = Sessions(time=100.0, idle_time=10.0)
    begin(sessions, 1)
    for now in range(0, 100, 9):
        assert find(sessions, 1, float(now)) is not None
    assert find(sessions, 1, 100.0) is None
    assert len(sessions) == 0


def test_a_session_ends_when_it_is_not_used() -> None:
    sessions = Sessions(time=100.0, idle_time=0.25)
    begin(sessions, 1)
    assert find(sessions, 1, 0.24) is not None
    assert find(sessions, 1, 0.48) is not None
    assert find(sessions, 1, 0.74) is None


def test_an_account_has_so_many() -> None:
    sessions = Sessions(of_one=2)
    begin(sessions, 9, "bob")
    begin(sessions, 1)
    begin(sessions, 2)
    assert find(sessions, 1, 1.0)  # so the other one goes
    begin(sessions, 3, now=2.0)
    assert [bool(find(sessions, n, 3.0)) for n in (9, 1, 2, 3)] == [True, True, False, True]


def test_there_are_so_many_in_all() -> None:
    sessions = Sessions(capacity=2)
    for number, account in enumerate(("alice", "bob", "carol")):
        begin(sessions, number, account)
    assert [bool(find(sessions, n, 1.0)) for n in range(3)] == [False, True, True]


def test_those_of_an_account() -> None:
    sessions = Sessions(time=100.0, idle_time=10.0)
    for number, account in ((1, "alice"), (2, "bob"), (3, "alice"), (4, "alice")):
        begin(sessions, number, account)
    find(sessions, 1, 5.0)
    find(sessions, 3, 4.0)
    assert [one.digest for one in sessions.of("alice", 9.0)] == [token(n) for n in (3, 1, 4)]
    assert [one.digest for one in sessions.of("alice", 10.0)] == [token(n) for n in (3, 1)]
    assert sessions.of("nobody", 0.0) == []


def test_expired_ones_go_when_others_come() -> None:
    sessions = Sessions(idle_time=10.0)
    for number in range(5):
        begin(sessions, number, f"a{number}")
    begin(sessions, 9, now=10.0)
    assert len(sessions) == 1


@given(st.lists(st.tuples(st.sampled_from("ofc"), st.integers(0, 9), st.sampled_from("ab"))))
def test_what_is_kept_is_bounded(steps: list[tuple[str, int, str]]) -> None:
    sessions = Sessions(time=20.0, idle_time=5.0, capacity=4, of_one=3)
    open_: set[int] = set()
    for now, (step, number, account) in enumerate(steps):
        match step:
            case "o" if number not in open_:
                begin(sessions, number, account, float(now))
                open_.add(number)
            case "c":
                sessions.close(token(number))
                open_.discard(number)
            case _:
                find(sessions, number, float(now))
        open_ = {number for number in open_ if token(number) in sessions._sessions}
        assert len(sessions) <= 4
        assert sum(map(len, sessions._of.values())) == len(sessions)
        assert all(0 < len(mine) <= 3 for mine in sessions._of.values())


# What is to be written down ----------------------------------------------------------------------


def settled(sessions: Sessions, written: bool = True) -> tuple[set[bytes], set[bytes]]:
    """Write down what has changed, or fail to; the digests of what was to be put and removed."""
    changes = sessions.take()
    sessions.settle(changes, written=written)
    return {one.digest for one in changes.put}, set(changes.remove)


def test_what_begins_and_ends_is_written_down() -> None:
    told: list[str] = []
    sessions = Sessions()
    sessions.changed = lambda: told.append("changed")
    begin(sessions, 1)
    assert told == ["changed"]
    assert settled(sessions) == ({token(1)}, set())
    sessions.close(token(1))
    assert told == ["changed"] * 2
    assert settled(sessions) == (set(), {token(1)})
    assert settled(sessions) == (set(), set())


def test_what_was_never_written_down_need_not_be_removed() -> None:
    sessions = Sessions(of_one=1)
    begin(sessions, 1)
    begin(sessions, 2)
    sessions.close(token(2))
    assert settled(sessions) == (set(), set())


def test_what_ends_while_it_is_written_down() -> None:
    sessions = Sessions()
    begin(sessions, 1)
    changes = sessions.take()
    sessions.close(token(1))
    sessions.settle(changes, written=True)
    assert settled(sessions) == (set(), {token(1)})


def test_what_cannot_be_written_down_is_tried_again() -> None:
    sessions = Sessions()
    begin(sessions, 1)
    settled(sessions)
    sessions.close(token(1))
    for number in (2, 3):
        begin(sessions, number)
    assert settled(sessions, written=False) == ({token(2), token(3)}, {token(1)})
    sessions.close(token(2))
    assert settled(sessions) == ({token(3)}, {token(1)})


def test_uses_are_written_down_once_an_hour() -> None:
    sessions = Sessions()
    begin(sessions, 1)
    settled(sessions)
    for now in (1.0, HOUR - 0.1):
        find(sessions, 1, now)
        assert settled(sessions) == (set(), set())
    find(sessions, 1, HOUR)
    assert settled(sessions) == ({token(1)}, set())
    find(sessions, 1, HOUR + 1.0)
    assert settled(sessions) == (set(), set())
    sessions.write_all_uses()
    assert settled(sessions) == ({token(1)}, set())
    sessions.write_all_uses()
    assert sessions.take() == Changes([], [])


def test_after_a_start_they_go_on() -> None:
    kept = [session(1, now=0.0), session(2, now=60.0), session(3, now=90.0)]
    sessions = Sessions(time=100.0, idle_time=40.0)
    sessions.load(kept, 5000.0, AT + 100.0)
    assert settled(sessions) == (set(), {token(1), token(2)})
    assert sessions.find(token(3), 5029.9, AT + 129.9) is not None
    assert sessions.find(token(3), 5069.8, AT + 169.8) is not None
    assert sessions.find(token(3), 5090.0, AT + 190.0) is None


def test_a_clock_that_was_set_back_prolongs_nothing() -> None:
    sessions = Sessions(time=100.0, idle_time=100.0)
    sessions.load([session(1)], 0.0, AT - 5000.0)
    assert sessions.find(token(1), 99.9, AT) is not None
    assert sessions.find(token(1), 100.0, AT) is None
