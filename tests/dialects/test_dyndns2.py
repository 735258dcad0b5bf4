"""dyndns2: the transcripts under tests/cases/dyndns2, and that nothing a client sends can hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.dialects.dyndns2 import DynDNS2
from ddns.dialects.host_addresses import MAX_HOSTS
from ddns.dialects.parsing import key_of
from ddns.model.update import Credentials, Status, Update
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
OF_HOST = "myipv6:b.example.net"
PARAMETERS = (
    "hostname",
    "myip",
    "ip",
    "myipv4",
    "myipv6",
    "ipprefix",
    OF_HOST,
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
    asked = [host.strip() for host in args.get("hostname", "").split(",") if host.strip()]
    of_host = OF_HOST in args and "b.example.net" not in map(key_of, asked)
    lines = reply.body.removesuffix("\n").split("\n")
    if asked and lines[0] not in ("badagent", "badsys", "dnserr"):
        assert len(lines) == len(asked) + of_host
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


@pytest.mark.parametrize("more", [0, 1, 5000])
def test_so_many_hosts_have_addresses_of_their_own(more: int) -> None:
    one_each = "&".join(f"myipv4:h{number}.x=192.0.2.1" for number in range(MAX_HOSTS + more))
    in_one = "myipv4:" + ",".join(f"h{number}.x" for number in range(MAX_HOSTS + more))
    for query in (one_each, f"{in_one}=192.0.2.1"):
        update = DynDNS2().parse(request_of(f"/nic/update?{query}"))
        assert isinstance(update, Update)
        assert update.refusal is (Status.NUMHOST if more else None)
        assert len(update.changes) <= MAX_HOSTS + 1


def test_the_log_has_what_is_said_of_single_hosts() -> None:
    target = "/nic/update?hostname=a.x&myip=192.0.2.1&ipprefix=::/64&myipv6:b.x=::7&myipv4:b.x="
    update = DynDNS2().parse(request_of(target))
    assert isinstance(update, Update)
    assert update.addresses == "192.0.2.1,PREFIX=::/64,AAAA=::7"
