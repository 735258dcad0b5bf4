"""dyndns2: the transcripts under tests/cases/dyndns2, and that nothing a client sends can hurt.

A case has ``why``, ``target`` (of the request line) and, where they differ from the usual,
``agent``, ``peer``, ``login`` (right, wrong, none), ``before`` (the records that are there) and
``hosts`` (whose they are). It says the ``reply``'s lines, its ``status`` if that is not 200, and
the records ``after`` it, if they are not those of before.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.dialects.dyndns2 import DynDNS2
from ddns.model.update import Credentials, Update
from tests.dialects.playing import Records, play, request_of

FOLDER = Path(__file__).parents[1] / "cases" / "dyndns2"
HOSTS = {"home.example.net": "alice", "b.example.net": "alice", "bobs.example.net": "bob"}
KNOWN = {"why", "target", "agent", "peer", "login", "before", "hosts", "reply", "status", "after"}


def load() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for case in tomllib.loads(path.read_text())["case"]:
            found.append(pytest.param(case, id=f"{path.stem}: {case['why']}"))
    return found


@pytest.mark.parametrize("case", load())
def test_case(case: dict[str, Any]) -> None:
    assert case.keys() <= KNOWN
    before = case.get("before", [])
    there = Records(case.get("hosts", HOSTS), before)
    given_ = {key: case[key] for key in ("agent", "peer", "login") if key in case}
    reply = play(DynDNS2(), request_of(case["target"], **given_), there)
    assert reply.body.endswith("\n")
    assert reply.body.splitlines() == case["reply"]
    assert reply.status == case.get("status", 200)
    assert there.lines() == sorted(case.get("after", before))
    assert ("WWW-Authenticate" in reply.headers) == (reply.status == 401)


def test_there_are_cases() -> None:
    assert len(load()) > 50


words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "198.51.100.7",
            "2001:db8::7",
            "2001:db8:1::/64",
            "::/0",
            "fe80::1%e/64",
            "preserve",
            "",
            " ",
            "home.example.net",
            "b.example.net",
            "*.x",
            "ON",
            "OFF",
            "YES",
            "NO",
            "NOCHG",
            "bücher.example.net",
            "a\x00b",
            "\udcff",
            "1.2.3.0/24",
            "/",
            "::ffff:192.0.2.1",
        ]
    ),
)
values = st.lists(words, max_size=22).map(",".join)
PARAMETERS = ("hostname", "myip", "myipv6", "mx", "backmx", "wildcard", "offline", "system")


@given(
    st.dictionaries(st.one_of(st.sampled_from(PARAMETERS), st.text(max_size=5)), values),
    st.sampled_from(["192.0.2.77", "2001:db8::77"]),
    st.sampled_from(["test/1.0", "", " ", "\udcff"]),
)
@example({"hostname": "home.example.net", "myip": "2001:db8:1::/64"}, "192.0.2.77", "x")
def test_whatever_is_asked_gets_a_line_for_each_host(
    args: dict[str, str], peer: str, agent: str
) -> None:
    request = request_of("/nic/update", peer=peer, agent=agent)
    request.args.update(args)  # type: ignore[attr-defined]
    before = ["home.example.net 10 AAAA 2001:db8::1", "b.example.net 10 CNAME x.example.net."]
    reply = play(DynDNS2(), request, Records(HOSTS, before))
    assert reply.status == 200
    asked = [host for host in args.get("hostname", "").split(",") if host.strip()]
    lines = reply.body.removesuffix("\n").split("\n")
    many = max(args.get(name, "").count(",") for name in ("myip", "myipv6")) > 10
    if lines[0] not in ("badagent", "badsys", "numhost", *(["dnserr"] if many else [])):
        assert len(lines) == max(1, len(asked))
    for line in lines:
        word, _, addresses = line.partition(" ")
        assert word in {"good", "nochg"} or not addresses
        if word in {"good", "nochg"}:
            assert addresses


@pytest.mark.parametrize("login", ["none", "wrong"])
@pytest.mark.parametrize("target", ["/nic/update", "/nic/update?hostname=", "/nic/update?system=x"])
def test_strangers_hear_nothing_but_badauth(login: str, target: str) -> None:
    for agent in ("", "test/1.0"):
        reply = play(DynDNS2(), request_of(target, login=login, agent=agent), Records({}, []))
        assert (reply.status, reply.body) == (401, "badauth\n")


def test_an_update_carries_what_the_pipeline_needs() -> None:
    update = DynDNS2().parse(request_of("/v3/update?hostname=home.example.net", peer="2001:db8::1"))
    assert isinstance(update, Update)
    assert update.dialect == "dyndns2"
    assert update.credentials == Credentials("alice", "right")
    assert (update.peer, update.agent) == ("2001:db8::1", "test/1.0")
    assert [change.host for change in update.changes] == ["home.example.net"]
