"""The page of one host."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest

from ddns.model import names
from ddns.model.update import Change, Renumber
from tests.house import House, update
from tests.pages.asking import note_request
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

HOME = "home.dyn.example"
PLACE = f"hosts/{HOME}"
HOSTILE = "\"'><script>alert(1)</script>"


@pytest.fixture
def home(alice: Browser) -> Browser:
    """Alice's, who has a host with an address."""
    alice.house.person("alice", "host_add", name=HOME)
    alice.house.person("alice", "record_set", owner=HOME, type="A", rdatas=["8.8.4.4"])
    return alice


def shown(house: House) -> Any:
    return house.person("alice", "host_show", name=HOME)


def test_everything_about_a_host(home: Browser) -> None:
    home.house.person("alice", "record_set", owner=HOME, type="MX", rdatas=["10 mail.example.org."])
    home.house.person("alice", "key_add", hosts=[HOME])
    for at in range(25):
        note_request(home.house, HOME, at=1000.0 + at, asked=f"GET /{at}/")
    page = home.get(f"/{PLACE}")
    for words in (
        HOME,
        "8.8.4.4",
        "10 mail.example.org.",
        "Key 1, update",
        "Router/7",
        "192.0.2.77",
        "GET /24/",
        "GET /5/",
        "good 198.51.100.7",
        "alice (web)",
    ):
        assert words in page.text
    assert "GET /4/" not in page.text


def test_a_host_of_somebody_else_does_not_exist(home: Browser) -> None:
    home.house.api("account_add", name="bob", password=PASSWORD)
    bob = Browser(home.house)
    bob.log_in("bob", PASSWORD)
    token = bob.page.forms[0].fields["form_token"]
    for place in (PLACE, f"{PLACE}/records", f"{PLACE}/setup", "hosts/none.dyn.example"):
        bob.get(f"/{place}")
        assert bob.answer.status == 404
    for place, fields in (
        ("settings", {"ttl": "60", "expire_after": "0"}),
        ("remove", {}),
        ("records", {"owner": HOME, "type": "A", "rdatas": "8.8.8.8"}),
    ):
        bob.post(f"/{PLACE}/{place}", form_token=token, **fields)
        assert bob.answer.status == 404
    assert shown(home.house)["records"][0]["rdatas"] == ["8.8.4.4"]


def test_whoever_has_the_zone_is_not_told_what_clients_ask(home: Browser) -> None:
    home.house.api("account_add", name="carol", password=PASSWORD)
    home.house.api("zone_set", origin="dyn.example", account="carol")
    note_request(home.house, HOME)
    carol = Browser(home.house)
    carol.log_in("carol", PASSWORD)
    page = carol.get(f"/{PLACE}")
    assert "8.8.4.4" in page.text
    assert "Router/7" not in page.text
    for place in ("wait", "events"):
        carol.get(f"/{PLACE}/{place}")
        assert carol.answer.status == 404


@pytest.mark.parametrize("place", ["settings", "remove", "records"])
def test_forms_of_other_sites_do_nothing(home: Browser, place: str) -> None:
    before = shown(home.house)
    home.post(f"/{PLACE}/{place}", ttl="60", owner=HOME, type="A", rdatas="")
    assert home.answer.status == 403
    assert shown(home.house) == before


def test_settings(home: Browser) -> None:
    home.get(f"/{PLACE}")
    page = home.submit(f"{PLACE}/settings", ttl="300", expire_after="30", wildcard="yes")
    assert "Done." in page.text
    host = shown(home.house)
    assert (host["ttl"], host["expire_after"], host["wildcard"]) == (300, 30, True)
    settings = next(form for form in page.forms if form.action.endswith("/settings"))
    assert settings.fields["wildcard"] == "yes"
    home.post(
        f"/{PLACE}/settings", form_token=settings.fields["form_token"], ttl="300", expire_after=""
    )
    host = shown(home.house)
    assert "expire_after" not in host
    assert not host["wildcard"]


def test_when_a_silent_host_goes_offline(home: Browser) -> None:
    home.get(f"/{PLACE}")
    page = home.submit(f"{PLACE}/settings", ttl="60", expire_after="30")
    assert "If nothing is heard of a client, it goes offline at " in page.text
    assert "1970-01-31" in page.body
    home.house.person("alice", "record_delete", owner=HOME)
    assert "it goes offline at" not in home.get(f"/{PLACE}").text


