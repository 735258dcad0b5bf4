"""What people are told of their hosts: from the requests that were logged, and from what is stored.
:mod:`tests.policy.test_diagnosis` has the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ddns.api.caller import OPERATOR, Caller
from ddns.api.errors import NotFound
from ddns.model import names
from ddns.model.door import Knock, Trouble
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.policy.diagnosis import State
from ddns.updates.door import Door
from tests.api.refusing import refused_to
from tests.house import House

THERE = "192.0.2.7"
HOME = names.from_text("home.example.net")


def log(house: House, account: str | None, *hosts: bytes, **changed: Any) -> None:
    """Log a request, a minute before now."""
    at = house.time - 60
    entry = RequestEntry(at, "dyndns2", "8.8.4.4", "alice", "router/1", "asked", "told")
    status = "badauth" if account is None else "good"
    entry = entry._replace(**{"status": status, **changed})
    one = LoggedRequest(account, dict.fromkeys(hosts, (entry.status, entry.wait)), entry)
    house.running.call(
        house.store.transact,
        Author("server", "requests", house.time),
        lambda t: t.log_requests([one], 20, 5, 100),
    )


def diagnosed(house: House) -> tuple[str, Mapping[str, str]]:
    """The state of the host, and each finding's rule with its words."""
    found = house.person("alice", "host_diagnosis", name="home.example.net")
    return found["state"], {one["rule"]: one["why"] for one in found["findings"]}


def test_a_host_without_requests(filled: House) -> None:
    state, found = diagnosed(filled)
    assert (state, list(found)) == ("waiting", ["never-heard"])
    filled.api("record_set", owner="home.example.net", type="AAAA", rdatas=["2001:db8::1"])
    assert diagnosed(filled) == ("waiting", {})


def test_requests_of_the_host_and_of_its_account(filled: House) -> None:
    log(filled, None, HOME, cause="wrong")
    log(filled, "alice", status="nohost", hosts="hmoe.example.net", agent="laptop/1")
    state, found = diagnosed(filled)
    assert (state, found.keys()) == ("trouble", {"wrong-key", "host-misspelt"})
    assert found["host-misspelt"].startswith("laptop/1 at 8.8.4.4 asks for hmoe.example.net")
    filled.time += 70  # the host is older than the request
    log(filled, "alice", HOME, addresses="8.8.4.4")
    answer = filled.person("alice", "host_diagnosis", name="home.example.net")
    assert (answer["state"], len(answer["requests"])) == ("ok", 2)
    assert answer["requests"][0]["addresses"] == "8.8.4.4"


def test_other_hosts_of_the_account_may_be_meant(filled: House) -> None:
    filled.api("host_add", name="hom.example.net", account="alice")
    log(filled, "alice", status="nohost", hosts="hm.example.net")
    assert "host-misspelt" not in diagnosed(filled)[1]


def test_the_state_of_account_and_host(filled: House) -> None:
    filled.api("host_set", name="home.example.net", expire_after=1)
    filled.api("record_set", owner="home.example.net", type="A", rdatas=["8.8.4.4"])
    filled.api("account_block", name="alice", reason="too many changes", days=1)
    state, found = diagnosed(filled)
    assert (state, found.keys()) == ("trouble", {"blocked-until", "expires"})
    filled.time += 1.5 * 86_400
    assert "blocked-until" not in diagnosed(filled)[1]


def test_another_host_of_the_account_that_was_meant(filled: House) -> None:
    log(filled, "alice", status="nohost", hosts="hoem2.example.net")
    assert "host-misspelt" in diagnosed(filled)[1]
    filled.api("host_add", name="home2.example.net", account="alice")
    assert diagnosed(filled)[1] == {}


@pytest.mark.parametrize(
    ("caller", "told"),
    [
        (Caller("alice", peer=THERE), True),
        (Caller("alice", peer="192.0.2.8"), False),
        (OPERATOR, False),
        (Caller("alice", operator=True), False),
        (Caller("carol", operator=True, peer=THERE), False),
    ],
)
def test_what_came_from_where_the_owner_is(filled: House, caller: Caller, told: bool) -> None:
    """A router that never got as far as a request may well be in the same network."""
    door = Door(lambda: filled.time)
    door.note(THERE, Trouble.NO_TLS)
    vars(filled.operations)["_running"].knocks = door.knocks
    asked = filled.api_of(caller, "host_diagnosis", name="home.example.net")
    assert ("http-for-https" in {one["rule"] for one in asked["findings"]}) == told


