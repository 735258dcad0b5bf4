"""Zones of one's own: settings, records, changes, the file."""

from __future__ import annotations

import json
from typing import Any

import dns.zone
import pytest

from tests.pages.browsing import Browser
from tests.pages.conftest import SCRIPT

ZONE = "zones/bob.example"
RECORDS = f"{ZONE}/records"


def add(browser: Browser, name: str, kind: str, *rdatas: str, ttl: str = "") -> None:
    browser.get(f"/{RECORDS}")
    browser.submit(RECORDS, name=name, type=kind, rdatas="\r\n".join(rdatas), ttl=ttl)


def shown(browser: Browser, owner: str) -> list[tuple[str, list[str]]]:
    found = browser.house.api("record_show", owner=owner)["records"]
    return [(one["type"], one["rdatas"]) for one in found]


def test_ones_own_zones_and_those_for_hosts_are_listed(bob: Browser, alice: Browser) -> None:
    page = bob.get("/zones")
    assert "../zones/bob.example" in [link.replace("./", "../") for link in page.links]
    assert "dyn.example" in page.text
    page = alice.get("/zones")
    assert "bob.example" not in page.text
    assert "You have no zone" in page.text


def test_a_zone_with_its_serial(bob: Browser) -> None:
    page = bob.get(f"/{ZONE}")
    serial = bob.house.api("zone_show", origin="bob.example")["serial"]
    assert f"Serial {serial}" in page.text
    assert "No secondary follows this zone." in page.text
    assert {form.action.rpartition("/")[2] for form in page.forms} >= {"settings"}
    assert "secondaries" not in [given.get("name") for _, given in page.tags]


@pytest.mark.parametrize(
    "place",
    ["", "/export", "/changes", "/records", "/records/bob.example/NS", "/invitations"],
)
def test_the_zone_of_somebody_else_is_not_there(alice: Browser, bob: Browser, place: str) -> None:
    bob.get(f"/{ZONE}{place}")
    assert bob.answer.status == 200
    alice.get(f"/{ZONE}{place}")
    assert alice.answer.status == 404


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("settings", {"registration": "open"}),
        ("records", {"name": "www", "type": "A", "rdatas": "192.0.2.1"}),
        ("records/remove", {"name": "bob.example", "type": "TXT"}),
        ("undo", {"position": "1"}),
        ("invitations", {"uses": "1", "days": "1"}),
        ("invitations/1/revoke", {}),
        ("members/bob/remove", {}),
    ],
)
def test_nobody_else_changes_a_zone_and_nobody_without_our_form(
    alice: Browser, bob: Browser, place: str, fields: dict[str, str | list[str]]
) -> None:
    before = everything(bob)
    token = alice.get("/zones").forms[0].fields["form_token"]
    alice.post(f"/{ZONE}/{place}", form_token=token, **fields)
    assert alice.answer.status == 404
    bob.post(f"/{ZONE}/{place}", **fields)
    assert bob.answer.status == 403
    assert everything(bob) == before


def everything(browser: Browser) -> Any:
    api = browser.house.api
    return [
        api(operation, origin="bob.example")
        for operation in ("zone_show", "record_list", "invitation_list", "member_list")
    ]


def test_records_are_added_changed_and_removed(bob: Browser) -> None:
    add(bob, "www", "A", "192.0.2.1", "192.0.2.2", ttl="300")
    assert "Saved" in bob.page.text
    assert shown(bob, "www.bob.example") == [("A", ["192.0.2.1", "192.0.2.2"])]
    bob.get(f"/{RECORDS}/www.bob.example/A")
    fields = next(form.fields for form in bob.page.forms if "rdatas" in form.fields)
    assert (fields["rdatas"], fields["ttl"]) == ("192.0.2.1\n192.0.2.2", "300")
    bob.submit(RECORDS, rdatas="192.0.2.3")
    assert shown(bob, "www.bob.example") == [("A", ["192.0.2.3"])]
    bob.get(f"/{RECORDS}/www.bob.example/A")
    bob.submit(f"{RECORDS}/remove")
    assert "Removed" in bob.page.text
    assert shown(bob, "www.bob.example") == []


def test_names_are_within_the_zone(bob: Browser) -> None:
    add(bob, "@", "MX", "10 mail.bob.example")
    assert ("MX", ["10 mail.bob.example."]) in shown(bob, "bob.example")
    add(bob, "a.bob.example.", "TXT", '"one" "two"')
    assert shown(bob, "a.bob.example") == [("TXT", ['"one" "two"'])]
    add(bob, "x.dyn.example.", "A", "192.0.2.1")
    assert bob.answer.status == 404


def test_every_line_is_checked_and_what_was_typed_is_kept(bob: Browser) -> None:
    add(bob, "www", "A", "192.0.2.1", "nonsense", "192.0.2.300", ttl="60")
    assert bob.answer.status == 400
    assert "line 2:" in bob.page.text
    assert "line 3:" in bob.page.text
    assert "line 1:" not in bob.page.text
    fields = next(form.fields for form in bob.page.forms if "rdatas" in form.fields)
    assert fields["rdatas"] == "192.0.2.1\nnonsense\n192.0.2.300"
    assert (fields["name"], fields["type"], fields["ttl"]) == ("www", "A", "60")
    assert shown(bob, "www.bob.example") == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "www", "type": "NOTYPE", "rdatas": "x"}, "NOTYPE"),
        ({"name": "www", "type": "", "rdatas": "x"}, "choose a type"),
        ({"name": "www", "type": "A", "rdatas": ""}, "needs rdata"),
        ({"name": "www", "type": "A", "rdatas": "192.0.2.1", "ttl": "a day"}, "seconds"),
        ({"name": "a..b", "type": "A", "rdatas": "192.0.2.1"}, "a..b"),
        ({"name": "@", "type": "CNAME", "rdatas": "example.net."}, "alias"),
    ],
)
def test_mistakes_are_told_in_the_form(
    bob: Browser, fields: dict[str, str | list[str]], words: str
) -> None:
    bob.get(f"/{RECORDS}")
    page = bob.submit(RECORDS, **fields)
    assert 400 <= bob.answer.status < 500
    assert words in page.text
    assert any("rdatas" in form.fields for form in page.forms)