def test_a_host_that_follows_its_router(home: Browser) -> None:
    router = "router.dyn.example"
    home.house.person("alice", "host_add", name=router)
    home.get(f"/{PLACE}")
    lan = {"interface_id": "::a", "follows": router, "follows_address": "yes"}
    page = home.submit(f"{PLACE}/settings", ttl="60", expire_after="0", **lan)
    assert shown(home.house).items() >= {**lan, "follows_address": True}.items()
    settings = next(form for form in page.forms if form.action.endswith("/settings"))
    assert settings.fields.items() >= lan.items()
    assert f"interface ID ::a, follows {router}" in page.text
    assert f"{HOME} follows {router}, and no client of that has told a prefix" in page.text
    assert f"These follow it: {HOME}" in home.get(f"/hosts/{router}").text
    home.get(f"/{PLACE}")
    home.submit(f"{PLACE}/settings", ttl="60", expire_after="0", interface_id="", follows="")
    assert lan.keys().isdisjoint(shown(home.house))


def test_a_host_moves_with_its_router(home: Browser) -> None:
    house, router = home.house, "router.dyn.example"
    key = house.person("alice", "key_add")["key"]
    house.person("alice", "host_add", name=router)
    house.person("alice", "host_set", name=HOME, interface_id="::a", follows=router)
    edit = Renumber((IPv6Network("2a00:1450:4001:1::/64"),))
    house.update(update("alice", key, Change(router, names.from_text(router), (edit,))))
    page = home.get(f"/{PLACE}")
    assert f"The host follows {router}: it moves with the prefix of that." in page.text
    assert "2a00:1450:4001:1::a" in page.text
    told = "Its clients have told this prefix: 2a00:1450:4001:1::/64"
    assert told in home.get(f"/hosts/{router}").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ttl": "soon"}, "soon is no whole number"),
        ({"ttl": "1"}, "TTL"),
        ({"ttl": HOSTILE}, "is no whole number"),
        ({"expire_after": "9999"}, "expected 0 to 3650"),
        ({"expire_after": "-1"}, "-1 is no whole number"),
        ({"interface_id": HOSTILE}, "is no interface ID"),
        ({"follows": "none.dyn.example"}, "account alice has no host none.dyn.example"),
    ],
)
def test_settings_that_cannot_be(home: Browser, fields: dict[str, str], said: str) -> None:
    before = shown(home.house)
    home.get(f"/{PLACE}")
    page = home.submit(f"{PLACE}/settings", **{"ttl": "60", "expire_after": "0", **fields})
    assert home.answer.status == 400
    assert said in page.text
    assert HOSTILE not in page.body
    typed = {
        given["id"]: given["value"] for tag, given in page.tags if tag == "input" and "id" in given
    }
    assert fields.items() <= typed.items()
    assert shown(home.house) == before


def test_removing_a_host(home: Browser) -> None:
    home.get(f"/{PLACE}")
    page = home.submit(f"{PLACE}/remove")
    assert home.url == f"{BASE}hosts?done=removed"
    assert "has been removed" in page.text
    home.get(f"/{PLACE}")
    assert home.answer.status == 404


def test_a_blocked_account_is_told_so(home: Browser) -> None:
    home.house.api("account_block", name="alice", reason=HOSTILE)
    home.get(f"/{PLACE}")
    page = home.submit(f"{PLACE}/settings", ttl="60")
    assert home.answer.status == 403
    assert "alert(1)" in page.text
    assert HOSTILE not in page.body


def test_what_clients_send_is_no_html(home: Browser) -> None:
    fields = ("peer", "user", "agent", "asked", "answer", "reason", "dialect")
    note_request(home.house, HOME, **{name: f"{name} {HOSTILE}" for name in fields})
    home.house.person("alice", "record_set", owner=HOME, type="TXT", rdatas=[f'"{HOSTILE[1:]}"'])
    page = home.get(f"/{PLACE}")
    assert HOSTILE[1:] not in page.body
    for name in fields:
        assert f"{name} {HOSTILE}" in page.text


# Diagnosis -------------------------------------------------------------------------------------


def refuse(house: House, **given: str) -> None:
    """Log a request with wrong credentials."""
    reason = "the credentials are wrong"
    note_request(
        house, HOME, None, **{"cause": "wrong", "status": "badauth", **given}, reason=reason
    )


@pytest.mark.parametrize(
    ("language", "why", "change", "severity"),
    [
        ("en", "Router/7 at 192.0.2.77 sends a wrong key.", "Upper and lower case", "Problem:"),
        (
            "es",
            "Router/7, desde 192.0.2.77, envía una clave equivocada.",
            "mayúsculas",
            "Problema:",
        ),
    ],
)
def test_why_a_host_is_not_updated(
    home: Browser, language: str, why: str, change: str, severity: str
) -> None:
    refuse(home.house)
    home.language = language
    page = home.get(f"/{PLACE}")
    for words in (why, change, severity):
        assert words in page.text
    assert ("p", {"class": "state bad"}) in page.tags


