"""dyndns2: the transcripts under tests/cases/dyndns2, and that nothing a client sends can hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.dialects.dyndns2 import DynDNS2
from ddns.model.update import Credentials, Update
from tests.dialects.playing import Records, cases, check, play, request_of


@pytest.mark.parametrize("case", cases("dyndns2"))
def test_case(case: dict[str, Any]) -> None:
    check(DynDNS2(), case)


def test_there_are_cases() -> None:
    assert len(cases("dyndns2")) > 50


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
PARAMETERS = (
    "hostname",
    "myip",
    "ip",
    "myipv4",
    "myipv6",
    "mx",
    "backmx",
    "wildcard",
    "offline",
    "system",
)


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
    reply = play(DynDNS2(), request, Records(lines=before))
    assert reply.status == 200
    asked = [host for host in args.get("hostname", "").split(",") if host.strip()]
    lines = reply.body.removesuffix("\n").split("\n")
    if lines[0] not in ("badagent", "badsys", "dnserr"):
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
        reply = play(DynDNS2(), request_of(target, login=login, agent=agent), Records({}))
        assert (reply.status, reply.body) == (401, "badauth\n")


def test_an_update_carries_what_the_pipeline_needs() -> None:
    update = DynDNS2().parse(request_of("/v3/update?hostname=home.example.net", peer="2001:db8::1"))
    assert isinstance(update, Update)
    assert update.dialect == "dyndns2"
    assert update.credentials == Credentials("alice", "right")
    assert (update.peer, update.agent) == ("2001:db8::1", "test/1.0")
    assert [change.host for change in update.changes] == ["home.example.net"]
