"""SecuritySpace: the transcripts under tests/cases/securityspace, and that nothing a client sends
can hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.dialects.securityspace import WORDS, SecuritySpace
from ddns.model.records import AAAA, A
from ddns.model.update import Credentials, Renumber, Replace, Status, Update
from tests.dialects.playing import Records, cases, check, play, request_of


@pytest.mark.parametrize("case", cases("securityspace"))
def test_case(case: dict[str, Any]) -> None:
    check(SecuritySpace(), case)


def test_there_are_cases() -> None:
    assert len(cases("securityspace")) > 30


def test_there_are_six_answers_and_no_other() -> None:
    assert set(WORDS.values()) == {"nohost", "911", "badauth", "blocked", "good", "nochg"}
    assert WORDS.keys() == set(Status)


values = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(["home.example.net", "b.example.net", "", " ", "a\x00b", "\udcff", "a\nb"]),
        st.sampled_from(["198.51.100.7", "2001:db8::7", "::/0", "::ffff:192.0.2.1", "fe80::1%e"]),
    ),
    max_size=40,
).map(",".join)


@given(hostname=values, myip=values, peer=st.sampled_from(["192.0.2.77", "2001:db8::77"]))
def test_whatever_is_asked_gets_a_line_for_each_host(hostname: str, myip: str, peer: str) -> None:
    request = request_of("/dns/dynamic.html", peer=peer)
    request.args.update(hostname=hostname, myip=myip)  # type: ignore[attr-defined]
    before = ["home.example.net 10 A 198.51.100.7", "b.example.net 10 CNAME x.example.net."]
    reply = play(SecuritySpace(), request, Records(lines=before))
    assert reply.status == 200
    asked = [host.strip() for host in hostname.split(",") if host.strip()]
    lines = reply.body.removesuffix("\n").split("\n")
    if lines == ["911"]:  # no address: one word for all hosts
        return
    for host, line in zip(asked or [""], lines, strict=True):
        word, _, rest = line.partition(" ")
        match word:
            case "good":
                assert rest
            case "nochg":
                assert rest == host
            case _:
                assert (word, rest) in (("nohost", ""), ("911", ""))


@given(values)
def test_one_address_of_a_family_at_most(myip: str) -> None:
    request = request_of("/dns/dynamic.html?hostname=home.example.net")
    request.args.update(myip=myip)  # type: ignore[attr-defined]
    update = SecuritySpace().parse(request)
    assert isinstance(update, Update)
    if update.refusal is Status.BADADDRESS:
        return
    (change,) = update.changes
    sets = [edit for edit in change.edits if isinstance(edit, Replace)]
    assert sorted(edit.type for edit in sets) in ([], [A], [AAAA], [A, AAAA])
    assert all(len(edit.rdatas) == 1 for edit in sets)
    assert sets or isinstance(change.edits[0], Renumber)


@pytest.mark.parametrize("login", ["none", "wrong"])
@pytest.mark.parametrize("query", ["", "?hostname=", "?hostname=home.example.net"])
def test_strangers_hear_nothing_but_badauth(login: str, query: str) -> None:
    reply = play(SecuritySpace(), request_of("/dns/dynamic.html" + query, login=login), Records({}))
    assert (reply.status, reply.body) == (401, "badauth\n")


def test_an_update_carries_what_the_pipeline_needs() -> None:
    update = SecuritySpace().parse(request_of("/dns/dynamic.html?hostname=a.b,c.d", peer="::1"))
    assert isinstance(update, Update)
    assert update.dialect == "securityspace"
    assert update.credentials == Credentials("alice", "right")
    assert (update.peer, update.agent) == ("::1", "test/1.0")
    assert [change.host for change in update.changes] == ["a.b", "c.d"]
    assert not any(change.activated for change in update.changes)
