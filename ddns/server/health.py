"""The health of a server, for supervisors that restart it and balancers that send it clients."""

from __future__ import annotations

import enum
from collections.abc import Callable

from twisted.python.failure import Failure

from ddns.model.journal import Author
from ddns.store.interfaces import IStore, ITransaction


class Stage(enum.IntEnum):
    """Stages in the life of a server; there is no way back."""

    LOADING = 0
    RUNNING = 1
    FAILED = 2
    STOPPING = 3


_WORDS = {Stage.LOADING: "loading", Stage.FAILED: "failed to start", Stage.STOPPING: "stopping"}

PAUSE = 1.0
"""Seconds between two transactions that ask the writer for a sign of life."""

MEMORY = 30.0
"""Seconds for which a failure of the store counts, unless something is written before: a server to
which no clients are sent any more could otherwise never show that it is well again."""


class Health:
    """Says at once whether a server is alive and ready.

    Whether the writer is alive is found out from one call to the next, by a transaction that
    changes nothing.

    :param store: whose writer is looked at.
    :param clock: monotonic.
    :param timeout: seconds after which a writer that has not answered counts as dead.
    """

    def __init__(self, store: IStore, clock: Callable[[], float], timeout: float) -> None:
        self._store = store
        self._clock = clock
        self._timeout = timeout
        self._asked_at: float | None = None
        self._answered = True
        self._stage = Stage.LOADING

    def reached(self, stage: Stage) -> None:
        """Note that the server has come to a stage."""
        self._stage = max(self._stage, stage)

    def alive(self) -> str:
        """Return what is wrong that a restart may cure, or nothing.

        A locked database and a full disk are not: the writer refuses work then, and goes on.
        """
        now = self._clock()
        if self._answered and (self._asked_at is None or now - self._asked_at >= PAUSE):
            self._ask(now)
        silent_since = self._asked_at if not self._answered else None
        if silent_since is not None and now - silent_since >= self._timeout:
            return "the writer of the store stands still"
        return ""

    def ready(self) -> str:
        """Return why clients had better go elsewhere for now, or nothing."""
        if self._stage is not Stage.RUNNING:
            return _WORDS[self._stage]
        if wrong := self.alive():
            return wrong
        stats = self._store.stats()
        if stats.lost:
            return stats.lost
        failed_ago = stats.failed_ago
        return "the store fails" if failed_ago is not None and failed_ago < MEMORY else ""

    def _ask(self, now: float) -> None:
        self._asked_at = now
        self._answered = False
        # An author at time 0, for nothing is written.
        self._store.transact(Author("server", "health", 0.0), _nothing).addBoth(self._heard)

    def _heard(self, result: object | Failure) -> None:
        """Note that the writer has done the work or refused it: it is alive."""
        self._answered = True


def _nothing(transaction: ITransaction) -> None:
    """Do nothing, as the work of a transaction."""
