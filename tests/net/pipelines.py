"""The door to updates, open, with whatever a test wants behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ddns.model.update import Outcome, Update
from ddns.updates.pipeline import Pipeline
from ddns.updates.record_update import RecordUpdate


async def no_records(asked: RecordUpdate) -> Outcome:
    raise AssertionError("nobody changes records here")


def opened(perform: Callable[[Update], Awaitable[Outcome]]) -> Pipeline:
    """The time is 1000."""
    pipeline = Pipeline(perform, no_records, lambda: 1000.0)
    pipeline.open()
    return pipeline
