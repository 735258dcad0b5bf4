"""Each rule of a diagnosis: the requests that it tells of, and those that it does not."""

from __future__ import annotations

import dataclasses
import re
import string
from pathlib import Path
from typing import Any

import pytest

from ddns.dialects import DIALECTS
from ddns.model.account import Block
from ddns.model.door import Knock, Trouble
from ddns.model.request_log import RequestEntry
from ddns.model.update import SUCCESSES, Cause, Status
from ddns.policy.diagnosis import (
    RULES,
    SENTENCES,
    Diagnosis,
    HostState,
    Moment,
    Severity,
    Span,
    State,
    Words,
    diagnose,
    messages,
    shown,
)
from ddns.policy.diagnosis.refusals import distance
from ddns.policy.diagnosis.requests import PROTOCOLS

NOW = 1_000_000.0
HOST = HostState("home.example.net", "example.net", "alice", NOW - 500_000, addresses=["8.8.4.4"])
PUBLIC, OTHER, V6 = "8.8.4.4", "8.8.8.8", "2a00:1450:4001::1"
BLOCK = Block("too many updates", NOW - 60, None)


def entry(status: str = "good", ago: float = 60.0, **changed: Any) -> RequestEntry:
    """A request so many seconds ago."""
    made = RequestEntry(
        NOW - ago, "dyndns2", PUBLIC, "alice", "router/1.0", "asked", "200 good", "", status
    )
    return made._replace(**{"hosts": HOST.name, "version": "HTTP/1.1", **changed})


def refused(cause: Cause | None = None, **changed: Any) -> tuple[bool, RequestEntry]:
    given = {"cause": str(cause or ""), "answer": "401 badauth", **changed}
    return True, entry(**{"status": "badauth", **given})


def named(**changed: Any) -> tuple[bool, RequestEntry]:
    return False, entry(**changed)


def every(seconds: float, number: int, since: float = 60.0, **changed: Any) -> list[Any]:
    """So many requests, newest first."""
    return [named(ago=since + one * seconds, **changed) for one in range(number)]


def look(
    *requests: tuple[bool, RequestEntry],
    strays: tuple[tuple[bool, RequestEntry], ...] = (),
    host: HostState = HOST,
    **changed: Any,
) -> Diagnosis:
    newest_first = sorted(requests, key=lambda one: -one[1].at)
    return diagnose(dataclasses.replace(host, **changed), newest_first, strays, NOW)


def told(diagnosis: Diagnosis) -> list[str]:
    for finding in diagnosis.findings:
        for text in (finding.why(), finding.change()):
            assert text
            assert "{" not in text
    assert diagnosis.sentence()
    return [finding.rule.id for finding in diagnosis.findings]


# One refused request -----------------------------------------------------------------------------

OF_CAUSE = {
    Cause.UNKNOWN_USER: "unknown-user",
    Cause.SWAPPED: "swapped",
    Cause.OTHER_USER: "key-of-other-user",
    Cause.UPDATE_KEY: "key-of-other-kind",
    Cause.DONDNS_KEY: "key-of-other-kind",
    Cause.MINIUPDATE_KEY: "key-of-other-kind",
    Cause.TSIG_KEY: "key-of-other-kind",
    Cause.FREEDNS_KEY: "key-of-other-kind",
    Cause.TOOLS_KEY: "key-for-tools",
    Cause.DISABLED: "key-disabled",
    Cause.PASSWORD: "password-for-key",
    Cause.NO_KEY: "no-key",
    Cause.NOT_A_KEY: "not-a-key",
    Cause.WRONG: "wrong-key",
}


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_of_refused_credentials(cause: Cause) -> None:
    for found in (look(refused(cause)), look(strays=(refused(cause, hosts="x.example.net"),))):
        assert told(found) == [OF_CAUSE[cause]]
        assert found.state is State.TROUBLE
        assert "router/1.0" in found.findings[0].why()


def test_of_a_key_both_kinds_are_named() -> None:
    (finding,) = look(refused(Cause.TSIG_KEY, dialect="dondns")).findings
    assert "kind tsig, which DonDNS does not take" in finding.why()
    assert "key of the kind dondns" in finding.change()


@pytest.mark.parametrize("cause", [Cause.UNKNOWN_USER, Cause.NO_KEY])
def test_the_user_of_gnudip_is_a_host(cause: Cause) -> None:
    found = look(refused(cause, dialect="gnudip"))
    assert told(found) == ["gnudip-user"]
    change = found.findings[0].change()
    assert "key of the kind miniupdate to home.example.net" in change
    assert "enter home as the user name and example.net as the domain" in change


