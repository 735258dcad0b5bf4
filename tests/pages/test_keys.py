"""The page of a person's keys."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.model.account import KeyKind
from tests.house import House, change, update
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

HOME = "home.dyn.example"
HOSTILE = "\"'><script>alert(1)</script>"


@pytest.fixture
def home(alice: Browser) -> Browser:
    """Alice's, who has a host."""
    alice.house.person("alice", "host_add", name=HOME)
    alice.get("/keys")
    return alice


def keys(house: House) -> list[Any]:
    found: list[Any] = house.person("alice", "key_list")["keys"]
    return found


def code(browser: Browser, name: str = "key") -> str:
    """The text that a copy button of the page copies."""
    assert ("button", name) in [(tag, given.get("data-copy")) for tag, given in browser.page.tags]
    _, _, rest = browser.page.body.partition(f'<code id="{name}">')
    return rest.partition("</code>")[0]


def works(house: House, secret: str) -> bool:
    (outcome,) = house.update(update("alice", secret, change(HOME, "8.8.8.8"), at=house.time))
    house.time += 3600
    return outcome.refusal is None


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_of_each_kind_is_shown_once(home: Browser, kind: KeyKind) -> None:
    home.submit("keys", kind=str(kind), hosts="")
    if kind is KeyKind.FREEDNS:
        assert "say for which" in home.page.text
        home.submit("keys", kind=str(kind), hosts=HOME)
    secret = code(home)
    assert len(secret) >= 8
    assert home.url == BASE + "keys"
    assert [given for tag, given in home.page.tags if tag == "svg"]
    assert dict(home.answer.headers)["Content-Security-Policy"]
    (key,) = keys(home.house)
    assert key["kind"] == kind
    page = home.get("/keys")
    assert f"Key {key['id']}" in page.text
    assert secret not in page.body
    if kind is KeyKind.UPDATE:
        assert works(home.house, secret)


def test_a_key_for_chosen_hosts(home: Browser) -> None:
    home.house.person("alice", "host_add", name="work.dyn.example")
    home.submit("keys", kind="update", hosts=f"{HOME},\nwork.dyn.example")
    (key,) = keys(home.house)
    assert key["hosts"] == [HOME, "work.dyn.example"]
    assert f"{HOME}, work.dyn.example" in home.get("/keys").text


def test_terms_of_a_tsig_key(home: Browser) -> None:
    home.house.api("zone_add", origin="alice.example", account="alice")
    home.submit(
        "keys",
        kind="tsig",
        hosts="",
        key_name="router",
        algorithm="hmac-sha512",
        zones="alice.example",
        types="A AAAA",
        rights=["update", "transfer"],
    )
    assert code(home, "key-name") == "router"
    (key,) = keys(home.house)
    assert (
        key.items()
        >= {
            "name": "router",
            "algorithm": "hmac-sha512",
            "zones": ["alice.example"],
            "types": ["A", "AAAA"],
            "rights": ["transfer", "update"],
        }.items()
    )
    assert f'secret "{code(home)}";' in home.page.text
    for words in ("router", "hmac-sha512", "transfer, update", "alice.example", "A, AAAA"):
        assert words in home.get("/keys").text


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "update", "hosts": HOSTILE},
        {"kind": HOSTILE, "hosts": ""},
        {"kind": "update", "hosts": "nobodys.dyn.example"},
        {"kind": "tsig", "hosts": "", "key_name": f"a..{HOSTILE}"},
        {"kind": "tsig", "hosts": "", "zones": HOSTILE},
        {"kind": "tsig", "hosts": "", "types": HOSTILE},
        {"kind": "tsig", "hosts": "", "algorithm": HOSTILE},
        {"kind": "tsig", "hosts": "", "rights": HOSTILE},
    ],
)
def test_keys_that_cannot_be(home: Browser, fields: dict[str, str]) -> None:
    page = home.submit("keys", **fields)
    assert home.answer.status in (400, 403, 404)
    assert [given for _, given in page.tags if given.get("role") == "alert"]
    assert HOSTILE not in page.body
    assert keys(home.house) == []


def test_a_name_of_a_key_is_no_html(home: Browser) -> None:
    home.submit("keys", kind="tsig", hosts="", key_name=HOSTILE)
    assert "<script>" in home.page.text
    assert HOSTILE[2:] not in home.page.body
    page = home.get("/keys")
    assert "<script>" in page.text
    assert HOSTILE[2:] not in page.body


def test_disabling_enabling_regenerating_and_revoking(home: Browser) -> None:
    home.submit("keys", kind="update", hosts="")
    first = code(home)
    number = keys(home.house)[0]["id"]
    home.get("/keys")
    assert "refused" in home.submit(f"keys/{number}/disable").text
    assert not works(home.house, first)
    assert "enabled again" in home.submit(f"keys/{number}/enable").text
    assert works(home.house, first)
    home.submit(f"keys/{number}/regenerate")
    second = code(home)
    assert not works(home.house, first)
    assert works(home.house, second)
    home.get("/keys")
    assert "gone" in home.submit(f"keys/{number}/revoke").text
    assert not works(home.house, second)
    assert keys(home.house) == []


WAYS = ("disable", "enable", "regenerate", "revoke")


@pytest.mark.parametrize("way", WAYS)
def test_a_key_of_somebody_else_does_not_exist(home: Browser, way: str) -> None:
    home.submit("keys", kind="update", hosts="")
    secret = code(home)
    number = keys(home.house)[0]["id"]
    home.house.api("account_add", name="bob", password=PASSWORD)
    bob = Browser(home.house)
    bob.log_in("bob", PASSWORD)
    token = bob.get("/keys").forms[0].fields["form_token"]
    for unknown in (number, number + 1, 0, "x", "9" * 30):
        bob.post(f"/keys/{unknown}/{way}", form_token=token)
        assert bob.answer.status == 404
    home.post(f"/keys/{number}/{way}")
    assert home.answer.status == 403
    assert works(home.house, secret)
