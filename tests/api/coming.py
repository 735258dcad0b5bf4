"""People who register and log in by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from ddns.api.caller import Caller
from ddns.api.errors import ApiError
from ddns.model.mail import MailMessage
from tests.house import House

PASSWORD = "correct horse"
OTHER_PASSWORD = "battery staple"
EMAIL = "alice@example.org"
NOTHING_SPECIAL = {"operator": False, "language": None, "blocked": None}
"""What the API says of an account that is like most."""

HERE, THERE = "192.0.2.1", "198.51.100.1"


@dataclass
class Street:
    """Calls the API as strangers and as people with a session."""

    house: House

    def ask(self, operation: str, *, peer: str = HERE, **arguments: Any) -> Any:
        """Call an operation without a session."""
        return self.house.api_of(Caller(peer=peer), operation, **arguments)

    def ask_as(self, token: str, operation: str, **arguments: Any) -> Any:
        """Call an operation with a session's token."""
        return self.house.api_of(self.who(token), operation, **arguments)

    def who(self, token: str) -> Caller:
        found: Caller = self.house.running.call(self.house.account_service.caller, token)
        return found

    def letter(self) -> MailMessage:
        """Return the one mail that was sent since the last call."""
        (letter,) = self.house.letters
        self.house.letters.clear()
        return letter

    def register(self, name: str = "alice", email: str = EMAIL, peer: str = HERE) -> str:
        """Ask for an account and return the token from the mail."""
        self.ask("register", name=name, password=PASSWORD, email=email, peer=peer)
        return token_in(self.letter())

    def arrive(self, name: str = "alice", email: str = EMAIL) -> str:
        """Register, confirm and log in; return the session's token."""
        self.ask("confirm", token=self.register(name, email))
        return self.log_in(name)

    def log_in(self, name: str = "alice", password: str = PASSWORD, **more: Any) -> str:
        token: str = self.ask("log_in", name=name, password=password, **more)["token"]
        return token

    def use_an_app(self, session: str) -> tuple[App, list[str]]:
        """Begin to use one-time codes; return what shows them, and the recovery codes."""
        app = App(self.house, self.ask_as(session, "totp_add", password=PASSWORD)["secret"])
        return app, self.ask_as(session, "totp_confirm", code=app.code())["recovery_codes"]


@dataclass
class App:
    """An app that shows one-time codes."""

    house: House
    secret: str

    def code(self, *, steps: int = 0) -> str:
        """Return the code of now, or of so many steps later."""
        return pyotp.TOTP(self.secret).generate_otp(int(self.house.time) // 30 + steps)

    def next_code(self) -> str:
        """Wait for another code than the last one."""
        self.house.time += 30.0
        return self.code()


def token_in(letter: MailMessage) -> str:
    (token,) = re.findall(r"\b[A-Za-z0-9]{43}\b", letter.text)
    return str(token)


def refused(
    street: Street, kind: type[ApiError], operation: str, session: str = "", /, **arguments: Any
) -> ApiError:
    """Call an operation that has to be refused, changing no account and sending no mail."""
    before = street.house.api("account_list"), list(street.house.letters)
    peer = arguments.pop("peer", HERE)
    caller = street.who(session) if session else Caller(peer=peer)
    with pytest.raises(ApiError) as raised:
        street.house.api_of(caller, operation, **arguments)
    assert type(raised.value) is kind
    assert (street.house.api("account_list"), street.house.letters) == before
    assert "\n" not in str(raised.value)
    return raised.value