OF_STATUS = {
    Status.MISSING: "no-host",
    Status.NOTFQDN: "malformed-request",
    Status.NOTYOURS: "key-of-other-host",
    Status.NOHOST: "hidden",
    Status.NUMHOST: "malformed-request",
    Status.BADSYS: "malformed-request",
    Status.BADAGENT: "malformed-request",
    Status.BADREQUEST: "malformed-request",
    Status.ABUSE: "too-often",
    Status.BLOCKED: "was-blocked",
    Status.FAILED: "server-failed",
    Status.BADAUTH: "wrong-key",
    Status.DISABLED: "wrong-key",
    Status.UNAUTHENTICATED: "malformed-request",
    Status.BADADDRESS: "private-address",
}


@pytest.mark.parametrize("status", [status for status in Status if status not in SUCCESSES])
def test_each_status(status: Status) -> None:
    found = look(named(status=status.name.lower(), answer="200 x", addresses="10.0.0.1", wait=90))
    assert told(found) == [OF_STATUS[status]]
    severities = {one.severity for one in found.findings}
    assert severities == {RULES[OF_STATUS[status]].severity}


def test_until_when_it_is_too_often() -> None:
    (finding,) = look(named(status="abuse", wait=3600.0)).findings
    assert shown(Moment(NOW - 60 + 3600)) in finding.why()


def test_a_host_of_dondns_without_a_record() -> None:
    assert told(look(named(status="nohost", dialect="dondns"))) == ["not-activated"]


def test_a_network_that_is_refused() -> None:
    assert told(look(refused(status="blocked"))) == ["network-refused"]


def test_a_block() -> None:
    assert told(look(block=BLOCK)) == ["blocked"]
    until = dataclasses.replace(BLOCK, until=NOW + 60)
    found = look(named(status="blocked"), block=until)
    assert told(found) == ["blocked-until"]
    assert "too many updates" in found.findings[0].why()


def test_requests_of_a_former_version_say_little() -> None:
    old = entry(status="", version="", hosts="")
    assert told(look((True, old))) == ["wrong-key"]
    assert told(look((False, old._replace(reason="whatever")))) == []
    assert look((False, old)).state is State.OK


# Names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ("hmoe.example.net", "host-misspelt"),
        ("Home.exampel.net.", "host-misspelt"),
        ("home.example.com", "host-misspelt"),
        ("home", "host-without-zone"),
        ("home.example.net.example.net", "host-doubled"),
        ("http://home.example.net/", "host-doubled"),
        ("somewhere.example.org", "host-unknown"),
        ("offise.example.net", None),  # the account's other host is meant
        ("office.example.net", None),
        ("home.example.net", None),
    ],
)
def test_a_name_that_no_host_has(sent: str, rule: str | None) -> None:
    stray = named(status="nohost", hosts=sent)
    found = look(strays=(stray,), others=("office.example.net",))
    assert told(found) == ([rule] if rule else [])
    assert not rule or sent in found.findings[0].why()


def test_an_unknown_name_says_nothing_of_a_host_that_is_updated() -> None:
    stray = named(status="nohost", hosts="somewhere.example.org", agent="other/1.0")
    assert told(look(named(), strays=(stray,))) == []
    stray = named(status="nohost", hosts="hmoe.example.net", agent="other/1.0")
    found = look(named(), strays=(stray,))
    assert [one.severity for one in found.findings] == [Severity.WARNING]


def test_refusals_that_say_nothing_of_a_host_that_was_not_named() -> None:
    assert told(look(strays=(named(status="abuse"), named(status="badaddress")))) == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("home", 0), ("hmoe", 1), ("hme", 1), ("hoome", 1), ("hone", 1), ("hoem", 1), ("", 3)],
)
def test_how_far_names_are_apart(sent: str, expected: int) -> None:
    assert distance(sent, "home", 2) == distance("home", sent, 2) == expected


# Addresses ---------------------------------------------------------------------------------------

