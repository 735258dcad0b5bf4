"""Whether a server is well: for supervisors, who restart it, and balancers, who send it clients."""

from __future__ import annotations

import enum
from collections.abc import Callable

from twisted.python.failure import Failure

from ddns.model.journal import Author
from ddns.store.interfaces import IStore, ITransaction


class Stage(enum.IntEnum):
    """How far a server has come; there is no way back."""

    LOADING = 0
    RUNNING = 1
    FAILED = 2
    STOPPING = 3


_WORDS = {Stage.LOADING: "loading", Stage.FAILED: "failed to start", Stage.STOPPING: "stopping"}

PAUSE = 1.0
"""Seconds between two works that ask the writer for a sign of life."""

MEMORY = 30.0
"""Seconds for which a failure of the store counts, unless something is written before: whoever is
sent no clients any more could else never show that it is well again."""


class Health:
    """*clock* is monotonic. The writer of *store* stands still when it has been at something for
    *patience* seconds.

    Asking costs next to nothing and is answered at once: whether the writer is alive is found out
    from one question to the next, by a work that changes nothing.
    """

    def __init__(self, store: IStore, clock: Callable[[], float], patience: float) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._asked_at: float | None = None
        self._answered = True
        self._stage = Stage.LOADING

    def reached(self, stage: Stage) -> None:
        """The server has come that far."""
        self._stage = max(self._stage, stage)

    def alive(self) -> str:
        """Nothing, or what is wrong that a restart may help against. A database that is locked or
        a disk that is full is no such thing: the writer refuses work then, and goes on."""
        now = self._clock()
        if self._answered and (self._asked_at is None or now - self._asked_at >= PAUSE):
            self._ask(now)
        stands_since = self._asked_at if not self._answered else None
        if stands_since is not None and now - stands_since >= self._patience:
            return "the writer of the store stands still"
        return ""

    def ready(self) -> str:
        """Nothing, or why clients had better go elsewhere for now."""
        if self._stage is not Stage.RUNNING:
            return _WORDS[self._stage]
        if wrong := self.alive():
            return wrong
        failed_ago = self._store.stats().failed_ago
        return "the store fails" if failed_ago is not None and failed_ago < MEMORY else ""

    def _ask(self, now: float) -> None:
        self._asked_at = now
        self._answered = False
        # The time is of no account, for nothing is written.
        self._store.transact(Author("server", "health", 0.0), _nothing).addBoth(self._heard)

    def _heard(self, result: object | Failure) -> None:
        """The writer has done it or refused it: it lives."""
        self._answered = True


def _nothing(transaction: ITransaction) -> None:
    """What the writer is asked to do."""