def test_a_script_is_told_what_is_wrong_while_one_types(bob: Browser) -> None:
    token = bob.get(f"/{RECORDS}").forms[0].fields["form_token"]

    def problems(**fields: str) -> Any:
        bob.post(f"/{RECORDS}/check", form_token=token, **fields)
        assert bob.answer.content_type == "application/json"
        return json.loads(bob.text)["problems"]

    assert problems(name="www", type="A", rdatas="192.0.2.1") == []
    (line,) = problems(name="www", type="AAAA", rdatas="::1\nx")
    assert line.startswith("line 2: ")
    assert len(problems(name="www", type="NOTYPE", rdatas="x")) == 1
    assert shown(bob, "www.bob.example") == []


def test_a_long_list_comes_in_pages_and_is_searched(bob: Browser) -> None:
    for number in range(60):
        bob.house.api(
            "record_set", owner=f"host-{number:02}.bob.example", type="A", rdatas=["192.0.2.1"]
        )
    page = bob.get(f"/{RECORDS}")
    assert "host-49.bob.example" in page.text
    assert "host-50.bob.example" not in page.text
    more = next(link for link in page.links if "after=" in link)
    page = bob.get(more)
    assert "host-50.bob.example" in page.text
    assert "host-49.bob.example" not in page.text
    page = bob.get(f"/{RECORDS}?search=t-3")
    assert "host-30.bob.example" in page.text
    assert "host-40.bob.example" not in page.text


def test_changes_are_undone(bob: Browser) -> None:
    add(bob, "www", "A", "192.0.2.1")
    add(bob, "www", "A", "192.0.2.2")
    page = bob.get(f"/{ZONE}/changes")
    assert "www.bob.example A" in page.text
    assert "bob, pages" in page.text
    first, second = [form.fields for form in page.forms if "position" in form.fields][:2]
    bob.submit(f"{ZONE}/undo", **second)
    assert bob.answer.status == 409
    assert "have changed since" in bob.page.text
    bob.submit(f"{ZONE}/undo", **first)
    assert "Undone" in bob.page.text
    assert shown(bob, "www.bob.example") == [("A", ["192.0.2.1"])]
    bob.submit(f"{ZONE}/undo", position="x")
    assert bob.answer.status == 404


def test_settings_that_an_owner_may_change(bob: Browser) -> None:
    bob.get(f"/{ZONE}")
    bob.submit(f"{ZONE}/settings", registration="open")
    assert "Changed." in bob.page.text
    zone = bob.house.api("zone_show", origin="bob.example")
    assert (zone["registration"], zone["addresses"]) == ("open", "public")  # though "any" was shown
    bob.submit(f"{ZONE}/settings", addresses="any")
    assert bob.house.api("zone_show", origin="bob.example")["addresses"] == "any"
    bob.submit(f"{ZONE}/settings", account="alice")
    assert bob.answer.status == 403
    assert "only the operator" in bob.page.text


def test_the_file_of_a_zone(bob: Browser) -> None:
    add(bob, "*.a", "TXT", '"x"')
    for _ in range(2):  # the first one is over
        bob.get(f"/{ZONE}/export")
        assert bob.answer.content_type == "text/dns; charset=utf-8"
        headers = dict(bob.answer.headers)
        assert headers["Content-Disposition"] == 'attachment; filename="bob.example.zone"'
        zone = dns.zone.from_text(bob.text, "bob.example", relativize=False)
        assert len(zone.nodes) == 2


def test_what_people_type_stays_text(bob: Browser) -> None:
    add(bob, "xss", "TXT", json.dumps(SCRIPT))
    bob.house.api("host_add", name="h.bob.example", account="bob")
    for place in ("", "/records", "/changes", "/records/xss.bob.example/TXT"):
        assert bob.get(f"/{ZONE}{place}").is_harmless(), place
    add(bob, SCRIPT, SCRIPT, SCRIPT, ttl=SCRIPT)
    assert bob.answer.status == 400
    assert bob.page.is_harmless()
    add(bob, "www", "A", SCRIPT)
    assert "<script>alert" in bob.page.text
    assert bob.page.is_harmless()
    assert bob.get(f"/{RECORDS}?search=%22%3E%3Cscript%3E").is_harmless()


def test_the_owner_of_a_blocked_account_is_told_why_everywhere(bob: Browser) -> None:
    bob.house.api("account_block", name="bob", reason=f"too much {SCRIPT}", days=2.0)
    for place in ("/", "/zones", f"/{ZONE}"):
        page = bob.get(place)
        assert "too much <script>" in page.text
        assert page.is_harmless()
    add(bob, "www", "A", "192.0.2.1")
    assert bob.answer.status == 403
    bob.house.api("account_unblock", name="bob")
    assert "too much" not in bob.get("/zones").text
