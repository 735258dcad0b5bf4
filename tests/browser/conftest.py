"""Chromium at a server that people sign up at: one server and one browser for all tests here, and
a window of its own, with cookies of its own, for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.people import Person, Service, launched_chromium, running_service, window


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("browser")) as service:
        yield service


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@contextmanager
def somebody(service: Service, chromium: Browser, **options: Any) -> Iterator[Person]:
    with window(service, chromium, **options) as person:
        yield person
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
