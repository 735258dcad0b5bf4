"""areg.php: the transcripts under tests/cases/minidns, and that nothing a client sends can hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.dialects.minidns import MiniDNS
from ddns.model.update import Credentials, Update
from tests.dialects.playing import HOSTS, Records, cases, check, play, request_of

LOGIN_ERROR = "auth_fail. Incorrect username/password/hostname.\n"


@pytest.mark.parametrize("case", cases("minidns"))
def test_case(case: dict[str, Any]) -> None:
    check(MiniDNS(), case)


def test_there_are_cases() -> None:
    assert len(cases("minidns")) > 40


words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["ADD", "add", "home.example.net", "bobs.example.net", "alice", "right"]),
    st.sampled_from(["198.51.100.7", "2001:db8::7", "", " ", "a\x00b", "\udcff", "a\nb"]),
)
PARAMETERS = ("opcode", "host", "username", "password", "ip")


@given(
    st.dictionaries(st.one_of(st.sampled_from(PARAMETERS), st.text(max_size=5)), words),
    st.sampled_from(["none", "right", "wrong", ":"]),
)
def test_whatever_is_asked_gets_one_sentence(args: dict[str, str], login: str) -> None:
    request = request_of("/areg.php", login=login)
    request.args.update(args)  # type: ignore[attr-defined]
    there = Records()
    reply = play(MiniDNS(), request, there)
    assert reply.status == 200
    line = reply.body.removesuffix("\n")
    assert "\n" not in line
    assert line.endswith(".")
    assert line.startswith(("okay. ", "auth_fail. "))
    assert bool(there.lines()) == line.startswith("okay. ")
    if there.lines():
        assert args["opcode"].strip().upper() == "ADD"
        assert args["host"].strip() in HOSTS


@pytest.mark.parametrize("login", ["none", "wrong", ":"])
@pytest.mark.parametrize("query", ["", "?opcode=ADD", "?opcode=ADD&host=-&ip=x", "?opcode=DEL"])
def test_strangers_hear_one_error_only(login: str, query: str) -> None:
    reply = play(MiniDNS(), request_of("/areg.php" + query, login=login), Records({}))
    assert (reply.status, reply.body) == (200, LOGIN_ERROR)


@pytest.mark.parametrize(
    ("query", "login", "expected"),
    [
        ("", "none", None),
        ("", ":", Credentials("", "")),
        ("", "a:b", Credentials("a", "b")),
        ("username=&password=", "none", None),
        ("username=&password=", "a:b", Credentials("a", "b")),
        ("username=x", "a:b", Credentials("x", "")),
        ("password=y", "a:b", Credentials("", "y")),
        ("username=x&password=y", "a:b", Credentials("x", "y")),
        ("username=x&password=y", ":", Credentials("x", "y")),
        ("username=x+y&password=y+z", "none", Credentials("x+y", "y z")),
        ("username=x%2By&password=y%2Bz", "none", Credentials("x+y", "y+z")),
    ],
)
def test_credentials(query: str, login: str, expected: Credentials | None) -> None:
    update = MiniDNS().parse(request_of(f"/areg.php?opcode=ADD&host=a.b&{query}", login=login))
    assert isinstance(update, Update)
    assert update.credentials == expected


def test_an_update_carries_what_the_pipeline_needs() -> None:
    update = MiniDNS().parse(request_of("/areg.php?opcode=ADD&host=a.b", peer="::1"))
    assert isinstance(update, Update)
    assert (update.dialect, update.peer, update.agent) == ("minidns", "::1", "test/1.0")
    (change,) = update.changes
    assert (change.host, change.activated) == ("a.b", False)
