"""An operator in a real browser: blocking somebody who sees why, requests as they come, a copy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.people import PASSWORD, Person
from tests.programs import program, run


@pytest.fixture
def operator(alice: Person) -> Person:
    """Of alice, who is an operator and has logged in with a code that she wrote down."""
    page = alice.page
    alice.service.server.call("account_set", name=alice.name, operator=True)
    page.goto("account")
    totp = page.get_by_role("region", name="Second factor").locator("details").first
    totp.locator("summary").click()
    totp.get_by_label("Password").fill(PASSWORD)
    totp.get_by_role("button", name="Go on").click()
    secret = page.get_by_role("textbox", name="Secret").input_value()
    page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(secret).now())
    alice.press("Switch on")
    recovery = page.locator("#codes").inner_text().split()[0]
    page.goto("operator")
    expect(page.get_by_text("there is no such page")).to_be_visible()
    alice.log_out()
    alice.log_in()
    page.get_by_label("Code").fill(recovery)
    alice.press_in_main("Log in")
    page.get_by_role("link", name="Operator").click()
    return alice


def test_the_pages_of_operators_keep_nobody_out(operator: Person) -> None:
    page = operator.page
    for name in ("Overview", "Accounts", "Hosts", "Zones", "Requests", "Refusals"):
        page.get_by_role("navigation", name="Operator").get_by_role("link", name=name).click()
        assert operator.barriers() == []
    operator.sees("Refused of late")


def test_the_owner_of_a_blocked_account_sees_why(operator: Person, other: Person) -> None:
    other.has_account()
    other.log_in()
    page = operator.page
    page.get_by_role("navigation", name="Operator").get_by_role("link", name="Accounts").click()
    page.get_by_label("Name or e-mail address contains").fill(other.name)
    operator.press("Search")
    page.get_by_role("link", name=other.name).click()
    assert operator.barriers() == []
    page.get_by_label("Reason").fill("too many requests <b>from you</b>")
    operator.press("Block")
    assert operator.barriers() == []
    other.page.goto("zones")
    other.sees("too many requests <b>from you</b>")
    assert other.barriers() == []
    operator.press("Lift the block")
    other.page.goto("zones")
    expect(other.page.get_by_text("too many requests")).to_have_count(0)


def test_requests_come_in_while_one_looks(operator: Person) -> None:
    page, service = operator.page, operator.service
    service.server.call("host_add", name=f"{operator.name}.dyn.example", account=operator.name)
    page.goto(f"operator/requests?account={operator.name}")
    operator.sees("No request is on record.")
    url = f"{service.url}nic/update?hostname={operator.name}.dyn.example&myip=192.0.2.1"
    agent = "<img src=x onerror=alert(1)> client"
    run([program("curl"), "-s", "-u", f"{operator.name}:wrong", "-A", agent, url])
    operator.sees(agent)
    expect(page.get_by_role("row").filter(has_text="wrong credentials")).to_have_count(1)
    assert operator.barriers() == []


def test_a_copy_of_the_database(operator: Person, tmp_path: Path) -> None:
    page = operator.page
    with page.expect_download() as download:
        operator.press("Download a copy")
    copy = tmp_path / "copy.sqlite"
    download.value.save_as(copy)
    connection = sqlite3.connect(copy)
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()
    operator.press("Check")
    operator.sees("No faults")
