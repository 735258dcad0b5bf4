"""miniupdate without sockets: the transcripts under tests/cases/miniupdate, and what holds whatever
a client sends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.dialects.lines import Line
from ddns.dialects.miniupdate import (
    REFUSALS,
    TABLE,
    MiniupdateSession,
    State,
)
from ddns.model import names
from ddns.model.records import AAAA, A
from ddns.model.update import (
    SUCCESSES,
    TEMPORARY,
    ChallengeResponse,
    Outcome,
    Remove,
    Replace,
    Result,
    Status,
    Update,
)
from tests.clients.miniupdate_client import response
from tests.dialects.playing import cases
from tests.dialects.test_dialects import ERRORS, SUCCESS_WORDS
from tests.talking import DATE, SECRET, VERSION, Talk, check

VERBS = {"AGENT", "LOGIN", "RESPONSE", "A_UPDATE", "VERSION", "EXIT"}  # the seed's
LOGIN = [b"AGENT test/1.0", b"LOGIN alice digest-md5-text", b"RESPONSE {right}"]
LAST_WORDS = [MiniupdateSession.crowded, MiniupdateSession.idle, MiniupdateSession.overtime]
CLOSING = {Status.UNAUTHENTICATED, Status.BADAUTH, Status.DISABLED} | TEMPORARY


@pytest.mark.parametrize("case", cases("miniupdate"))
def test_case(case: dict[str, Any]) -> None:
    check(case)


def test_there_are_cases() -> None:
    assert len(cases("miniupdate")) > 40


def logged_in(**given: Any) -> Talk:
    talk = Talk(**given)
    for line in LOGIN:
        reply = talk.say(talk.fill(line.decode()).encode())
    assert reply.line == b"OK Authenticated\n"
    return talk


# Tables ----------------------------------------------------------------------------------------


def test_the_table_is_full() -> None:
    assert set(TABLE) == set(State)
    for verbs in TABLE.values():
        assert verbs.keys() == VERBS


def test_every_status_has_words() -> None:
    assert REFUSALS.keys() | SUCCESSES | TEMPORARY == set(Status)


def texts() -> list[str]:
    """All that may follow ERR but for what only a talk shows."""
    refused = [act for verbs in TABLE.values() for act in verbs.values() if isinstance(act, str)]
    ends = [reply.line.decode() for reply in LAST_WORDS]
    return [*REFUSALS.values(), *refused, *ends]


@pytest.mark.parametrize("text", sorted(set(texts())))
def test_no_error_reads_like_a_success(text: str) -> None:
    assert not [word for word in SUCCESS_WORDS if word in text.lower()]


@pytest.mark.parametrize("reply", LAST_WORDS)
def test_the_last_words_of_a_connection(reply: Line) -> None:
    assert re.fullmatch(rb"ERR [ -~]+\n", reply.line)
    assert reply.close


# Lines of ours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.1.0", "1" * 300, "é"])
def test_the_banner(version: str) -> None:
    banner = MiniupdateSession("192.0.2.77", version, bytes).banner()
    assert not banner.close
    assert re.fullmatch(rb"[ -~]+\n", banner.line)
    assert len(banner.line) < 255
    word = banner.line.split()[0]
    assert len(word) <= 15
    assert word not in (b"OK", b"ERR", b"CHALLENGE")


def test_a_challenge_is_32_lower_case_digits() -> None:
    talk = Talk(challenge="ABCDEF00" * 4)
    talk.say(LOGIN[0])
    assert talk.say(LOGIN[1]).line == b"CHALLENGE " + b"abcdef00" * 4 + b"\n"


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:1111:2222:3333:4444:5555:6666"])
def test_the_longest_host_names(address: str) -> None:
    """The client in C has 255 octets for a line, with its end and a NUL."""
    label = "a" * 63
    long = f"{label}.{label}.{label}.{'b' * 49}.example.net"
    assert len(long) == 253
    talk = logged_in(hosts={long: "alice"})
    for line in (f"A_UPDATE online {long} {address}", f"A_UPDATE offline {long}"):
        reply = talk.say(line.encode())
        assert reply.line.startswith(f"OK {long.upper()}"[:253].encode())
        assert reply.line.endswith(b"\n")
        assert len(reply.line) == 254
    assert [len(update.changes) for update in talk.updates] == [0, 1, 1]


def test_the_longest_line() -> None:
    for size, expected in ((512, b"OK Agent accepted\n"), (513, b"ERR The line is too long\n")):
        talk = Talk()
        reply = talk.say(b"AGENT ".ljust(size, b"x"))
        assert reply.line == expected
        assert reply.close == (size == 513)


# Updates ---------------------------------------------------------------------------------------


def test_what_the_pipeline_is_asked() -> None:
    talk = logged_in(hosts={"home.example.net": "alice"})
    talk.now += 7.0
    talk.say(b"A_UPDATE online Home.example.NET 198.51.100.7")
    talk.say(b"A_UPDATE online Home.example.NET 2001:db8::7")
    talk.say(b"A_UPDATE offline Home.example.NET 198.51.100.7")
    talk.say(b"A_UPDATE online - 198.51.100.7")
    asked, *updates = talk.updates
    assert asked.changes == ()
    assert (asked.at, updates[0].at) == (DATE, DATE + 7.0)
    login = ChallengeResponse("alice", talk.challenges[0], response(SECRET, talk.challenges[0]))
    for update in talk.updates:
        assert (update.dialect, update.credentials) == ("miniupdate", login)
        assert (update.peer, update.agent, update.refusal) == ("192.0.2.77", "test/1.0", None)
    changes = [change for update in updates for change in update.changes]
    assert [change.host for change in changes] == ["Home.example.NET"] * 3 + ["-"]
    home = names.from_text("home.example.net")
    assert [change.name for change in changes] == [home, home, home, None]
    online = (Replace(A, (bytes((198, 51, 100, 7)),)),)
    assert changes[0].edits == changes[3].edits == online
    assert changes[1].edits == (Replace(AAAA, (bytes.fromhex("20010db8" + "0" * 22 + "07"),)),)
    assert changes[2].edits == (Remove(A), Remove(AAAA))


def test_agents_may_change() -> None:
    talk = logged_in()
    talk.say(b"AGENT  another  client ")
    talk.say(b"A_UPDATE online home.example.net")
    assert [update.agent for update in talk.updates] == ["test/1.0", "another  client"]


@pytest.mark.parametrize("status", Status)
def test_every_status_of_a_host(status: Status) -> None:
    talk = logged_in(outcome=status.name)
    reply = talk.say(b"A_UPDATE online home.example.net 198.51.100.7")
    if status in SUCCESSES:
        assert reply.line == b"OK HOME.EXAMPLE.NET mapped to 198.51.100.7\n"
    else:
        assert reply.line == refusal(status)
    assert reply.close == (status in CLOSING)


def refusal(status: Status) -> bytes:
    """What a refused client reads: nothing, where it is to come again, for ERR ends daemons."""
    return b"" if status in TEMPORARY else f"ERR {REFUSALS[status]}\n".encode()


@pytest.mark.parametrize("status", ERRORS)
def test_every_refusal(status: Status) -> None:
    """A login that fails closes, for whatever reason it does."""
    session = MiniupdateSession("192.0.2.77", VERSION, bytes)
    for line in (*LOGIN[:2], b"RESPONSE " + b"0" * 32):
        session.receive(line, 0.0, 0.0)
    reply = session.conclude(Outcome(status))
    assert reply == Line(refusal(status), close=True)
    again = session.receive(b"RESPONSE " + b"0" * 32, 0.0, 0.0)
    assert again == Line(b"ERR There is no challenge to respond to\n")

    session = MiniupdateSession("192.0.2.77", VERSION, bytes)
    for line in (*LOGIN[:2], b"RESPONSE " + b"0" * 32):
        session.receive(line, 0.0, 0.0)
    assert session.conclude(Outcome(user="alice")).line == b"OK Authenticated\n"
    session.receive(b"A_UPDATE online home.example.net", 0.0, 0.0)
    reply = session.conclude(Outcome(status))
    assert reply == Line(refusal(status), status in CLOSING)


def test_no_secret_is_shown() -> None:
    talk = logged_in()
    right = response(SECRET, talk.challenges[0])
    assert right not in repr(talk.updates)


# Whatever comes --------------------------------------------------------------------------------

_WORDS = [
    *VERBS,
    *("online", "offline", "home.example.net", "bobs.example.net", "198.51.100.7", "2001:db8::7"),
    *("alice", "digest-md5-text", "{right}", "{wrong}", "{first}", "", "x", "a" * 60),
]
_SENSIBLE = [
    *(line.decode() for line in LOGIN),
    "A_UPDATE online home.example.net 198.51.100.7",
    "A_UPDATE offline b.example.net",
    "RESPONSE {wrong}",
    "VERSION",
]
lines = st.one_of(
    st.sampled_from(_SENSIBLE).map(str.encode),
    st.lists(st.sampled_from(_WORDS), max_size=5).map(lambda words: " ".join(words).encode()),
    st.binary(max_size=40).map(lambda octets: octets.replace(b"\n", b"")),
    st.integers(500, 530).map(lambda size: b"AGENT ".ljust(size, b"x")),
)
statuses = st.none() | st.sampled_from(sorted(Status, key=lambda status: status.name))


@given(
    st.booleans(),
    st.lists(st.tuples(lines, st.sampled_from([0.0, 1.0, 29.0, 31.0]), statuses), max_size=14),
)
def test_whatever_is_sent_is_answered_by_one_line_each(
    begun: bool, sent: list[tuple[bytes, float, Status | None]]
) -> None:
    talk = logged_in() if begun else Talk()
    answered = 3 if begun else 0
    for line, pause, status in sent:
        talk.now += pause
        talk.outcome = status
        filled = talk.fill(line.decode("latin-1")).encode("latin-1")
        reply = talk.say(filled)
        answered += 1
        assert re.fullmatch(rb"(OK|ERR) [ -~]+\n|CHALLENGE [0-9a-f]{32}\n", reply.line) or (
            reply == Line(b"", close=True) and status in TEMPORARY
        )
        assert len(reply.line) < 255
        if reply.line.startswith(b"ERR"):
            said = reply.line.decode().lower()
            assert not [word for word in SUCCESS_WORDS if word in said]
        if answered > 10:
            assert (reply.line, reply.close) == (b"ERR Too many commands\n", True)
        if reply.close:
            break
    assert len(talk.updates) <= 10


@given(st.lists(lines, max_size=9))
def test_nothing_changes_without_a_right_response(sent: list[bytes]) -> None:
    talk = Talk()
    for line in sent:
        if talk.say(talk.fill(line.decode("latin-1")).encode("latin-1")).close:
            break
    if not any(b"{right}" in line for line in sent):
        assert talk.there.lines() == []
        assert not any(update.changes for update in talk.updates)


def test_a_result_is_as_good_as_a_refusal() -> None:
    """Both ways a pipeline has to say no come to the same words."""
    talk = logged_in()
    step = talk.session.receive(b"A_UPDATE online home.example.net", 100.0, DATE)
    assert isinstance(step, Update)
    outcome = Outcome(results=(Result(step.changes[0], Status.NOHOST),))
    assert talk.session.conclude(outcome).line == b"ERR There is no such host to update\n"
