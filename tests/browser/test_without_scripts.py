"""Everything but passkeys and what is live works in a browser that runs no scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.people import Person
from tests.browser.test_journey import sign_up
from tests.browser.test_zones import own_zone


def test_from_signing_up_to_the_first_update(scriptless: Person) -> None:
    person, page, server = scriptless, scriptless.page, scriptless.service.server
    sign_up(person)
    host = f"{person.name}.dyn.example"
    page.get_by_label("Name").fill(person.name)
    person.press_in_main("Add")
    page.get_by_role("link", name="curl", exact=True).click()
    person.press("Make a key for this host")
    key = page.locator("#key").inner_text()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)  # it could do nothing
    page.get_by_role("link", name="Then wait for its first request").click()
    person.sees("Nothing has asked to update this host yet.")
    assert server.update(f"{person.name}:{key}", host, "192.0.2.1").body.startswith("good")
    page.reload()
    person.sees("Your router just updated.")
    person.log_out()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_records_and_undoing(scriptless: Person) -> None:
    person, page, server = scriptless, scriptless.page, scriptless.service.server
    person.has_account()
    person.log_in()
    origin = own_zone(person)
    page.goto(f"zones/{origin}/records")
    page.get_by_label("Name", exact=True).fill("www")
    page.get_by_label("Type").fill("A")
    page.get_by_label("Data").fill("nonsense")
    person.press("Add")
    person.sees("line 1:")
    page.get_by_label("Data").fill("192.0.2.1")
    person.press("Add")
    person.sees("Saved. Our DNS answers it now.")
    assert server.answers(f"www.{origin}") == ["192.0.2.1"]
    page.get_by_role("link", name="Changes").click()
    page.get_by_role("button", name=f"Undo www.{origin} A").first.click()
    person.sees("Undone.")
    assert server.answers(f"www.{origin}") == []


def test_an_operator_blocks_somebody(scriptless: Person, operator: Person) -> None:
    person, page = scriptless, scriptless.page
    person.has_account()
    page.context.add_cookies(operator.page.context.cookies())  # type: ignore[arg-type]
    page.goto(f"operator/accounts/{person.name}")
    page.get_by_label("Reason").fill("too many requests")
    person.press("Block")
    person.sees("Blocked. The owner is shown the reason")
    person.log_in()
    page.goto("hosts")
    person.sees("too many requests")