OF_ADDRESS = [
    ("192.168.1.10", "private-address"),
    ("172.31.0.1", "private-address"),
    ("100.64.3.4", "cgnat-address"),
    ("fd12:3456::1", "ula-address"),
    ("fe80::1", "link-local-address"),
    ("169.254.1.1", "link-local-address"),
    ("192.0.2.1", "documentation-address"),
    ("2001:db8::1", "documentation-address"),
    ("127.0.0.1", "special-address"),
    ("0.0.0.0", "special-address"),
    ("A=2a00:1450:4001::1", "wrong-family"),
    ("AAAA=8.8.4.4", "wrong-family"),
    ("8.8.4.0/24", "ipv4-prefix"),
    ("8.8.4.4/33", "ipv4-prefix"),
    ("PREFIX=8.8.4.4/24", "ipv4-prefix"),
    ("PREFIX=8.8.4.4", "ipv4-prefix"),
    ("::/64xx", "glued-prefix"),
    ("2a00:1450:4001::/64fd00::1", "glued-prefix"),
    ("PREFIX=2a00:1450:4001::/64::53", "glued-prefix"),
    ("2a00:1450:4001::12a00:1450:4001:1::/64", "glued-prefix"),
    ("2a00:1450:4001::/64/64", "glued-prefix"),
    ("/64", "malformed-prefix"),
    ("::/64", "malformed-prefix"),
    ("2a00:1450:4001::/129", "malformed-prefix"),
    ("AAAA=2a00:1450:4001::/", "malformed-prefix"),
    ("PREFIX=2a00:1450:4001::", "malformed-prefix"),
    ("PREFIX=2a00:1450:4001::1/128", "malformed-prefix"),
    ("PREFIX=home/64", "malformed-prefix"),
    ("PREFIX=2a00:1450:4001::1/64", "prefix-with-host-bits"),
    ("PREFIX=fd00::/64", "ula-address"),
    ("AAAA=8.8.4.0/24", "wrong-family"),
    ("PREFIX=<ip6lanprefix>", "placeholder"),
    ("10.0.0.7/24", "private-address"),
    ("<ipaddr>", "placeholder"),
    ("AAAA=%i6", "placeholder"),
    ("8.8.4.400", "malformed-address"),
]


@pytest.mark.parametrize(("sent", "rule"), OF_ADDRESS)
def test_addresses_that_are_wrong(sent: str, rule: str) -> None:
    """They keep the host from being updated, or they do not."""
    for status, severity in (("badaddress", Severity.ERROR), ("good", Severity.WARNING)):
        found = look(named(status=status, addresses=f"{PUBLIC},{sent}"))
        assert told(found) == [rule]
        assert sent.rpartition("=")[2] in found.findings[0].why()
        assert found.findings[0].severity is severity


@pytest.mark.parametrize(
    "sent",
    [
        *(PUBLIC, V6, f"A={PUBLIC},AAAA={V6}", f"{V6}/64", "preserve", ""),
        *(f"{PUBLIC},2a00:1450:4001::/64", "PREFIX=2a00:1450:4001::/56", f"{PUBLIC}/32"),
    ],
)
def test_addresses_that_are_right(sent: str) -> None:
    assert told(look(named(addresses=sent))) == []


@pytest.mark.parametrize("sent", ["2a00:1450:4001::/64", "PREFIX=2a00:1450:4001::/56"])
def test_a_prefix_that_came_to_nothing(sent: str) -> None:
    found = look(named(status="badaddress", addresses=sent))
    assert told(found) == ["prefix-for-address"]
    assert "interface ID" in found.findings[0].change()


def test_hosts_that_follow() -> None:
    follower = {"follows": "router.example.net", "is_led": True}
    found = look(**follower, addresses=[V6])
    assert (told(found), found.state) == ([], State.LED)
    assert found.sentence().startswith("The host follows router.example.net:")
    found = look(**follower, addresses=[PUBLIC])
    assert (told(found), found.state) == (["waits-for-prefix"], State.WAITING)
    assert told(look(**follower, addresses=())) == ["waits-for-prefix"]
    found = look(follows="router.example.net", addresses=[V6])
    assert (told(found), found.state) == (["follows-nobody"], State.WAITING)
    assert look(named(), **follower, addresses=[V6]).state is State.OK


def test_a_client_next_door_that_sends_no_address() -> None:
    for peer in ("192.168.1.1", "127.0.0.1", "fd00::1"):
        assert told(look(named(peer=peer))) == ["client-next-door"]
        assert told(look(named(peer=peer, addresses=PUBLIC))) == []


def test_an_address_that_is_not_where_it_came_from() -> None:
    found = look(named(addresses=OTHER))
    assert told(found) == ["address-differs"]
    assert (found.state, found.findings[0].severity) == (State.OK, Severity.HINT)
    assert told(look(named(addresses=OTHER, peer=V6))) == []


# Habits ------------------------------------------------------------------------------------------


def test_a_host_that_nothing_is_known_of() -> None:
    found = look(addresses=())
    assert (told(found), found.state) == (["never-heard"], State.WAITING)
    assert told(look()) == []


def test_a_host_that_is_updated() -> None:
    found = look(*every(3600, 20, status="nochg"))
    assert (told(found), found.state) == ([], State.OK)
    assert found.sentence() == (
        "The host is updated: router/1.0 was last heard from 1 minute ago, from 8.8.4.4."
    )


