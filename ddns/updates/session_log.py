"""Sessions in the store, so that a restart logs nobody out.

What begins or ends is written at once, uses now and then, many together.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import DeferredLock, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ddns.model.account import Account
from ddns.model.journal import Author
from ddns.model.session import fingerprint
from ddns.policy.sessions import Sessions
from ddns.store.interfaces import IStore, ITransaction, StoreError

WRITE_TIME = 60.0
"""Seconds that the use of a session waits to be written, and a failed write to be tried again."""


class SessionLog:
    """Loads sessions from a store and writes their changes to it.

    :param store: where they are kept.
    :param sessions: those in memory.
    :param account_of: finds an account by name.
    :param clock: the reactor's, for when to write.
    :param monotonic: the clock of the sessions.
    :param now: seconds since 1970.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        sessions: Sessions,
        account_of: Callable[[str], Account | None],
        clock: IReactorTime,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._account_of = account_of
        self._clock = clock
        self._monotonic = monotonic
        self._now = now
        self._timer: IDelayedCall | None = None
        self._writing = DeferredLock()
        self._stopped = False
        sessions.changed = self._changed

    async def load(self) -> None:
        """Read the sessions; end those that have expired, and those of accounts whose passwords
        were changed meanwhile, by whatever program.

        :raises StoreError: when they cannot be read.
        """
        found = await self._store.read(lambda reading: reading.sessions())
        self._sessions.load(found, self._monotonic(), self._now())
        for session in found:
            account = self._account_of(session.account)
            if account is None or session.password != fingerprint(account.password or ""):
                self._sessions.close(session.digest)

    def _changed(self) -> None:
        if self._timer is None and not self._stopped:
            self._timer = self._clock.callLater(WRITE_TIME, self._write)

    def _write(self) -> None:
        self._timer = None
        ensureDeferred(self.flush())

    async def flush(self) -> None:
        """Write what has changed. If that fails it is tried again: the sessions in memory are as
        they should be all the same."""
        await self._writing.acquire()
        try:
            await self._write_changes()
        finally:
            self._writing.release()

    async def _write_changes(self) -> None:
        changes = self._sessions.take()
        if not (changes.put or changes.remove):
            return

        def work(transaction: ITransaction) -> None:
            transaction.remove_sessions(changes.remove)
            transaction.put_sessions(changes.put)

        try:
            await self._store.transact(Author("server", "sessions", self._now()), work)
        except StoreError as error:
            self._sessions.settle(changes, written=False)
            self._changed()
            if not error.logged:
                self._log.error("sessions cannot be written: {error}", error=error)
        else:
            self._sessions.settle(changes, written=True)

    async def stop(self) -> None:
        """Write what has changed, for the last time."""
        self._stopped = True
        self._sessions.write_all_uses()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.flush()
