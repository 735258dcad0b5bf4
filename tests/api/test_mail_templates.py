"""Mails lead to a page, or to a command where there are none."""

from __future__ import annotations

import pytest

from ddns.api.mail_templates import MailTemplates
from ddns.model.mail import MailMessage

TOKEN = "t" * 43


def all_mails(templates: MailTemplates) -> dict[str, MailMessage]:
    to, name = "a@example.org", "alice"
    return {
        "confirm": templates.confirm_registration(to, name, TOKEN, 3600.0),
        "reset": templates.reset_password(to, name, TOKEN, 600.0),
        "forgotten": templates.known_already(to, name),
        "account": templates.address_changes(to, name, "b@example.org"),
    }


@pytest.mark.parametrize("url", ["https://ddns.example.net", "https://ddns.example.net/"])
def test_links_lead_to_pages(url: str) -> None:
    for page, mail in all_mails(MailTemplates(url, pages=True)).items():
        token = f"?token={TOKEN}" if TOKEN in mail.text else ""
        assert f"\n    https://ddns.example.net/{page}{token}\n" in mail.text
        assert "ddns --server" not in mail.text


@pytest.mark.parametrize(
    ("templates", "command"),
    [
        (MailTemplates("https://ddns.example.net"), "ddns --server https://ddns.example.net "),
        (MailTemplates(pages=True), "ddns "),
    ],
)
def test_commands_ask_for_the_token(templates: MailTemplates, command: str) -> None:
    mails = all_mails(templates)
    for page, words in (("confirm", "confirm"), ("reset", "password reset")):
        assert f"    {command}{words}\n" in mails[page].text
        assert f"\n    {TOKEN}\n" in mails[page].text
    assert f"    {command}password forgot alice\n" in mails["forgotten"].text
    assert f"    {command}password change\n" in mails["account"].text
