"""Accounts as people see them: second factors, sessions, language, leaving."""

from __future__ import annotations

import json

import pyotp
from playwright.sync_api import CDPSession, expect

from tests.browser.people import PASSWORD, Person


def authenticator(person: Person) -> CDPSession:
    """Give a browser an authenticator like a phone's own, whose owner always agrees."""
    devtools = person.page.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


def test_one_time_codes(alice: Person) -> None:
    page = alice.page
    page.goto("account")
    totp = page.get_by_role("region", name="Second factor").locator("details").first
    totp.locator("summary").click()
    totp.get_by_label("Password").fill("not it")
    totp.get_by_role("button", name="Go on").click()
    alice.sees("that is not your password")
    totp.get_by_label("Password").fill(PASSWORD)
    totp.get_by_role("button", name="Go on").click()
    secret = page.get_by_role("textbox", name="Secret").input_value()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert alice.barriers() == []
    codes = pyotp.TOTP(secret)
    page.get_by_label("The code that the app shows now").fill(codes.now())
    alice.press("Switch on")
    recovery = page.locator("#codes").inner_text().split()[0]
    assert alice.barriers() == []
    assert secret not in page.content()

    page.goto("hosts")
    alice.log_out()
    alice.log_in()
    page.get_by_label("Code").fill("000000")
    alice.press_in_main("Log in")
    alice.sees("that code is wrong")
    assert alice.barriers() == []
    page.get_by_label("Code").fill(recovery)
    alice.press_in_main("Log in")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_a_passkey(alice: Person) -> None:
    authenticator(alice)
    page = alice.page
    page.goto("account")
    page.get_by_label("A name for it").fill("my phone")
    page.locator("form.passkey").get_by_label("Password").fill(PASSWORD)
    alice.press("Add a passkey")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("account")
    alice.sees("my phone")
    alice.log_out()
    page.goto("login")
    alice.press("Log in with a passkey")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.goto("account")
    page.get_by_role("button", name="Remove my phone").click()
    alice.sees("The passkey is removed.")


def test_sessions_show_where_and_since_when_and_can_be_ended(alice: Person, other: Person) -> None:
    other.name = alice.name
    other.log_in()
    page = alice.page
    page.goto("account")
    rows = page.get_by_role("region", name="Sessions").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="127.0.0.1")).to_have_count(2)
    alice.press("End all others")
    expect(rows).to_have_count(2)
    other.page.goto("hosts")
    expect(other.page.get_by_label("Password")).to_be_visible()


def test_a_language_follows_its_owner(alice: Person, other: Person) -> None:
    page = alice.page
    page.goto("account")
    page.get_by_label("Language of pages").select_option("es")
    page.get_by_role("region", name="Language").get_by_role("button").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert alice.barriers() == []
    other.name = alice.name
    other.log_in()
    expect(other.page.locator("html")).to_have_attribute("lang", "es")


def test_all_that_is_kept_and_then_nothing(alice: Person) -> None:
    page = alice.page
    page.goto("account")
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything that is stored about you, as a file").click()
    data = json.loads(download.value.path().read_text())
    assert alice.name in json.dumps(data)
    assert PASSWORD not in json.dumps(data)
    page.get_by_role("link", name="Remove your account").click()
    page.get_by_label("Password").fill(PASSWORD)
    assert alice.barriers() == []
    alice.press_in_main("Remove my account")
    alice.log_in()
    alice.sees("wrong name or password")
