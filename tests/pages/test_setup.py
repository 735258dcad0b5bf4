"""Configurations of clients, for a host and for everybody."""

from __future__ import annotations

import io
import re
from html import unescape
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po

from ddns.pages.clients import server_url, setups, values
from tests.house import change, update
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

HOME = "home.dyn.example"
PLACE = f"hosts/{HOME}/setup"

CLIENTS = {
    *(
        "fritzbox",
        "fritzbox-lan",
        "openwrt",
        "opnsense",
        "pfsense",
        "unifi",
        "mikrotik",
        "synology",
        "asus",
    ),
    *("tplink", "draytek", "edgeos", "ddwrt", "vyos", "ddclient3", "ddclient4", "inadyn"),
    *("ddns-updater", "curl", "wget", "noipy", "cron", "powershell", "systemd"),
}


@pytest.fixture
def home(alice: Browser) -> Browser:
    """Alice's, who has a host."""
    alice.house.person("alice", "host_add", name=HOME)
    return alice


def texts(browser: Browser) -> str:
    """What the page shows to be copied."""
    found = re.findall(r'<(?:code|pre) id="(?:field|block)[^>]*>([^<]*)<', browser.page.body)
    return unescape("\n".join(found))


# The set-ups themselves ------------------------------------------------------------------------


def test_which_there_are() -> None:
    assert set(setups()) == CLIENTS


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_each_is_complete(name: str) -> None:
    setup = setups()[name].filled(
        values("https://ddns.example.org:8443/below", HOME, "alice", "SeCrEt")
    )
    assert setup.kind in ("router", "program")
    assert setup.title
    assert setup.steps
    named = [*setup.fields, *setup.blocks]
    shown = "\n".join(one.text for one in named)
    assert all(one.name and one.text.strip() for one in named)
    for needed in ("ddns.example.org:8443", HOME, "alice", "SeCrEt"):
        assert needed in shown
    assert not re.search("@[A-Z]", shown)
    assert not re.search(r"(?<!/below)/(nic/update|ip\b)", shown)


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_each_is_translated(name: str) -> None:
    source = files("ddns.pages") / "locale" / "es" / "LC_MESSAGES" / "messages.po"
    known = {message.id for message in read_po(io.BytesIO(source.read_bytes())) if message.string}
    setup = setups()[name]
    assert {*setup.steps, *(field.name for field in setup.fields)} <= known


def test_credentials_in_a_query_are_quoted() -> None:
    setup = setups()["ddns-updater"].filled(values("http://a", HOME, "a+b@c", "k"))
    assert "username=a%2Bb%40c&" in setup.blocks[0].text


@pytest.mark.parametrize(
    ("origin", "public", "url"),
    [
        ("http://a.example:8245", "", "http://a.example:8245"),
        ("http://[2001:db8::1]:80", "", "http://[2001:db8::1]:80"),
        ("http://a.example", "https://b.example/ddns/", "https://b.example/ddns"),
        ("http://a';id'", "", "http://ddns.example.org"),
        ("http://", "", "http://ddns.example.org"),
    ],
)
def test_the_url_of_the_server(origin: str, public: str, url: str) -> None:
    assert server_url(origin, public) == url


# Pages -----------------------------------------------------------------------------------------


def test_a_client_is_chosen_and_its_configuration_copied(home: Browser) -> None:
    page = home.get(f"/{PLACE}")
    choices = [link for link in page.links if "/setup/" in link]
    assert len(choices) == len(CLIENTS)
    for link in choices:
        home.get(f"/{PLACE}")
        page = home.get(link)
        assert home.answer.status == 200
        assert HOME in texts(home)
        assert "KEY" in texts(home)
        copied = {given["data-copy"] for tag, given in page.tags if "data-copy" in given}
        assert copied <= {given["id"] for _, given in page.tags if "id" in given}
        assert len(copied) == len(re.findall('id="(?:field|block)-[0-9]+"', page.body))


def test_a_key_is_made_shown_once_and_filled_in(home: Browser) -> None:
    home.get(f"/{PLACE}/curl")
    page = home.submit(f"{PLACE}/curl")
    (key,) = home.house.person("alice", "key_list")["keys"]
    assert key["hosts"] == [HOME]
    (secret,) = re.findall('<code id="key">(.*?)</code>', page.body)
    assert f"curl --silent --user alice:{secret} '{BASE}nic/update?hostname={HOME}'" in texts(home)
    (outcome,) = home.house.update(update("alice", secret, change(HOME, "8.8.8.8")))
    assert outcome.refusal is None
    assert secret not in home.get(f"/{PLACE}/curl").body


def test_no_key_is_made_for_an_unknown_client_or_by_another_site(home: Browser) -> None:
    token = home.get(f"/{PLACE}/curl").forms[0].fields["form_token"]
    home.post(f"/{PLACE}/toaster", form_token=token)
    assert home.answer.status == 404
    home.post(f"/{PLACE}/curl")
    assert home.answer.status == 403
    assert home.house.person("alice", "key_list") == {"keys": []}


def test_too_many_keys_are_said_so(home: Browser) -> None:
    home.house.rule(keys_per_account=0)
    browser = Browser(home.house)
    browser.cookies = home.cookies
    browser.get(f"/{PLACE}/curl")
    page = browser.submit(f"{PLACE}/curl")
    assert browser.answer.status == 403
    assert [given for _, given in page.tags if given.get("role") == "alert"]
    assert "KEY" in texts(browser)


def test_a_host_of_somebody_else_has_no_set_up(home: Browser) -> None:
    home.house.api("account_add", name="bob", password=PASSWORD)
    bob = Browser(home.house)
    bob.log_in("bob", PASSWORD)
    token = bob.page.forms[0].fields["form_token"]
    for place in (PLACE, f"{PLACE}/curl"):
        bob.get(f"/{place}")
        assert bob.answer.status == 404
    bob.post(f"/{PLACE}/curl", form_token=token)
    assert bob.answer.status == 404


def test_help_is_for_everybody(browser: Browser) -> None:
    page = browser.get("/help")
    choices = [link for link in page.links if "help/" in link]
    assert len(choices) == len(CLIENTS)
    for link in choices:
        browser.get("/help")
        browser.get(link)
        assert browser.answer.status == 200
        for words in ("ddns.example.org", "home.example.net", "alice", "KEY"):
            assert words in texts(browser)
    browser.get("/help/toaster")
    assert browser.answer.status == 404


def test_whoever_needs_https_is_told_so(browser: Browser) -> None:
    assert "it will not work" in browser.get("/help/unifi").text
    assert "can read the key" in browser.get("/help/curl").text
