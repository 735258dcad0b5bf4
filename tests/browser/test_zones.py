"""A zone of one's own in a real browser: records that are checked while one types, undoing, and an
invitation that somebody else follows."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.people import PASSWORD, Person


def own_zone(person: Person) -> str:
    origin = f"{person.name}.example"
    person.service.server.call("zone_add", origin=origin, account=person.name)
    return origin


def test_records_are_edited_and_changes_undone(alice: Person) -> None:
    page, origin = alice.page, own_zone(alice)
    page.goto("zones")
    assert alice.barriers() == []
    page.get_by_role("link", name=origin).click()
    assert alice.barriers() == []
    page.get_by_role("link", name="Records").click()
    page.get_by_label("Name", exact=True).fill("www")
    page.get_by_label("Type").fill("A")
    page.get_by_label("Data").fill("192.0.2.1\nnonsense")
    alice.sees("line 2:")  # before anything is sent
    assert alice.barriers() == []
    page.get_by_label("Data").fill("192.0.2.1")
    alice.sees("These records are well-formed.")
    alice.press("Add")
    alice.sees("Saved. Our DNS answers it now.")
    assert alice.service.server.answers(f"www.{origin}") == ["192.0.2.1"]
    page.get_by_role("link", name=f"Edit www.{origin} A").click()
    assert alice.barriers() == []
    page.get_by_text("Remove these records").click()
    alice.press("Remove")
    assert alice.service.server.answers(f"www.{origin}") == []
    page.get_by_role("link", name="Changes").click()
    assert alice.barriers() == []
    page.get_by_role("button", name=f"Undo www.{origin} A").first.click()
    alice.sees("Undone.")
    assert alice.service.server.answers(f"www.{origin}") == ["192.0.2.1"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("link", name="Download as a master file").click()
    assert f"www.{origin}.\t3600\tIN\tA\t192.0.2.1\n" in download.value.path().read_text()


def test_somebody_follows_an_invitation(alice: Person, other: Person) -> None:
    page, origin = alice.page, own_zone(alice)
    page.goto(f"zones/{origin}")
    page.get_by_label("Who may have hosts in this zone").select_option("invitation")
    alice.press("Save")
    page.get_by_role("link", name="Invitations").click()
    alice.press("Make an invitation")
    assert alice.barriers() == []
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    path = urlsplit(page.locator("#link").inner_text()).path
    other.has_account()
    other.page.goto(path.removeprefix("/"))
    other.page.get_by_label("Account").fill(other.name)
    other.page.get_by_label("Password").fill(PASSWORD)
    other.press_in_main("Log in")
    other.press(f"Join as {other.name}")
    other.sees("You are a member now")
    assert other.barriers() == []
    page.goto(f"zones/{origin}/invitations")
    expect(page.get_by_role("rowheader", name=other.name)).to_be_visible()
    assert alice.barriers() == []
