"""What people take away of all that is kept of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Network
from typing import Any

import pytest

from ddns.api import export
from ddns.api.errors import Invalid
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.model.update import Renumber
from tests.api.coming import Street
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update


def exported(ask: Callable[..., Any], name: str = "alice") -> dict[str, list[Any]]:
    """All pages, as one object; *ask* calls the operation."""
    whole: dict[str, list[Any]] = {}
    page = ask("account_export", name=name)
    while True:
        assert len(page["items"]) <= export.PAGE
        whole.setdefault(page["part"], []).extend(page["items"])
        if page["next"] is None:
            return whole
        page = ask("account_export", name=name, after=page["next"])


def by(house: House, who: str) -> Callable[..., Any]:
    return partial(house.person, who)


@pytest.fixture
def lived_in(open_house: House) -> House:
    """Alice has done something of everything, and bob much the same."""
    house = open_house
    code = house.api("invitation_add", origin="club.example", uses=2)["code"]
    for name in ("alice", "bob"):
        house.person(name, "host_add", name=f"{name}.dyn.example")
        house.person(name, "record_set", owner=f"{name}.dyn.example", type="TXT", rdatas=[name])
        house.person(name, "host_add", name=f"former-{name}.dyn.example")
        house.person(name, "host_remove", name=f"former-{name}.dyn.example")
        house.person(name, "invitation_redeem", code=code)
    key = house.person("alice", "key_add")["key"]
    home = change("home.example.net", "192.0.2.1")
    edits = (*home.edits, Renumber((IPv6Network("2001:db8:1::/64"),)))
    house.update(update("alice", key, replace(home, edits=edits)))
    house.api("zone_add", origin="alice.example", account="alice")
    house.person("alice", "invitation_add", origin="alice.example")
    house.person("alice", "record_set", owner="www.alice.example", type="A", rdatas=["192.0.2.9"])
    house.api("host_add", name="bobs.alice.example", account="bob")
    house.person("bob", "record_set", owner="bobs.alice.example", type="A", rdatas=["192.0.2.66"])
    entry = RequestEntry(1000.0, "dyndns2", "192.0.2.7", "alice", "curl", "asked", "badauth", "")
    logged = LoggedRequest("alice", (), entry)
    house.running.call(
        house.store.transact,
        Author("server", "test", 0.0),
        lambda transaction: transaction.log_requests([logged], 5, 5, 100),
    )
    return house


def test_everything_of_a_person(lived_in: House) -> None:
    whole = exported(by(lived_in, "alice"))
    assert list(whole) == list(export._PARTS)
    (account,) = whole["account"]
    assert (account["name"], account["created"]) == ("alice", "1970-01-01T00:16:40.000+00:00")
    assert [len(whole[part]) for part in ("keys", "memberships", "requests")] == [2, 1, 1]
    assert [zone["origin"] for zone in whole["zones"]] == ["alice.example"]
    assert {(one["owner"], one["type"]) for one in whole["records"]} == {
        ("alice.example", "SOA"),
        ("alice.example", "NS"),
        ("www.alice.example", "A"),
    }
    hosts = {host["name"]: host for host in whole["hosts"]}
    assert set(hosts) == {"home.example.net", "alice.dyn.example"}
    assert hosts["home.example.net"]["records"][0]["rdatas"] == ["192.0.2.1"]
    assert hosts["home.example.net"]["prefixes"] == ["2001:db8:1::/64"]
    assert [one["name"] for one in whole["released"]] == ["former-alice.dyn.example"]
    assert [one["zone"] for one in whole["invitations"]] == ["alice.example"]
    kinds = {(event["kind"], event["via"]) for event in whole["events"]}
    assert {("rrset", "test"), ("rrset", "web"), ("key", "web"), ("member", "web")} <= kinds
    assert "bob" not in json.dumps(whole)
    assert "192.0.2.66" not in json.dumps(whole)


def test_the_operator_may_export_it_too(lived_in: House) -> None:
    assert exported(lived_in.api) == exported(by(lived_in, "alice"))
    assert exported(by(lived_in, "bob"), "bob")["account"][0]["name"] == "bob"


def test_pages(lived_in: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exported(by(lived_in, "alice"))
    monkeypatch.setattr(export, "PAGE", 3)
    monkeypatch.setattr(export, "SPAN", 2)
    lived_in.api("host_set", name="home.example.net", ttl=60)  # by somebody else, at the end
    paged = exported(by(lived_in, "alice"))
    assert {**paged, "hosts": None} == {**whole, "hosts": None}
    assert len(paged["hosts"]) == len(whole["hosts"])
    monkeypatch.setattr(export, "PAGE", 2)
    again = exported(lambda *args, **more: lived_in.person("alice", *args, **more))
    assert again == paged


def test_no_secrets(street: Street) -> None:
    session = street.arrive()
    app, codes = street.use_an_app(session)
    key = street.ask_as(session, "key_add", kind="miniupdate")["key"]
    whole = exported(partial(street.ask_as, session))
    assert [one["current"] for one in whole["sessions"]] == [True]
    assert whole["second_factors"] == [{"totp": True, "recovery_codes": 10, "passkeys": []}]
    text = json.dumps(whole)
    for secret in (session, app.secret, key, codes[0], "argon2"):
        assert secret not in text


@pytest.mark.parametrize(
    "after",
    [
        *("x", "x/y", "hosts/zz", "hosts/é", "records/1.2", "records/00.zz.01", "events/x"),
        f"events/{'f' * 30}",
    ],
)
def test_where_no_page_begins(filled: House, after: str) -> None:
    refused(filled, Invalid, "account_export", name="alice", after=after)


def test_whose_name_is_none(filled: House) -> None:
    refused_to(filled, "alice", Invalid, "account_export", name="-")
