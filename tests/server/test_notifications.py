"""Notices to owners of accounts: what they say, and that they are few."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.account import Account, Block, Host
from ddns.model.mail import MailMessage
from ddns.server.notifications import CAPACITY, Notifications

DAY = 86_400.0


class Office:
    """Notices whose letters are kept, with a clock of their own."""

    def __init__(self, url: str = "", period: float = DAY) -> None:
        self.time = 0.0
        self.letters: list[MailMessage] = []
        self.accounts = {
            "alice": Account("alice", email="alice@example.org"),
            "bob": Account("bob", email="bob@example.org"),
            "silent": Account("silent"),
        }
        self.notices = Notifications(
            self.accounts.get, self.letters.append, lambda: self.time, url, period
        )

    def letter(self) -> MailMessage:
        (letter,) = self.letters
        self.letters.clear()
        return letter


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_block(office: Office) -> None:
    office.notices.blocked("alice", Block("too many updates\r\nBcc: x", 0.0, None))
    letter = office.letter()
    assert letter.to == "alice@example.org"
    assert letter.subject == "Your account alice is blocked"
    assert "until the operator lifts it" in letter.text
    assert "The reason: too many updates Bcc: x\n" in letter.text
    assert "    ddns account show alice\n" in letter.text


def test_a_block_that_ends() -> None:
    office = Office("https://ddns.example.net")
    office.notices.blocked("alice", Block("too many updates", 0.0, 1_700_000_000.0))
    text = office.letter().text
    assert "until 2023-11-14 22:13 UTC" in text
    assert "    ddns --server https://ddns.example.net account show alice\n" in text


def test_hosts_that_go_offline() -> None:
    """Each time, since whoever tells of them knows what was told."""
    office = Office("https://ddns.example.net")
    home = Host(names.from_text("home.example.net"), b"", "alice", expires=1_700_000_000.0)
    office.notices.expiring("alice", [home])
    letter = office.letter()
    assert letter.subject == "home.example.net goes offline soon"
    assert "    home.example.net, 2023-11-14 22:13 UTC\n" in letter.text
    office.notices.expiring("alice", [home, home])
    assert office.letter().subject == "2 of your hosts go offline soon"
    office.notices.expiring("silent", [home])
    assert office.letters == []


def test_wrong_credentials(office: Office) -> None:
    office.notices.failures("alice", 100)
    letter = office.letter()
    assert "100 times" in letter.text
    assert "account show alice" in letter.text


def test_one_of_a_kind_in_a_day(office: Office) -> None:
    for count in range(50):
        office.notices.failures("alice", count)
    office.letter()
    office.notices.blocked("alice", Block("why", 0.0, None))
    office.letter()
    office.notices.failures("bob", 1)
    office.letter()
    office.time = DAY - 1
    office.notices.failures("alice", 1)
    assert office.letters == []
    office.time = DAY
    office.notices.failures("alice", 1)
    office.letter()
    office.notices.failures("alice", 1)
    assert office.letters == []


def test_a_shorter_time() -> None:
    office = Office(period=0.25)
    office.notices.failures("alice", 1)
    office.letter()
    office.time = 0.25
    office.notices.failures("alice", 2)
    office.letter()


def test_who_has_no_address_is_not_told(office: Office) -> None:
    for name in ("silent", "nobody"):
        office.notices.failures(name, 1)
        office.notices.blocked(name, Block("why", 0.0, None))
    assert office.letters == []
    office.accounts["silent"] = Account("silent", email="s@example.org")
    office.notices.failures("silent", 1)
    office.letter()


def test_where_no_mail_can_be_sent(office: Office) -> None:
    notices = Notifications(office.accounts.get, None, lambda: 0.0)
    notices.failures("alice", 1)
    assert not notices._sent


def test_what_is_remembered_is_bounded(office: Office) -> None:
    for number in range(CAPACITY + 5):
        name = f"a{number}"
        office.accounts[name] = Account(name, email=f"{name}@example.org")
        office.notices.failures(name, 1)
    assert len(office.notices._sent) == CAPACITY
    assert len(office.letters) == CAPACITY + 5


def test_lines_are_short(office: Office) -> None:
    office.notices.failures("alice", 1000)
    office.notices.blocked("alice", Block("why", 0.0, 1_700_000_000.0))
    for letter in office.letters:
        assert all(len(line) < 90 for line in letter.text.splitlines())
