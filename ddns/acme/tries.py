"""When an order may begin: pauses that grow, kept on disk, so that no start begins one too many."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ddns.acme import schedule
from ddns.acme.folder import Folder, Note
from ddns.acme.order import Records, Run
from ddns.acme.problem import Problem

FILE = 30.0
"""Seconds that a file may take to be read or written."""


class Tries:
    """The orders for what is wanted, one after the other.

    :param mark: what they are for.
    :param folder: where the note about them is kept.
    :param run: runs what blocks.
    :param now: seconds since 1970.
    :param random: returns a number from 0 to 1.
    """

    def __init__(
        self,
        mark: str,
        folder: Folder,
        run: Run,
        now: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._mark = mark
        self._folder = folder
        self._run = run
        self._now = now
        self._random = random
        self._note = Note(mark)

    @property
    def not_before(self) -> float:
        """When the next order may begin, in seconds since 1970."""
        return self._note.not_before

    @property
    def problem(self) -> str:
        """Why the last order failed, perhaps in another process; nothing if it has not."""
        return self._note.problem

    @property
    def failed_at(self) -> float | None:
        """When the last order failed, in seconds since 1970; None if it has not."""
        return self._note.failed_at

    async def load(self) -> Records:
        """Go on where another process has ended; return the records that it has left in DNS."""
        note = await self._run(self._folder.note, FILE)
        if note.of == self._mark:
            # The clock may have been ahead.
            latest = self._now() + schedule.MAX_PAUSE * (1 + schedule.JITTER)
            self._note = dataclasses.replace(note, not_before=min(note.not_before, latest))
        else:
            self._note = Note(self._mark, records=note.records)
        return note.records

    async def begin(self) -> None:
        """Note that an order begins: should it be the end of this process, the next waits as it
        does after one that has failed.

        :raises Problem: when that cannot be written.
        """
        failures = self._note.failures + 1
        await self._next(failures, schedule.pause(failures, self._random))

    async def remember(self, records: Records) -> None:
        """Note which records are in DNS for the order.

        :raises Problem: when that cannot be written.
        """
        known = dict.fromkeys((*self._note.records, *records))
        await self._keep(dataclasses.replace(self._note, records=tuple(known)))

    async def forget(self, records: Records) -> None:
        """Note that records are not in DNS any more."""
        left = tuple(one for one in self._note.records if one not in records)
        with suppress(Problem):  # the next process looks for them in vain
            await self._keep(dataclasses.replace(self._note, records=left))

    async def succeeded(self, lifetime: float) -> None:
        """Note that the order has brought a certificate that is valid for so many seconds.

        :raises Problem: when that cannot be written.
        """
        self._note = dataclasses.replace(self._note, problem="", failed_at=None)
        await self._next(0, schedule.rest(lifetime))

    async def failed(self, problem: Problem) -> None:
        """Note why the order failed, and have the next one wait, for as long as the authority wants
        at least if that is not too long."""
        failures = self._note.failures
        self._note = dataclasses.replace(self._note, problem=str(problem), failed_at=self._now())
        with suppress(Problem):  # what was noted at its beginning holds for the next process
            await self._next(failures, schedule.pause(failures, self._random, problem.wait))

    async def _next(self, failures: int, pause: float) -> None:
        not_before = self._now() + pause
        await self._keep(dataclasses.replace(self._note, failures=failures, not_before=not_before))

    async def _keep(self, note: Note) -> None:
        self._note = note
        await self._run(partial(self._folder.keep_note, note), FILE)
