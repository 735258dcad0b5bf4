"""What the log says while a store is tested, and how its databases are made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.logger import globalLogPublisher

from ddns.store.sqlite.migrations import migrate

for name in (
    "acme_dns",
    "contract",
    "copying",
    "following",
    "living",
    "people",
    "recording",
    "registering",
    "relaying",
    "staging",
):
    pytest.register_assert_rewrite(f"tests.store.{name}")


@pytest.fixture
def by_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases are made as a server makes them."""
    monkeypatch.setattr("ddns.store.sqlite.database.migrate", migrate)


@pytest.fixture
def failures() -> Iterator[list[object]]:
    """The log events with a traceback, of the whole process."""
    events: list[object] = []

    def observe(event: dict[str, object]) -> None:
        if event.get("log_failure") is not None:
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)