def test_a_client_that_has_fallen_silent() -> None:
    assert told(look(*every(300, 20, since=800))) == []
    found = look(*every(300, 20, since=7200))
    assert (told(found), found.state) == (["stale"], State.STALE)
    assert found.sentence() == (
        "No client has been heard from for 2 hours, though one came every 5 minutes."
    )
    assert told(look(*every(300, 3, since=7200))) == []  # no habit yet


def test_a_family_that_is_not_sent_any_more() -> None:
    both = every(300, 8, since=6000, addresses=f"A={PUBLIC},AAAA={V6}")
    for left, rule in ((f"A={PUBLIC}", "ipv6-stopped"), (f"AAAA={V6}", "ipv4-stopped")):
        found = look(*every(300, 12, addresses=left), *both)
        assert told(found) == [rule]
        assert shown(Moment(NOW - 6000)) in found.findings[0].why()
    assert told(look(*every(300, 2, addresses=PUBLIC), *both[:1])) == []


def test_a_storm_of_requests_that_change_nothing() -> None:
    assert told(look(*every(10, 10, status="nochg"))) == ["nochg-storm"]
    assert told(look(*every(10, 9, status="nochg"))) == []
    assert told(look(*every(120, 10, status="nochg"))) == []


def test_two_clients_that_fight_over_a_host() -> None:
    mine = {"agent": "router/1.0", "addresses": PUBLIC}
    theirs = {"agent": "laptop/2.0", "addresses": OTHER, "peer": OTHER}
    fight = [named(ago=60 + 60 * one, **(theirs if one % 2 else mine)) for one in range(6)]
    found = look(*fight)
    assert told(found) == ["two-clients"]
    for word in ("router/1.0 (8.8.4.4)", "laptop/2.0 (8.8.8.8)", PUBLIC, OTHER):
        assert word in found.findings[0].why()
    alone = [named(ago=60 + 60 * one, addresses=(PUBLIC, OTHER)[one % 2]) for one in range(6)]
    assert "two-clients" not in told(look(*alone))


def test_a_host_that_was_taken_offline() -> None:
    found = look(named(addresses="offline"), addresses=())
    assert told(found) == ["offline-by-client"]
    assert told(look(named(addresses="offline"))) == []


def test_a_host_that_is_about_to_expire() -> None:
    assert told(look(named(), expires=NOW + 3600)) == ["expires"]
    assert told(look(named(), expires=NOW + 864_000)) == []


def test_a_key_in_the_clear() -> None:
    assert told(look(named(transport="plain"), https=True)) == ["plain-http"]
    assert told(look(named(transport="tls"), https=True)) == []
    assert told(look(named(transport="plain"))) == []


@pytest.mark.parametrize("trouble", Trouble)
def test_a_client_that_did_not_come_through_the_door(trouble: Trouble) -> None:
    knock = Knock(NOW - 120, OTHER, trouble)
    rule = OF_TROUBLE[trouble]
    assert told(look(knocks=[knock])) == [rule]
    assert told(look(knocks=[knock], addresses=())) == [rule, "never-heard"]
    assert told(look(named(), knocks=[knock])) == [rule]
    assert told(look(named(peer=OTHER), knocks=[knock])) == []
    assert told(look(named(peer=OTHER, ago=180), knocks=[knock])) == [rule]
    assert told(look(knocks=[knock._replace(at=NOW - 864_000)])) == []


OF_TROUBLE = {
    Trouble.OLD_TLS: "tls-too-old",
    Trouble.NO_TLS: "http-for-https",
    Trouble.NO_TRUST: "certificate-refused",
}


# Known clients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "answer", "rule"),
    [
        ("OPNsense-dyndns", "404 nohost", None),
        ("inadyn/2.12.0", "200 abuse", "gave-up"),
        ("inadyn/2.12.0", "503 abuse", None),
        ("ez-ipupdate Version 3.0.11b8", "401 badauth", "gave-up"),
        ("ddclient/3.10.0", "200 nohost", "forgets-refusal"),
        ("ddclient/4.0.0", "200 nohost", None),
    ],
)
def test_clients_that_are_known(agent: str, answer: str, rule: str | None) -> None:
    found = look(named(status="notyours", agent=agent, answer=answer, ago=2000))
    assert set(told(found)) - {"key-of-other-host"} == ({rule} if rule else set())


def test_ddclient_that_leaves_the_address_out() -> None:
    assert told(look(named(agent="ddclient/3.10.0"))) == ["ddclient-usev6"]
    assert told(look(named(agent="ddclient/3.10.0", addresses=PUBLIC))) == []