def test_a_host_that_is_updated_is_said_to_be(home: Browser) -> None:
    note_request(home.house, HOME, addresses="8.8.4.4")
    home.house.time += 7200
    assert "Router/7 was last heard from 2 hours ago" in home.get(f"/{PLACE}").text
    home.language = "es"
    assert "la última noticia de Router/7 es de hace 2 horas" in home.get(f"/{PLACE}").text


def test_what_is_found_is_no_html(home: Browser) -> None:
    refuse(home.house, agent=HOSTILE)
    note_request(home.house, HOSTILE[1:] + ".dyn.example", status="nohost", reason="x")
    note_request(home.house, HOME, addresses=HOSTILE, status="badaddress", reason=HOSTILE)
    page = home.get(f"/{PLACE}")
    assert f"{HOSTILE} at 192.0.2.77 sends a wrong key." in page.text
    assert f"asks for {HOSTILE[1:]}" in page.text
    assert HOSTILE[2:] not in page.body


# Records ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "kind", "typed", "kept"),
    [
        (HOME, "A", "8.8.8.8\n\n 1.1.1.1 ", ["8.8.8.8", "1.1.1.1"]),
        (HOME, "AAAA", "2606:4700::1", ["2606:4700::1"]),
        (HOME, "MX", "10 mail.example.org.", ["10 mail.example.org."]),
        (HOME, "TXT", 'v=spf1 "a" \\ -all', ['"v=spf1 \\"a\\" \\\\ -all"']),
        (HOME, "TXT", '"a" "b"', ['"a" "b"']),
        (HOME, "TXT", "é", ['"\\195\\169"']),
        (HOME, "TXT", "x" * 300, [f'"{"x" * 255}" "{"x" * 45}"']),
        (f"_acme-challenge.{HOME}", "TXT", "token", ['"token"']),
        (f"_validation-persist.{HOME}", "TXT", "a.b; c=d", ['"a.b; c=d"']),
        (f"*.{HOME}", "CNAME", f"{HOME}.", [f"{HOME}."]),
    ],
)
def test_records_are_replaced(
    home: Browser, owner: str, kind: str, typed: str, kept: list[str]
) -> None:
    home.get(f"/{PLACE}/records?owner={owner}&type={kind}")
    page = home.submit(f"{PLACE}/records", rdatas=typed)
    assert home.url == f"{BASE}{PLACE}?done=changed"
    assert "Done." in page.text
    (rrset,) = [
        one for one in shown(home.house)["records"] if (one["owner"], one["type"]) == (owner, kind)
    ]
    assert sorted(rrset["rdatas"]) == sorted(kept)
    page = home.get(f"/{PLACE}/records?owner={owner}&type={kind}")
    assert all(rdata in page.text for rdata in kept)


def test_an_empty_field_deletes_records(home: Browser) -> None:
    home.get(f"/{PLACE}/records?owner={HOME}&type=A")
    home.submit(f"{PLACE}/records", rdatas=" \n")
    assert shown(home.house)["records"] == []
    assert "Nothing: the host has no records." in home.get(f"/{PLACE}").text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"rdatas": f"8.8.8.8\n{HOSTILE}"}, 400),
        ({"rdatas": "10.0.0.1"}, 400),
        ({"type": "NS", "rdatas": "ns.example.org."}, 403),
        ({"type": HOSTILE, "rdatas": "x"}, 400),
        ({"owner": "dyn.example", "rdatas": "8.8.8.8"}, 404),
        ({"owner": HOSTILE, "rdatas": "8.8.8.8"}, 404),
        ({"type": "TXT", "rdatas": ""}, 404),
    ],
)
def test_records_that_cannot_be(home: Browser, fields: dict[str, str], status: int) -> None:
    before = shown(home.house)
    home.get(f"/{PLACE}/records?owner={HOME}&type=A")
    page = home.submit(f"{PLACE}/records", **fields)
    assert home.answer.status == status
    assert [given for _, given in page.tags if given.get("role") == "alert"]
    assert HOSTILE not in page.body
    assert fields["rdatas"].replace("\n", " ") in page.text
    assert shown(home.house) == before


def test_records_of_a_name_that_is_not_of_the_reader(home: Browser) -> None:
    home.get(f"/{PLACE}/records?owner=dyn.example&type=SOA")
    assert home.answer.status == 404
