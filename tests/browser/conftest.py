"""Chromium at a server that people sign up at: one server and one browser for all tests here, and
a window of its own, with cookies of its own, for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Person, Service
from tests.processes import Server
from tests.programs import program
from tests.relays import mail_relay

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with mail_relay() as relay:
        server = Server(tmp_path_factory.mktemp("browser"), "--no-sample")
        server.with_registration(relay.port)
        server.config.write_text(
            server.config.read_text() + "[registration]\nhosts_per_account = 100\n"
        )
        try:
            server.start()
            server.call("zone_add", origin="dyn.example", registration="open", addresses="any")
            yield Service(server, relay)
        finally:
            server.clean_up()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-sync"),
            ],
        )
        yield browser
        browser.close()


@contextmanager
def somebody(service: Service, chromium: Browser, **given: Any) -> Iterator[Person]:
    """A person with a window of their own, whose browser has nothing to complain of."""
    options = {"viewport": PHONE, "locale": "en-GB", "base_url": service.url, **given}
    context = chromium.new_context(**options)
    person = Person(service, context.new_page())
    yield person
    context.close()
    assert person.complaints == []


@pytest.fixture
def person(service: Service, chromium: Browser) -> Iterator[Person]:
    """Somebody with a phone, whom the server does not know."""
    with somebody(service, chromium) as person:
        yield person


@pytest.fixture
def scriptless(service: Service, chromium: Browser) -> Iterator[Person]:
    """Somebody whose browser runs no scripts."""
    with somebody(service, chromium, java_script_enabled=False) as person:
        yield person


@pytest.fixture
def other(service: Service, chromium: Browser) -> Iterator[Person]:
    """Somebody else."""
    with somebody(service, chromium) as person:
        yield person


@pytest.fixture
def alice(person: Person) -> Person:
    """The same, with an account that is new and logged in."""
    person.has_account()
    person.log_in()
    return person


@pytest.fixture(scope="session")
def operator(service: Service, chromium: Browser) -> Iterator[Person]:
    """An operator for all tests, who has logged in with a second factor."""
    with somebody(service, chromium) as person:
        person.has_account()
        person.log_in()
        person.becomes_operator()
        yield person
