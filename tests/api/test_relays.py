"""Relays of hosts, as owners and the operator set and see them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.model.relays import OpenTo, relay_purpose
from ddns.policy.relays import RelayRules
from ddns.policy.targets import TargetRules
from tests.api.refusing import refused, refused_to
from tests.house import HOME, House

NAME = "home.example.net"
DUCK = {"domain": "home", "token": "canary-token"}
DNS = {
    "server": "9.9.9.9",
    "zone": "example.org",
    "hostname": "home.example.org",
    "key": "k",
    "secret": "Y2FuYXJ5",
}


def rule(house: House, **changed: Any) -> None:
    house.rule(relays=RelayRules(**{"open_to": OpenTo.ACCOUNTS, **changed}))


@pytest.fixture
def owned(house: House) -> House:
    """Alice may pass her host on; bob is somebody else."""
    house.fill()
    house.api("account_add", name="bob")
    rule(house)
    return house


def added(house: House, kind: str = "duckdns", **settings: str) -> Any:
    given = settings or DUCK
    return house.person("alice", "relay_add", name=NAME, kind=kind, settings=given)


def test_a_relay(owned: House) -> None:
    followed: list[object] = []
    owned.server.follow_relay = lambda *given: followed.append(given)
    made = added(owned)
    assert made == {
        "id": made["id"],
        "host": NAME,
        "kind": "duckdns",
        "service": "www.duckdns.org",
        "settings": {"domain": "home", "url": "https://www.duckdns.org/update"},
        "created": "1970-01-01T00:16:40.000+00:00",
        "state": "waiting",
        "delivered": None,
        "attempts": 0,
        "tried": None,
        "next": "1970-01-01T00:16:40.000+00:00",
        "result": "",
    }
    assert owned.person("alice", "relay_list", name=NAME)["relays"] == [made]
    relay = owned.running.call(owned.store.read, lambda r: r.relay(made["id"]))
    assert b"canary" not in relay.sealed
    plain = owned.secret_box.unseal(relay.sealed, relay_purpose(HOME))
    assert json.loads(plain) == {"token": "canary-token"}
    owned.time += 5
    retried = owned.person("alice", "relay_retry", number=made["id"])
    assert retried["next"] == "1970-01-01T00:16:45.000+00:00"
    assert followed == [(HOME, ""), (HOME, "duckdns https://www.duckdns.org/update")]
    assert owned.person("alice", "relay_remove", number=made["id"])["id"] == made["id"]
    assert owned.person("alice", "relay_list", name=NAME)["relays"] == []


def test_the_secret_of_a_webhook(owned: House) -> None:
    made = added(owned, "webhook", url="https://hook.example/")
    assert made["secret"].startswith("whsec_")
    listed = owned.person("alice", "relay_list", name=NAME)["relays"]
    assert made["secret"] not in str(listed)
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert "secret" not in added(owned, "webhook", url="https://hook.example/2", secret=own)
    for bad in ("mine", "whsec_" + "A" * 28, own + "=", "whsec_" + "A" * 88, "whsec_é"):
        with pytest.raises(Invalid, match="24 to 64 octets in Base64"):
            added(owned, "webhook", url="https://hook.example/", secret=bad)


def test_whose_they_are(owned: House) -> None:
    number = added(owned)["id"]
    add = {"name": NAME, "kind": "duckdns", "settings": DUCK}
    refused_to(owned, "bob", NotFound, "relay_list", name=NAME)
    refused_to(owned, "bob", NotFound, "relay_add", **add)
    for operation in ("relay_remove", "relay_retry"):
        refused_to(owned, "bob", NotFound, operation, number=number)
        refused_to(owned, "alice", NotFound, operation, number=2**70)
    owned.api("host_set", name=NAME, account="bob")
    assert owned.person("bob", "relay_list", name=NAME)["relays"] == []


def test_who_may_set_them(owned: House) -> None:
    add = {"name": NAME, "kind": "duckdns", "settings": DUCK}
    rule(owned, open_to=OpenTo.OPERATOR)
    refused_to(owned, "alice", Forbidden, "relay_add", **add)
    number = owned.api("relay_add", **add)["id"]
    owned.person("alice", "relay_retry", number=number)
    rule(owned, open_to=OpenTo.OFF)
    refused(owned, Conflict, "relay_add", **add)
    refused(owned, Conflict, "relay_retry", number=number)
    owned.person("alice", "relay_remove", number=number)


def test_how_many(owned: House) -> None:
    owned.api("host_add", name="www.example.net", account="alice")
    rule(owned, per_host=2, per_account=3)
    added(owned)
    added(owned, domain="other", token="canary-token")
    add = {"kind": "duckdns", "settings": {**DUCK, "domain": "third"}}
    refused_to(owned, "alice", Exceeded, "relay_add", name=NAME, **add)
    owned.person("alice", "relay_add", name="www.example.net", **add)
    add = {"kind": "duckdns", "settings": {**DUCK, "domain": "fourth"}}
    refused_to(owned, "alice", Exceeded, "relay_add", name="www.example.net", **add)
    owned.api("relay_add", name=NAME, **add)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("nothing", {}, "no kind of relay"),
        ("duckdns", {"domain": "home"}, "token: missing"),
        ("duckdns", {**DUCK, "other": "x"}, "other: there is no such setting"),
        ("webhook", {"url": "https://10.0.0.1/"}, "not a public address"),
        ("webhook", {"url": "https://u:canary@a.example/"}, "user name"),
        ("webhook", {"url": "http://a.example/"}, "https://"),
        ("webhook", {"url": "https://a.example:22/"}, "port 22"),
        ("rfc2136", {**DNS, "server": "127.0.0.1"}, "not a public address"),
        ("rfc2136", {**DNS, "server": "9.9.9.9:54"}, "port 54"),
    ],
)
def test_what_is_refused(owned: House, kind: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        added(owned, kind, **settings)
    assert "canary" not in str(caught.value)
    assert added(owned, "rfc2136", **DNS)["service"] == "9.9.9.9"


def test_check_and_export(owned: House) -> None:
    added(owned)
    assert owned.api("check")["faults"] == []
    page, found = None, []
    while page is None or page["next"]:
        page = owned.person("alice", "account_export", name="alice", after=page and page["next"])
        found += page["items"]
    assert [one["relays"][0]["service"] for one in found if "relays" in one] == ["www.duckdns.org"]
    assert "canary" not in json.dumps(found)
    owned.forget_secret_box()
    (fault,) = owned.api("check")["faults"]
    assert fault.startswith("relay 1: key file")


def test_the_same_twice(owned: House) -> None:
    made = added(owned, "webhook", url="https://hook.example:443/a")
    assert made["service"] == "hook.example"
    rule(owned, targets=TargetRules(ports=frozenset()))
    other = added(owned, "webhook", url="https://hook.example:8443/a")
    assert other["service"] == "hook.example:8443"
    with pytest.raises(Conflict, match=f"relay {other['id']} leads there already"):
        added(owned, "webhook", url="https://hook.example:8443/a")
    owned.person("alice", "relay_remove", number=other["id"])
    added(owned, "webhook", url="https://hook.example:8443/a")
