"""GnuDIP over TCP without sockets: the lines under tests/cases/gnudip_tcp, and any other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.dialects.gnudip_tcp import GnudipSession
from ddns.dialects.lines import Line
from ddns.model.update import SUCCESSES, TEMPORARY, Outcome, Result, Status, Update
from tests.dialects.playing import PEER, Records, cases, perform

KEYS = [
    {"user": "alice", "secret": "limited", "kind": "miniupdate", "hosts": ["home.example.net"]},
    {"user": "alice", "secret": "limited", "kind": "update", "hosts": ["home.example.net"]},
]
RIGHT = b"home:066f3d8c14041fb994d56b6fac20a4d6:example.net:0:198.51.100.7"


def answer(line: bytes, there: Records) -> Line:
    session = GnudipSession(PEER, bytes)
    step = session.receive(line, 1.0, 0.0)
    return session.conclude(perform(step, there, KEYS)) if isinstance(step, Update) else step


@pytest.mark.parametrize("case", cases("gnudip_tcp"))
def test_case(case: dict[str, Any]) -> None:
    assert case.keys() <= {"why", "line", "reply", "before", "after"}
    before = case.get("before", [])
    there = Records(lines=before)
    reply = answer(case["line"].encode(), there)
    assert reply == Line(case["reply"].encode() + b"\n", close=True)
    assert there.lines() == sorted(case.get("after", before))


def test_the_salt_comes_first_and_is_another_one_each_time() -> None:
    made = iter(range(256))
    sessions = [GnudipSession(PEER, lambda size: bytes([next(made)]) * size) for _ in range(20)]
    salts = [session.banner() for session in sessions]
    assert len({salt.line for salt in salts}) == 20
    for salt in salts:
        assert len(salt.line) == 11
        assert salt.line.endswith(b"\n")
        assert salt.line[:-1].isalnum()
        assert not salt.close


def test_a_line_says_who_asks_for_what() -> None:
    update = GnudipSession("2001:db8::77", bytes).receive(RIGHT, 1.0, 1000.0)
    assert isinstance(update, Update)
    assert (update.dialect, update.peer, update.at) == ("gnudip", "2001:db8::77", 1000.0)
    assert update.addresses == "198.51.100.7"
    assert [change.host for change in update.changes] == ["home.example.net"]
    assert "066f" not in repr(update)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("whole", [False, True])
def test_every_status_has_a_code(status: Status, whole: bool) -> None:
    """Where trying again is of use the server says nothing, or the client would take its password
    for wrong."""
    session = GnudipSession(PEER, bytes)
    update = session.receive(RIGHT, 1.0, 0.0)
    assert isinstance(update, Update)
    outcome = Outcome(results=(Result(update.changes[0], status),))
    if whole and status not in SUCCESSES:
        outcome = Outcome(status)
    code = b"0\n" if status in SUCCESSES else b"" if status in TEMPORARY else b"1\n"
    assert session.conclude(outcome) == Line(code, close=True)


def test_a_line_that_is_too_long() -> None:
    there = Records()
    assert answer(RIGHT.replace(b"home", b"home" + b" " * 512), there).line == b"1\n"
    assert there.lines() == []


def test_the_last_words_of_a_connection() -> None:
    session = GnudipSession(PEER, bytes)
    assert {session.crowded, session.idle, session.overtime} == {Line(b"1\n", close=True)}


@given(
    st.one_of(
        st.binary(max_size=600),
        st.lists(
            st.sampled_from(
                [*(b"home", b"alice", b"066f3d8c14041fb994d56b6fac20a4d6", b"example.net", b""),
                 *(b"0", b"1", b"2", b"-1", b"\xff", b"2001:db8::1", b"2001:db8:1::/64", b"@")]
            ),
            max_size=7,
        ).map(b":".join),
    )
)  # fmt: skip
def test_whatever_is_sent_is_answered_by_one_code(line: bytes) -> None:
    reply = answer(line, Records())
    assert reply.line in (b"0\n", b"1\n", b"2\n", b"0:192.0.2.77\n")
    assert reply.close
