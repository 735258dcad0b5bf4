"""Registering hosts: in which zones, which names, how many, and the quarantine of old names."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList

from ddns.api.caller import Caller
from ddns.api.errors import ApiError, Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.model import names
from tests.api.coming import NOTHING_SPECIAL
from tests.api.refusing import refused, refused_to
from tests.house import House, change, update

# Where -----------------------------------------------------------------------------------------


def test_a_host_in_an_open_zone(open_house: House) -> None:
    added = open_house.person("alice", "host_add", name="Home.dyn.example")
    assert added == {
        "name": "home.dyn.example",
        "zone": "dyn.example",
        "account": "alice",
        "ttl": 10,
    }
    key = open_house.person("alice", "key_add")["key"]
    (outcome,) = open_house.update(update("alice", key, change("home.dyn.example", "8.8.8.8")))
    assert outcome.refusal is None
    assert open_house.answers(names.from_text("home.dyn.example")) == ["8.8.8.8"]
    shown = open_house.person("alice", "host_show", name="home.dyn.example")
    assert [record["rdatas"] for record in shown["records"]] == [["8.8.8.8"]]


def test_a_zone_that_is_opened_has_public_addresses(filled: House) -> None:
    def policy(operation: str, **arguments: Any) -> tuple[str, str]:
        zone = filled.api(operation, **arguments)
        return zone["registration"], zone["addresses"]

    assert policy("zone_add", origin="a.example") == ("closed", "any")
    assert policy("zone_add", origin="b.example", registration="open") == ("open", "public")
    assert policy("zone_add", origin="c.example", registration="open", addresses="any") == (
        "open",
        "any",
    )
    assert policy("zone_set", origin="a.example", registration="invitation") == (
        "invitation",
        "public",
    )
    assert policy("zone_set", origin="a.example", addresses="any") == ("invitation", "any")
    assert policy("zone_set", origin="a.example", registration="open") == ("open", "any")
    assert policy("zone_set", origin="a.example", registration="closed") == ("closed", "any")
    assert policy("zone_set", origin="a.example", registration="open", addresses="any") == (
        "open",
        "any",
    )
    refused(filled, Invalid, "zone_set", origin="a.example", registration="shut")


def test_zones_that_people_see(open_house: House) -> None:
    def seen(account: str) -> dict[str, tuple[str, str | None]]:
        zones = open_house.person(account, "zone_list")["zones"]
        return {zone["origin"]: (zone["registration"], zone["account"]) for zone in zones}

    assert seen("alice") == {"dyn.example": ("open", None)}
    assert seen("bob") == {"dyn.example": ("open", None), "bob.example": ("closed", "bob")}
    open_house.api("zone_set", origin="bob.example", registration="open")
    assert seen("alice")["bob.example"] == ("open", None)  # whose it is, is nobody's business
    code = open_house.api("invitation_add", origin="club.example")["code"]
    open_house.person("alice", "invitation_redeem", code=code)
    assert seen("alice")["club.example"] == ("invitation", None)
    assert len(open_house.api("zone_list")["zones"]) == 4


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("home.example.net", Conflict),  # taken, by herself
        ("new.example.net", NotFound),  # closed
        ("new.club.example", NotFound),  # by invitation
        ("new.bob.example", NotFound),
        ("new.none.example", NotFound),
        ("dyn.example", Invalid),
        ("bobs.bob.example", NotFound),  # taken, but that is not for her to know
        ("a.b.dyn.example", Invalid),
        ("_x.dyn.example", Invalid),
        ("xn--a.dyn.example", Invalid),
        ("ab--c.dyn.example", Invalid),
        ("www.dyn.example", Forbidden),
        ("ns7.dyn.example", Forbidden),
        ("server.dyn.example", Forbidden),
        ("text.dyn.example", Conflict),
        ("wild.dyn.example", Conflict),
        ("cut.dyn.example", Conflict),
        ("zone.dyn.example", NotFound),
        ("new.zone.dyn.example", NotFound),
        ("bobs.dyn.example", Conflict),
    ],
)
def test_hosts_that_people_cannot_have(open_house: House, name: str, kind: type[ApiError]) -> None:
    open_house.api("zone_add", origin="other.example", ns=[{"name": "server.dyn.example"}])
    open_house.api("zone_add", origin="zone.dyn.example")
    for owner, type_, rdata in (
        ("text", "TXT", "x"),
        ("*.wild", "TXT", "x"),
        ("cut", "NS", "ns.cut.example"),
    ):
        open_house.api("record_set", owner=f"{owner}.dyn.example", type=type_, rdatas=[rdata])
    for zone in ("dyn.example", "bob.example"):
        open_house.person("bob", "host_add", name=f"bobs.{zone}")
    refused_to(open_house, "alice", kind, "host_add", name=name)


def test_closed_and_missing_zones_are_told_in_the_same_words(open_house: House) -> None:
    words = {
        refused_to(open_house, "alice", NotFound, "host_add", name=f"new.{zone}").replace(zone, "")
        for zone in ("example.net", "club.example", "bob.example", "none.example")
    }
    assert len(words) == 1


def test_the_operator_is_above_the_rules(open_house: House) -> None:
    open_house.rule(hosts_per_account=1, records_per_host=1, min_ttl=60)
    for name in ("www.dyn.example", "ns1.x.dyn.example", "a.b.c.dyn.example", "new.example.net"):
        open_house.api("host_add", name=name, account="alice", ttl=1)
    open_house.api("record_set", owner="www.dyn.example", type="A", rdatas=["10.0.0.1", "10.0.0.2"])
    open_house.api("record_set", owner="www.dyn.example", type="SRV", rdatas=["1 1 1 a.b"], ttl=1)
    refused(open_house, Invalid, "host_add", name="new.dyn.example")  # whose?


def test_the_owner_of_a_zone_may_use_any_name(open_house: House) -> None:
    for name in ("www.bob.example", "a.b.bob.example"):
        assert open_house.person("bob", "host_add", name=name)["account"] == "bob"
    refused_to(open_house, "bob", NotFound, "host_add", name="x.bob.example", account="alice")


def test_names_in_the_letters_of_any_language(open_house: House) -> None:
    added = open_house.person("alice", "host_add", name="Bücher.dyn.example")
    assert added["name"] == "xn--bcher-kva.dyn.example"
    assert added["unicode"] == "bücher.dyn.example"
    assert "unicode" not in open_house.person("alice", "host_add", name="b.dyn.example")
    zone = open_house.api("zone_add", origin="bücher.example")
    assert (zone["origin"], zone["unicode"]) == ("xn--bcher-kva.example", "bücher.example")


# How many --------------------------------------------------------------------------------------


def test_how_many_hosts_an_account_may_register(open_house: House) -> None:
    open_house.rule(hosts_per_account=2)
    open_house.person("alice", "host_add", name="a.dyn.example")  # beside home.example.net
    refused_to(open_house, "alice", Exceeded, "host_add", name="b.dyn.example")
    open_house.person("bob", "host_add", name="b.dyn.example")
    answer = open_house.api("account_set", name="alice", hosts=3)
    assert answer == {
        "name": "alice",
        "password": False,
        "email": None,
        **NOTHING_SPECIAL,
        "host_limit": 3,
    }
    open_house.person("alice", "host_add", name="c.dyn.example")
    refused_to(open_house, "alice", Exceeded, "host_add", name="d.dyn.example")
    assert open_house.person("alice", "account_show", name="alice")["host_limit"] == 3
    assert open_house.api("account_set", name="alice", hosts="default")["host_limit"] == 2
    refused_to(open_house, "alice", Exceeded, "host_add", name="d.dyn.example")
    open_house.person("alice", "host_remove", name="c.dyn.example")
    open_house.person("alice", "host_remove", name="a.dyn.example")
    open_house.person("alice", "host_add", name="d.dyn.example")


@pytest.mark.parametrize("hosts", [-1, 10**30, "many", ""])
def test_limits_that_cannot_be(filled: House, hosts: int | str) -> None:
    refused(filled, Invalid, "account_set", name="alice", hosts=hosts)
    refused(filled, NotFound, "account_set", name="nobody", hosts=5)


def test_a_limit_is_kept_under_many_calls_at_once(open_house: House) -> None:
    open_house.rule(hosts_per_account=5)
    theirs = open_house.operations.acting_for(Caller("bob"), "web")

    async def work() -> int:
        calls = [
            Deferred.fromCoroutine(theirs.host_add(name=f"h{number}.dyn.example"))
            for number in range(12)
        ]
        done = await DeferredList(calls, consumeErrors=True)
        return sum(success for success, _ in done)

    assert open_house.running.call(work) == 5
    assert len(open_house.api("host_list", account="bob")["hosts"]) == 5


def test_how_many_keys_an_account_may_have(open_house: House) -> None:
    open_house.rule(keys_per_account=2)
    open_house.person("alice", "key_add")
    refused_to(open_house, "alice", Exceeded, "key_add")
    open_house.api("key_add", account="alice")
    open_house.person("bob", "key_add")


# Quarantine ------------------------------------------------------------------------------------

DAY = 86_400.0


@pytest.mark.parametrize("remover", ["alice", "operator", "account", "zone"])
def test_a_released_name_is_not_free_at_once(open_house: House, remover: str) -> None:
    open_house.person("alice", "host_add", name="a.dyn.example")
    match remover:
        case "alice":
            open_house.person("alice", "host_remove", name="a.dyn.example")
        case "operator":
            open_house.api("host_remove", name="a.dyn.example")
        case "account":
            open_house.person("alice", "account_remove", name="alice")
        case "zone":
            open_house.api("zone_remove", origin="dyn.example")
            open_house.api("zone_add", origin="dyn.example", registration="open")
    open_house.time += 89 * DAY
    refused_to(open_house, "bob", Conflict, "host_add", name="a.dyn.example")
    open_house.time += 1 * DAY
    open_house.person("bob", "host_add", name="a.dyn.example")


def test_the_same_account_may_have_a_released_name_again(open_house: House) -> None:
    open_house.person("alice", "host_add", name="a.dyn.example")
    open_house.person("alice", "host_remove", name="a.dyn.example")
    open_house.person("alice", "host_add", name="a.dyn.example")
    refused_to(open_house, "bob", Conflict, "host_add", name="a.dyn.example")


def test_a_new_account_of_an_old_name_inherits_nothing(open_house: House) -> None:
    open_house.person("alice", "host_add", name="a.dyn.example")
    open_house.person("alice", "account_remove", name="alice")
    open_house.api("account_add", name="alice")
    refused_to(open_house, "alice", Conflict, "host_add", name="a.dyn.example")
    open_house.api("host_add", name="a.dyn.example", account="alice")  # the operator may give it


def test_who_got_a_released_name_may_come_back_to_it(open_house: House) -> None:
    open_house.person("alice", "host_add", name="a.dyn.example")
    open_house.api("host_remove", name="a.dyn.example")
    open_house.api("host_add", name="a.dyn.example", account="bob")
    open_house.api("host_remove", name="a.dyn.example")
    refused_to(open_house, "alice", Conflict, "host_add", name="a.dyn.example")
    open_house.person("bob", "host_add", name="a.dyn.example")


def test_without_quarantine_a_name_is_free_at_once(open_house: House) -> None:
    open_house.rule(quarantine=0.0)
    open_house.person("alice", "host_add", name="a.dyn.example")
    open_house.person("alice", "host_remove", name="a.dyn.example")
    open_house.person("bob", "host_add", name="a.dyn.example")


def test_nobody_takes_all_names_out_of_reach(open_house: House) -> None:
    open_house.rule(hosts_per_account=1)
    for number in range(10):
        open_house.person("bob", "host_add", name=f"h{number}.dyn.example")
        open_house.person("bob", "host_remove", name=f"h{number}.dyn.example")
    refused_to(open_house, "bob", Exceeded, "host_add", name="new.dyn.example")
    open_house.person("bob", "host_add", name="h5.dyn.example")
    open_house.person("bob", "host_remove", name="h5.dyn.example")
    open_house.time += 90 * DAY
    open_house.person("bob", "host_add", name="new.dyn.example")


def test_old_releases_are_forgotten(open_house: House) -> None:
    def released(label: str) -> bool:
        name = names.from_text(f"{label}.dyn.example")
        found = open_house.running.call(open_house.store.read, lambda r: r.released(name))
        return found is not None

    for label in ("a", "b"):
        open_house.person("alice", "host_add", name=f"{label}.dyn.example")
        open_house.person("alice", "host_remove", name=f"{label}.dyn.example")
        open_house.time += 50 * DAY
    assert released("a")
    open_house.person("alice", "host_add", name="c.dyn.example")
    assert (released("a"), released("b")) == (False, True)
