"""The door to updates, open, with whatever a test wants behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ddns.model.update import Outcome, Update
from ddns.updates.pipeline import Pipeline


def opened(perform: Callable[[Update], Awaitable[Outcome]]) -> Pipeline:
    """The time is 1000."""
    pipeline = Pipeline(perform, lambda: 1000.0)
    pipeline.open()
    return pipeline