@pytest.mark.parametrize("has_https", [True, False])
def test_plain_http_is_told_where_there_is_https(filled: House, has_https: bool) -> None:
    vars(filled.operations)["_running"].has_https = lambda: has_https
    log(filled, "alice", HOME, transport="plain", version="HTTP/1.1")
    asked = filled.api("host_diagnosis", name="home.example.net")
    assert ("plain-http" in {one["rule"] for one in asked["findings"]}) == has_https


def test_what_came_from_where_the_host_is_or_its_clients_are(filled: House) -> None:
    vars(filled.operations)["_running"].knocks = lambda peers: [
        Knock(filled.time, peer, Trouble.OLD_TLS) for peer in sorted(peers) if peer
    ]
    filled.api("record_set", owner="home.example.net", type="AAAA", rdatas=["2001:db8::1"])
    log(filled, "alice", HOME, addresses="8.8.4.4")
    log(filled, "alice", status="nohost", hosts="x.example.net", peer="192.0.2.3")
    asked = filled.api("host_diagnosis", name="home.example.net")
    told = {one["why"].split()[3] for one in asked["findings"] if one["rule"] == "tls-too-old"}
    assert told == {"8.8.4.4", "2001:db8::1", "192.0.2.3"}


@pytest.mark.parametrize("operation", ["host_diagnosis", "host_diagnosed"])
def test_whom_it_is_told(filled: House, operation: str) -> None:
    """Neither whoever has the zone nor a stranger can tell the host from one that is not there."""
    filled.api("account_add", name="carol")
    filled.api("zone_set", origin="example.net", account="carol")
    for who in ("carol", "bob"):
        for name in ("home.example.net", "none.example.net"):
            said = refused_to(filled, who, NotFound, operation, name=name)
            assert said == f"there is no host {name}"
    assert filled.api("host_diagnosis", name="home.example.net")["name"] == "home.example.net"


def test_the_same_for_those_that_tell_it_in_other_words(filled: House) -> None:
    log(filled, None, HOME, cause="disabled")
    diagnosis, requests = filled.person("alice", "host_diagnosed", name="home.example.net")
    assert diagnosis.state is State.TROUBLE
    assert [one.rule.id for one in diagnosis.findings] == ["key-disabled"]
    assert [(failed, entry.cause) for failed, entry in requests] == [(True, "disabled")]


def test_an_overview_says_what_the_other_operations_say(filled: House) -> None:
    log(filled, None, HOME, cause="wrong")
    filled.person("alice", "key_add", kind="miniupdate")
    given = {"name": "home.example.net"}
    host, diagnosis, keys, events = filled.person("alice", "host_overview", **given)
    assert host == filled.person("alice", "host_show", **given)
    assert diagnosis == filled.person("alice", "host_diagnosed", **given)[0]
    assert keys == filled.person("alice", "key_list", host="home.example.net")["keys"]
    assert events == filled.person("alice", "host_history", **given)["events"]


def test_an_overview_has_the_latest_requests_and_is_diagnosed_by_more(filled: House) -> None:
    log(filled, None, HOME, cause="wrong", agent="forgotten/1", at=filled.time - 9000)
    for number in range(25):
        log(filled, "alice", HOME, addresses="8.8.4.4", at=filled.time - 5000 + number)
    host, diagnosis, _, _ = filled.person("alice", "host_overview", name="home.example.net")
    every = filled.person("alice", "host_show", name="home.example.net")["requests"]
    assert len(every) == 21
    assert host["requests"] == every[:20]
    assert "wrong-key" in {one.rule.id for one in diagnosis.findings}


def test_an_overview_for_whoever_has_the_zone_only(filled: House) -> None:
    log(filled, None, HOME, cause="wrong")
    filled.api("account_add", name="carol")
    filled.api("zone_set", origin="example.net", account="carol")
    host, *rest = filled.person("carol", "host_overview", name="home.example.net")
    assert (host["account"], host["requests"], rest) == ("alice", [], [None, [], []])
    refused_to(filled, "bob", NotFound, "host_overview", name="home.example.net")