# Together ----------------------------------------------------------------------------------------


def test_what_is_over_is_not_told() -> None:
    wrong = refused(Cause.WRONG, ago=300)
    assert told(look(wrong, named())) == []
    assert told(look(wrong, named(ago=600))) == ["wrong-key"]


def test_one_of_two_clients_that_is_refused_is_a_warning() -> None:
    wrong = refused(Cause.WRONG, agent="laptop/2.0")
    found = look(wrong, named())
    assert (told(found), found.findings[0].severity) == (["wrong-key"], Severity.WARNING)
    assert found.state is State.OK
    assert look(wrong, named(ago=90_000)).state is State.TROUBLE


def test_the_worst_comes_first_and_nothing_twice() -> None:
    found = look(
        *(refused(Cause.WRONG, ago=ago) for ago in (100, 200, 300)),
        named(status="badaddress", addresses="10.0.0.1", ago=150),
        named(agent="OPNsense-dyndns", addresses="192.168.0.1", ago=30_000),
    )
    assert told(found) == ["wrong-key", "private-address", "private-address"]
    assert [one.at for one in found.findings] == [NOW - 100, NOW - 150, NOW - 30_000]
    assert [one.severity for one in found.findings][1:] == [Severity.ERROR, Severity.WARNING]


def test_it_is_bounded() -> None:
    strays = tuple(named(status="nohost", hosts=f"home{one}.example.net") for one in range(90))
    assert len(look(strays=strays).findings) == 20


def test_what_clients_send_is_no_format_string() -> None:
    found = look(refused(Cause.WRONG, agent="{0.__class__}{missing}"))
    assert found.findings[0].why() == "{0.__class__}{missing} at 8.8.4.4 sends a wrong key."


def test_it_is_told_in_other_languages() -> None:
    """Words of ours as well, but nothing that is somebody else's."""
    words = {
        Status.BADSYS.value: "el tipo no existe",
        RULES["malformed-request"].why: "{client} desde {peer}: {reason}",
        RULES["blocked-until"].why: "{account} hasta {until}: {reason}",
    }
    block = dataclasses.replace(BLOCK, until=NOW + 60, reason=Status.BADSYS.value)
    found = look(named(status="badsys"), block=block)
    assert sorted(one.why(words.__getitem__, lambda one: f"<{one}>") for one in found.findings) == [
        f"<alice> hasta <1000060.0>: <{Status.BADSYS.value}>",
        "<router/1.0> desde <8.8.4.4>: el tipo no existe",
    ]


# The table ---------------------------------------------------------------------------------------


def test_all_dialects_have_a_name() -> None:
    assert {dialect.name for dialect in DIALECTS} - {"checkip"} < PROTOCOLS.keys()


def test_the_document_has_all_rules() -> None:
    document = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()
    rows = re.findall(r"^\| `[a-z0-9-]+` \| \w+ \| .+ \| .+ \|$", document, re.MULTILINE)
    assert sorted(rows) == sorted(
        f"| `{one.id}` | {one.severity} | {one.why} | {one.change} |" for one in RULES.values()
    )


def test_what_there_is_to_translate() -> None:
    texts = messages()
    assert len(texts) == len(set(texts))
    for rule in RULES.values():
        assert {rule.why, rule.change} < set(texts)
        for _, name, form, conversion in string.Formatter().parse(rule.why + rule.change):
            assert (name or "x").isidentifier()
            assert (form or "", conversion) == ("", None)
    assert set(SENTENCES.values()) < set(texts)
    nameless = look(refused(Cause.WRONG, agent="")).findings[0].parameters["client"]
    assert isinstance(nameless, Words)
    assert nameless in texts


@pytest.mark.parametrize(
    ("span", "text"),
    [(0, "0 seconds"), (1, "1 second"), (90, "2 minutes"), (3600, "1 hour"), (864_000, "10 days")],
)
def test_lengths_of_time(span: float, text: str) -> None:
    assert shown(Span(span)) == text


@pytest.mark.parametrize("dialect", ["rfc2136", "powerdns", "httpreq", "acme-dns"])
@pytest.mark.parametrize("status", ["good", "notyours"])
def test_tools_that_change_other_records_are_no_routers(dialect: str, status: str) -> None:
    tool = named(
        dialect=dialect, status=status, peer="192.168.1.2", hosts=f"_acme-challenge.{HOST.name}"
    )
    nothing, after = look(), look(tool)
    assert (after.state, after.findings) == (nothing.state, nothing.findings)
    assert look(named(dialect=dialect, addresses=PUBLIC)).findings == ()
