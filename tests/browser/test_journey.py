"""From signing up to the first update, on a phone; then what is wrong is told, and what to do."""

from __future__ import annotations

import shlex

from playwright.sync_api import Page, expect

from tests.browser.people import PASSWORD, Person
from tests.programs import program, run


def test_from_signing_up_to_what_is_wrong(person: Person) -> None:
    page = person.page
    sign_up(person)
    host = f"{person.name}.dyn.example"
    page.get_by_label("Name").fill(person.name)
    person.press_in_main("Add")
    expect(page.get_by_role("heading", name=f"Who tells the address of {host}?")).to_be_visible()
    assert person.barriers() == []
    page.get_by_role("link", name="curl", exact=True).click()
    person.press("Make a key for this host")
    key = page.locator("#key").inner_text()
    command = page.locator("pre").inner_text()
    assert key in command
    assert person.barriers() == []
    page.get_by_role("link", name="Then wait for its first request").click()
    person.sees("Nothing has asked to update this host yet.")
    paste(command)
    person.sees("Your router just updated.")  # without anybody's asking
    assert person.service.server.answers(host) == ["127.0.0.1"]
    assert person.barriers() == []

    # Broken in four ways, and told each time, on the page that stays open.
    paste(command.replace(key, key[::-1]))
    person.sees("sends a wrong key")
    paste(command.replace(host, host.replace("person", "persona")))
    person.sees(f"asks for {host.replace('person', 'persona')}, and there is no such host")
    paste(command.replace(host, person.name))
    person.sees("without the zone of the host")
    disable_key(page)
    paste(command)
    page.goto(f"hosts/{host}/wait")
    person.sees("a key that has been disabled")
    assert person.barriers() == []


def sign_up(person: Person) -> None:
    page = person.page
    page.goto("")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Account").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("E-mail").fill(person.email)
    person.press_in_main("Sign up")
    person.sees("A mail is on its way")
    page.goto(person.link_from_mail())
    person.press_in_main("Confirm")
    person.sees("Confirmed. You can log in now.")
    person.log_in()


def paste(command: str) -> None:
    """Run what the page shows."""
    assert command.startswith("curl ")
    done = run([program("curl"), *shlex.split(command)[1:]])
    assert done.returncode == 0, done.stderr


def disable_key(page: Page) -> None:
    page.goto("keys")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
