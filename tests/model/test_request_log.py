"""What is kept of a request: nothing secret, nothing endless, nothing that steers a terminal."""

from __future__ import annotations

import dataclasses
from urllib.parse import quote

import pytest

from ddns.model import names
from ddns.model.request_log import TLS, Arrival, logged_request, should_log
from ddns.model.update import (
    Cause,
    ChallengeResponse,
    Change,
    Credentials,
    Outcome,
    Result,
    Status,
    Update,
    change_of,
)

SECRET = "s3cret/+ä"
CREDENTIALS = Credentials("alice", SECRET)


def update(*hosts: str, agent: str = "router/1.0", **more: object) -> Update:
    changes: tuple[Change, ...] = tuple(change_of(host, ()) for host in hosts)
    return Update("dyndns2", CREDENTIALS, changes, "192.0.2.1", 5.0, agent)


def test_what_is_kept() -> None:
    asked = update("home.example.net", "b.example.net", "home.example.net", "not a name")
    found = logged_request(asked, Outcome(user="alice"), "/nic/update?x", "200 good 192.0.2.1\n")
    assert found.account == "alice"
    assert [names.to_text(host) for host in found.hosts] == ["home.example.net", "b.example.net"]
    assert tuple(found.entry) == (
        5.0,
        "dyndns2",
        "192.0.2.1",
        "alice",
        "router/1.0",
        "/nic/update?x",
        "200 good 192.0.2.1",
        "",
        "nochg",
        0.0,
        "",
        "home.example.net,b.example.net,home.example.net,not a name",
        "",
        "",
        "",
    )


def test_why_it_was_no_success() -> None:
    asked = update("home.example.net", "b.example.net", "c.example.net")
    statuses = (Status.GOOD, Status.BADADDRESS, Status.BADADDRESS)
    results = tuple(map(Result, asked.changes, statuses))
    assert logged_request(asked, Outcome(results=results, user="alice"), "", "").entry.reason == (
        "this address cannot be set for this host"
    )
    refused = logged_request(asked, Outcome(Status.BLOCKED, user="alice"), "", "abuse")
    assert refused.entry.reason == "updates are blocked until somebody lifts it"


@pytest.mark.parametrize("secret", [SECRET, "s3cret%2F%2B%C3%A4"])
def test_the_secret_is_kept_nowhere(secret: str) -> None:
    """Whatever parameter a person has mistyped it into."""
    found = logged_request(
        update("home.example.net", agent=f"agent {secret}"),
        Outcome(Status.BADAUTH),
        f"/nic/update?hostname={secret}&myip={secret}",
        f"no {secret} " * 100,
    )
    assert found.account is None
    assert secret not in repr(found)
    assert found.entry.asked == "/nic/update?hostname=…&myip=…"


@pytest.mark.parametrize("secret", ["alice", "y", "K"])
def test_a_secret_in_the_users_place_is_kept_nowhere(secret: str) -> None:
    """Nor is any part of it, if what was sent as the secret is a part of it."""
    key = "my Key/+ä"
    asked = Update("t", Credentials(key, secret), (), "192.0.2.1", 5.0, agent=f"agent {key}")
    query = f"/nic/update?hostname={quote(key)}&myip=192.0.2.1"
    refused = logged_request(asked, Outcome(Status.BADAUTH), query, f"no {key}").entry
    assert "…" in refused.asked
    for text in (refused.asked, refused.answer, refused.agent):
        assert "Ke" not in text
        assert "%2B" not in text


def test_a_user_who_is_known_is_no_secret() -> None:
    asked = update(agent="alice's router")
    assert logged_request(asked, Outcome(user="alice"), "", "").entry.agent == "alice's router"


def test_a_response_is_kept_nowhere() -> None:
    credentials = ChallengeResponse("alice", "00", "A" * 32)
    asked = Update("miniupdate", credentials, (), "192.0.2.1", 5.0)
    assert (
        logged_request(asked, Outcome(), f"RESPONSE {'A' * 32}", "OK").entry.asked == "RESPONSE …"
    )


def test_each_host_has_its_own_status() -> None:
    asked = update("a.example.net", "b.example.net", "not a name", "a.example.net")
    results = (
        Result(asked.changes[0], Status.GOOD),
        Result(asked.changes[1], Status.ABUSE, wait=60.0),
        Result(asked.changes[2], Status.NOTFQDN),
        Result(asked.changes[3], Status.NOCHG),
    )
    found = logged_request(asked, Outcome(results=results, user="alice"), "", "")
    each = [found.shown_to("alice", host, found.hosts) for host in (*found.hosts, None)]
    assert [(one.status, one.wait) for one in each] == [
        ("good", 0.0),
        ("abuse", 60.0),
        ("abuse", 60.0),
    ]
    refused = logged_request(asked, Outcome(Status.BADREQUEST, user="alice"), "", "")
    assert set(refused.hosts.values()) == {("badrequest", 0.0)}


def test_what_rules_look_at() -> None:
    asked = dataclasses.replace(update("home.example.net"), addresses=f"A={SECRET},10.0.0.1")
    refused = Outcome(Status.BADAUTH, cause=Cause.DISABLED, owner="alice")
    found = logged_request(asked, refused, "", "", Arrival(TLS, "HTTP/1.0"))
    entry = found.entry
    assert (entry.cause, entry.addresses) == ("disabled", "A=…,10.0.0.1")
    assert (entry.transport, entry.version, entry.status) == ("tls", "HTTP/1.0", "badauth")
    assert (entry.hosts, found.owner) == ("home.example.net", "alice")


def test_it_is_bounded() -> None:
    hosts = [f"h{number}.example.net" for number in range(500)]
    long = logged_request(update(*hosts, agent="x" * 9000), Outcome(), "y" * 9000, "z" * 9000)
    assert len(long.hosts) == 20
    assert sum(map(len, map(str, long.entry))) < 1800


def test_it_steers_no_terminal() -> None:
    found = logged_request(update(agent="\x1b[31mred\x00"), Outcome(), "a\rb", "one\ntwo\x07\n")
    assert found.entry.agent == "·[31mred·"
    assert (found.entry.asked, found.entry.answer) == ("a·b", "one\ntwo·")


def test_who_has_not_been_asked_yet_is_not_kept() -> None:
    first = Update("dyndns2", None, (), "192.0.2.1", 5.0)
    assert not should_log(first, Outcome(Status.UNAUTHENTICATED))
    assert not should_log(first, Outcome(Status.BLOCKED))
    assert should_log(update(), Outcome(Status.BADAUTH))
    assert should_log(update(), Outcome())
