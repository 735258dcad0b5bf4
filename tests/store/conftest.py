"""The reactor of the stores' tests, and what the log says meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.logger import globalLogPublisher

from tests.net.reactors import RunningReactor, running_reactor

for name in ("contract", "living", "recording", "staging"):
    pytest.register_assert_rewrite(f"tests.store.{name}")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningReactor]:
    with running_reactor() as running:
        yield running


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
