"""The parts of a server that perform updates: who a client is, its limits, the pipeline, the log of
requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ddns.api.base import RunSlow
from ddns.config.settings import Settings
from ddns.model.account import Block
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.policy.registration import Rules
from ddns.policy.update_limits import UpdateLimiter
from ddns.store.interfaces import IStore
from ddns.updates.authenticator import Authenticator
from ddns.updates.blocker import Blocker
from ddns.updates.familiar_networks import FamiliarNetworks
from ddns.updates.pipeline import Pipeline
from ddns.updates.publisher import Publisher
from ddns.updates.record_updater import RecordUpdater
from ddns.updates.rehash import PasswordRehasher
from ddns.updates.request_log import RequestLog
from ddns.updates.updater import Updater


class UpdateServices:
    """What performs updates, as the settings have it.

    :param settings: all of them.
    :param store: where updates are committed.
    :param directory: accounts and keys.
    :param publisher: knows when our DNS answers what was committed.
    :param reactor: for writing the log of requests.
    :param now: seconds since 1970.
    :param run_slow: runs a function outside the reactor's thread.
    :param note_failures: told of an account how many wrong secrets came in a row.
    :param rules: limits on what people may have.
    """

    def __init__(
        self,
        settings: Settings,
        store: IStore,
        directory: Directory,
        publisher: Publisher,
        reactor: Any,
        now: Callable[[], float],
        run_slow: RunSlow,
        note_failures: Callable[[str, int], None],
        rules: Callable[[], Rules],
    ) -> None:
        self._settings = settings
        self._limiter = UpdateLimiter(settings.abuse)
        self._failures = Failures(window=settings.abuse.window)
        self._networks = FamiliarNetworks(store, now)
        self.authenticator = Authenticator(
            directory,
            run_slow,
            time.monotonic,
            note_failures,
            self._failures,
            PasswordRehasher(store, run_slow, now),
            self._networks.knows,
            self._networks.note,
        )
        blocker = Blocker(store, self._limiter, time.monotonic)
        updater = Updater(
            store,
            directory,
            self.authenticator,
            publisher,
            self._limiter,
            time.monotonic,
            blocker,
        )
        record_updater = RecordUpdater(
            store,
            directory,
            publisher,
            self._limiter,
            blocker,
            time.monotonic,
            rules,
            lambda: self._settings.challenges.keep,
        )
        self.requests = RequestLog(store, reactor, settings.requests)
        self.pipeline = Pipeline(updater.perform, record_updater.perform, now, self.requests)

    async def load(self) -> None:
        """Read what is known of networks from the open store."""
        await self._networks.load()

    def apply(self, settings: Settings) -> None:
        """Use these settings."""
        self._settings = settings
        self._failures.window = settings.abuse.window
        self._limiter.apply(settings.abuse)
        self.requests.apply(settings.requests)

    def count_change(self, account: str, owner: bytes, number: int) -> float:
        """Count a change of an RRset by an account; see :meth:`UpdateLimiter.take_rrset`."""
        return self._limiter.take_rrset(account, owner, number, time.monotonic())

    def block_changed(self, account: str, block: Block | None) -> None:
        """Note that the operator has blocked an account, or lifted its block, or it has gone."""
        if block is None:
            self._limiter.reset(account)
            self._failures.forget(account)
