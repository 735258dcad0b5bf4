"""What the log says while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import formatEvent, globalLogPublisher


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every log event of the process as text, tracebacks included."""
    events: list[str] = []

    def observe(event: dict[str, Any]) -> None:
        text = formatEvent(event)
        if (failure := event.get("log_failure")) is not None:
            text += "\nTraceback:\n" + failure.getTraceback(detail="verbose")
        events.append(text)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)
