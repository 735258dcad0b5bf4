"""What all pages have in common: forms, sessions, languages, headers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ddns.pages.languages import choose
from ddns.pages.site import HEADERS
from ddns.pages.table import PAGES
from tests.house import House
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD


def test_a_stranger_sees_what_is_on_offer(browser: Browser) -> None:
    page = browser.get("/")
    assert "192.0.2.77" in page.text
    assert "dyn.example" in page.text


def test_whoever_has_not_logged_in_comes_back_to_where_they_wanted_to_go(house: House) -> None:
    house.api("account_add", name="alice", password=PASSWORD)
    browser = Browser(house)
    browser.get("/hosts")
    assert browser.url == BASE + "login?next=hosts"
    browser.submit("login", name="alice", password=PASSWORD)
    assert browser.url == BASE + "hosts"


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "/\\evil.example", "..", "."]
)
def test_nobody_is_sent_elsewhere_after_logging_in(house: House, place: str) -> None:
    house.api("account_add", name="alice", password=PASSWORD)
    browser = Browser(house)
    browser.get("/login")
    browser.submit("login", name="alice", password=PASSWORD, next=place)
    assert browser.url.startswith(BASE)


def test_a_form_without_our_token_does_nothing(alice: Browser) -> None:
    for fields in ({}, {"form_token": ""}, {"form_token": "x" * 32}):
        alice.post("/hosts", name="home.dyn.example", **fields)
        assert alice.answer.status == 403
    assert alice.house.api("host_list") == {"hosts": []}


def test_a_token_of_somebody_else_does_nothing(alice: Browser) -> None:
    stranger = Browser(alice.house)
    stranger.get("/")
    token = stranger.page.forms[0].fields["form_token"]
    alice.post("/hosts", name="home.dyn.example", form_token=token)
    assert alice.answer.status == 403


@pytest.mark.parametrize(
    "path", [page.path for page in PAGES if page.method == "POST" and page.has_form_token]
)
def test_no_form_is_taken_without_the_token_of_its_reader(house: House, path: str) -> None:
    browser, stranger = Browser(house), Browser(house)
    browser.get("/")
    stranger.get("/")
    token = stranger.page.forms[0].fields["form_token"]
    for fields in ({}, {"form_token": token}):
        browser.post(f"/{path.replace('{', '').replace('}', '')}", **fields)
        assert browser.answer.status == 403


def test_nothing_of_somebody_else_is_there(alice: Browser, bob: Browser) -> None:
    alice.house.api("host_add", name="home.dyn.example", account="alice")
    alice.house.api("zone_add", origin="alice.example", account="alice")
    alice.house.api("key_add", account="alice")
    at = {"name": "home.dyn.example", "origin": "alice.example", "number": "1", "type": "SOA"}
    at["subdomain"] = alice.house.api("acme_dns_add", account="alice", zone="dyn.example")[
        "subdomain"
    ]
    at |= {"owner": "alice.example", "client": "curl", "account": "alice", "code": "nonsense"}
    bob.get("/hosts")
    given = {"form_token": bob.page.forms[0].fields["form_token"], "name": "www", "type": "A"}
    given |= {"rdatas": "192.0.2.1", "ttl": "60", "position": "1", "uses": "1", "days": "1"}
    given |= {"owner": "home.dyn.example", "registration": "open"}
    opened = []
    for page in PAGES:
        if "{" in page.path and page.path.split("/")[0] in (
            *("hosts", "keys", "zones", "operator", "certificates"),
        ):
            place = f"/{page.path.format_map(at)}"
            if page.method == "GET":
                bob.get(place)
            else:
                bob.post(place, **given)
            if bob.answer.status != 404:
                opened.append((page.method, place, bob.text))
    # What a script asks while one types is told in the same words.
    ((method, place, text),) = opened
    assert (method, place) == ("POST", "/zones/alice.example/records/check")
    assert "no name of yours" in text


def test_a_wrong_password_is_said_in_the_form(house: House) -> None:
    house.api("account_add", name="alice", password=PASSWORD)
    browser = Browser(house)
    page = browser.log_in("alice", "wrong")
    assert browser.answer.status == 401
    assert "wrong name or password" in page.text
    assert page.forms[0].fields.get("password", "") == ""


def test_logging_out_ends_the_session(alice: Browser) -> None:
    kept = dict(alice.cookies)
    alice.submit("logout")
    alice.cookies = kept
    alice.get("/hosts")
    assert "login" in alice.url


def test_pages_are_in_the_language_of_the_browser_or_the_one_chosen(house: House) -> None:
    browser = Browser(house, "es-MX, en;q=0.5")
    assert "Entrar" in browser.get("/login").text
    browser.submit("language", language="en")
    assert "Log in" in browser.get("/login").text


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de, es;q=0.3, en;q=0.2", "es"),
        ("xx", "es;q=0", "en"),
        ("es", "en", "es"),
        ("", "es;q=nonsense", "en"),
    ],
)
def test_choose(wanted: str, accepted: str, language: str) -> None:
    assert choose(wanted, accepted) == language


def test_no_page_lets_anything_in_from_elsewhere(browser: Browser) -> None:
    browser.get("/")
    headers = dict(browser.answer.headers)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    for tag, attributes in browser.page.tags:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "action"):
            assert "//" not in attributes.get(name, "")


@pytest.mark.parametrize("place", ["/static/pages.js", "/static/nothing", "/nothing", "/hosts/x"])
def test_whatever_is_answered_says_so(browser: Browser, place: str) -> None:
    browser.get(place)
    assert set(HEADERS) <= set(browser.answer.headers)


@pytest.mark.parametrize("number", ["9" * 5000, str(2**64), "²", "-1", "nan"])
def test_numbers_that_no_page_has(alice: Browser, number: str) -> None:
    alice.house.api("zone_add", origin="alice.example", account="alice")
    token = {"form_token": alice.page.forms[0].fields["form_token"]}
    for place, field in (
        ("/zones/alice.example/undo", "position"),
        ("/account/passkeys/remove", "passkey"),
        ("/zones/alice.example/invitations", "uses"),
        (f"/keys/{quote(number)}/disable", "unused"),
    ):
        alice.post(place, **token, **{field: number})
        assert alice.answer.status in (400, 404), place


def test_unknown_pages_and_methods(browser: Browser) -> None:
    browser.get("/nothing")
    assert browser.answer.status == 404
    browser.post("/account/export")
    assert browser.answer.status == 405
    assert dict(browser.answer.headers)["Allow"] == "GET"


@pytest.mark.parametrize(
    ("place", "page"),
    [
        ("logout", ""),
        ("login/code", "login"),
        ("account/totp", "account"),
        ("keys/3/regenerate", "keys"),
        ("zones/alice.example/undo", "zones/alice.example"),
    ],
)
def test_whoever_opens_where_a_form_goes_is_sent_to_the_form(
    alice: Browser, place: str, page: str
) -> None:
    alice.house.api("zone_add", origin="alice.example", account="alice")
    alice.get(f"/{place}")
    assert (alice.answer.status, alice.url) == (200, BASE + page)


def test_the_answer_to_a_form_can_be_read_in_another_language(alice: Browser) -> None:
    alice.get("/account")
    alice.submit("account/totp", password=PASSWORD)
    page = alice.submit("language", language="es")
    assert (alice.answer.status, alice.url) == (200, BASE + "account")
    assert "Cuenta" in page.text
