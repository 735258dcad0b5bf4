"""Fixtures: an empty server, and people's browsers at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from ddns.api.caller import NOBODY
from ddns.pages import cookies
from ddns.policy import secrets
from tests.house import House, house_at
from tests.net.reactors import RunningReactor
from tests.pages.browsing import Browser

PASSWORD = "correct horse battery"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
"""What must stay text wherever somebody types it."""


@pytest.fixture
def house(
    running: RunningReactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(secrets, "_HASHER", quick)
    monkeypatch.setattr(secrets, "_nobody", lambda: quick.hash("nobody's"))
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.api("zone_add", origin="dyn.example", registration="open")
        yield house


@pytest.fixture
def browser(house: House) -> Browser:
    """Of somebody whom the server does not know."""
    return Browser(house)


@pytest.fixture
def alice(house: House) -> Browser:
    """Of alice, who has logged in and has no host yet."""
    house.api("account_add", name="alice", password=PASSWORD)
    browser = Browser(house)
    browser.log_in("alice", PASSWORD)
    assert browser.url.endswith("/hosts")
    return browser


@pytest.fixture
def bob(house: House) -> Browser:
    """Of bob, who has logged in, and has zone ``bob.example``."""
    house.api("account_add", name="bob", password=PASSWORD)
    house.api("zone_add", origin="bob.example", account="bob")
    browser = Browser(house)
    browser.log_in("bob", PASSWORD)
    return browser


@pytest.fixture
def operator(house: House) -> Browser:
    """Of an operator, who has logged in with a second factor."""
    house.api("account_add", name="ops", password=PASSWORD)
    house.api("account_set", name="ops", operator=True)
    account = house.directory.account("ops")
    assert account is not None
    service = house.account_service
    opened = house.running.call(lambda: service.open_session(account, NOBODY, strong=True))
    browser = Browser(house)
    browser.cookies[cookies.SESSION] = str(opened["token"])
    return browser
