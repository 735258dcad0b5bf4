"""From signing up to the first update, on a phone; then what is wrong is told, and what to do."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.people import PASSWORD, Person
from tests.programs import program, run


def test_from_signing_up_to_what_is_wrong(person: Person) -> None:
    page, server = person.page, person.service.server
    page.goto("")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Account").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("E-mail").fill(person.email)
    assert person.barriers() == []
    person.press_in_main("Sign up")
    person.sees("A mail is on its way")
    page.goto(person.link_from_mail())
    person.press_in_main("Confirm")
    person.sees("Confirmed. You can log in now.")
    person.log_in()

    host = f"{person.name}.dyn.example"
    page.get_by_label("Name").fill(host)
    person.press_in_main("Add")
    expect(page.get_by_role("heading", name=host)).to_be_visible()
    person.sees("never heard")
