"""The pages of what an owner is told."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.notices import Kind
from tests.house import House
from tests.pages.browsing import Browser

HOST = "home.dyn.example"


@pytest.fixture
def alice(alice: Browser) -> Browser:
    alice.house.api("host_add", name=HOST, account="alice")
    return alice


def link(house: House) -> str:
    account = house.directory.account("alice")
    assert account is not None
    return house.links.token(account, names.from_text(HOST), Kind.EXPIRING, None)


def mail(house: House) -> list[str]:
    found: list[str] = house.api("notice_show", host=HOST)["mail"]
    return found


def test_what_is_told_is_changed_and_forgotten(alice: Browser) -> None:
    alice.get(f"/hosts/{HOST}")
    assert any(one.endswith(f"hosts/{HOST}/notices") for one in alice.page.links)
    page = alice.get(f"/hosts/{HOST}/notices")
    assert "This host has nothing of its own" in page.text
    page = alice.submit(f"hosts/{HOST}/notices", mail="changed", silent_days="9")
    assert "Changed." in page.text
    shown = alice.house.api("notice_show", host=HOST)
    assert (shown["mail"], shown["silent_days"], shown["own"]) == (["changed"], 9, True)
    token = page.forms[0].fields["form_token"]
    alice.post(f"/hosts/{HOST}/notices", form_token=token, reset="yes")
    assert not alice.house.api("notice_show", host=HOST)["own"]
    page = alice.post(f"/hosts/{HOST}/notices", form_token=token, silent_days="-1")
    assert alice.answer.status == 400
    assert "expected 0 to" in page.text


def test_of_the_account(alice: Browser) -> None:
    page = alice.get("/account/notices")
    assert "The server's certificate does not renew" in page.text
    alice.submit("account/notices", mail="silent", silent_days="2")
    assert mail(alice.house) == ["silent"]


def test_a_webhook_is_shown_once(alice: Browser) -> None:
    alice.get(f"/hosts/{HOST}/notices")
    page = alice.submit(
        f"hosts/{HOST}/notices/targets", way="webhook", url="https://hooks.example/canary"
    )
    assert "whsec_" in page.text
    page = alice.get(f"/hosts/{HOST}/notices")
    assert "hooks.example" in page.text
    assert "whsec_" not in page.body
    assert "canary" not in page.body
    alice.submit(f"hosts/{HOST}/notices/targets/remove")
    assert "Nothing is sent there any more." in alice.page.text
    assert alice.house.api("notice_show", host=HOST)["sent_to"] == []


def test_a_link_asks_first(alice: Browser) -> None:
    """Programs that look through mails open links, and change nothing by it."""
    stranger = Browser(alice.house)
    page = stranger.get(f"/notices/off?token={link(alice.house)}")
    assert "A host goes offline soon" in page.text
    assert "expiring" in mail(alice.house)
    page = stranger.submit("notices/off")
    assert "These mails are switched off." in page.text
    assert "expiring" not in mail(alice.house)


def test_one_click_of_a_mail_program(alice: Browser) -> None:
    """It has no cookie and no form of ours, only the link (RFC 8058 3.2)."""
    program = Browser(alice.house)
    program.post(f"/notices/off?token={link(alice.house)}", **{"List-Unsubscribe": "One-Click"})
    assert program.answer.status == 200
    assert "expiring" not in mail(alice.house)


def test_a_link_that_is_none(alice: Browser) -> None:
    stranger = Browser(alice.house)
    page = stranger.get("/notices/off?token=nonsense")
    assert stranger.answer.status == 400
    assert "not one of ours" in page.text
    stranger.post("/notices/off", token="nonsense")
    assert stranger.answer.status == 400
