"""An operator in a real browser: blocking somebody who sees why, requests as they come, a copy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.people import Person
from tests.programs import program, run


def test_the_owner_of_a_blocked_account_sees_why(operator: Person, other: Person) -> None:
    other.has_account()
    other.log_in()
    page = operator.page
    page.goto("operator")
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
    page.goto("operator")
    with page.expect_download() as download:
        operator.press("Download a copy")
    copy = tmp_path / "copy.sqlite"
    download.value.save_as(copy)
    connection = sqlite3.connect(copy)
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()
    operator.press("Check")
    operator.sees("No faults")
