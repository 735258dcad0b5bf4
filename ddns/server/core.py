"""What is behind the sockets of a server: store, zones, directory, pipeline, API, put together."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from ddns.api.base import no_running_server
from ddns.api.operations import Json, Operations
from ddns.config.settings import Settings
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.model.account import Block
from ddns.net.dns.twisted_names import ZoneResolver
from ddns.net.http.updates import UpdateResource
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.policy.update_limits import History
from ddns.server import factories
from ddns.server.account_services import AccountServices
from ddns.store.interfaces import IStore
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import key_path
from ddns.system.secret_box import SecretBox
from ddns.system.threads import LowPriorityPool
from ddns.updates.authenticator import Authenticator
from ddns.updates.publisher import Publisher
from ddns.updates.rehash import PasswordRehasher
from ddns.updates.request_log import RequestLog
from ddns.updates.updater import Updater
from ddns.zone.engine import Engine
from ddns.zone.zone import Zones

T = TypeVar("T")


class Core:
    """*now* tells seconds since 1970; *reload* reads the settings again for an operator; *store*
    is one that is not open yet, instead of a database of ours. A life is ``store.open()``, which
    raises StoreError, then :meth:`load`, :meth:`stop`; nothing is answered before :meth:`load` has
    come to its end."""

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        now: Callable[[], float] = time.time,
        reload: Callable[[], Json] = no_running_server,
        store: IStore | None = None,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._now = now
        self._slow = LowPriorityPool(0, 1, "ddns-passwords")
        self.store: IStore = store or SQLiteStore(
            reactor,
            settings.database,
            patience=settings.store.patience,
            journal_rows=settings.store.journal_rows,
            reader_patience=settings.store.reader_patience,
        )
        self.zones = Zones()
        self.limiter = factories.rate_limiter(settings.dns.rate_limit, reactor.seconds)
        self.engine = Engine(
            self.zones,
            limiter=self.limiter,
            cookies=factories.cookies(settings.dns, now),
        )
        self._secret_box = SecretBox(key_path(settings.database))
        self._unseal = factories.Unsealing(self._secret_box)
        self.directory = Directory(secrets.token_bytes(32), self._unseal)
        self.publisher = Publisher(self.store, self.zones, self.directory, reactor)
        self._failures = Failures(window=settings.abuse.window)
        self._history = History(factories.abuse_limits(settings.abuse))
        self.authenticator = Authenticator(
            self.directory,
            self._run_slow,
            time.monotonic,
            lambda account, number: self.people.failures_noticed(account, number),
            self._failures,
            PasswordRehasher(self.store, self._run_slow, now),
        )
        self.people = AccountServices(
            settings,
            self.directory,
            self.authenticator.password,
            reactor,
            time.monotonic,
            now,
        )
        self.updater = Updater(
            self.store,
            self.directory,
            self.authenticator,
            self.publisher,
            self._history,
            time.monotonic,
            self.people.notices.blocked,
        )
        self.requests = RequestLog(self.store, reactor, factories.request_limits(settings.requests))
        self.operations = Operations(
            self.store,
            self.publisher.published,
            self._run_slow,
            now,
            self._secret_box,
            rules=factories.rules(settings.registration),
            flush_request_log=self.requests.flush,
            block_changed=self._blocked,
            account_service=self.people.account_service,
            reload_settings=reload,
            count_change=partial(self._history.count, time.monotonic),
        )

    def _run_slow(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._slow, function)

    def _blocked(self, account: str, block: Block | None) -> None:
        """The operator has blocked an account, or lifted its block."""
        if block is None:  # or the account has gone
            self._history.lift(account)
            self._failures.forget(account)
        else:
            self.people.notices.blocked_by_operator(account, block)

    def apply(self, settings: Settings) -> None:
        """From now on these settings hold, but for the database's name."""
        self.store.configure(settings.store)
        old, self._settings = self._settings, settings
        if settings.dns != old.dns:  # or cookies that clients have would be good no longer
            limiter = factories.rate_limiter(settings.dns.rate_limit, self._reactor.seconds)
            if limiter is not None and self.limiter is not None:  # what was counted goes on
                limiter.slipped, limiter.dropped = self.limiter.slipped, self.limiter.dropped
            self.limiter = limiter
            self.engine.use(limiter, factories.cookies(settings.dns, self._now))
        self._failures.window = settings.abuse.window
        self._history.limit(factories.abuse_limits(settings.abuse))
        self.requests.limit(factories.request_limits(settings.requests))
        self.operations.rules = factories.rules(settings.registration)
        self.people.apply(settings)

    async def load(self) -> None:
        """Bring what the open store has into memory; then DNS can be answered."""
        self._slow.start()
        await self.publisher.load()
        if (sealed := self.directory.something_sealed()) is not None:
            self._unseal.check(sealed)

    def resource(self, dialects: Iterable[Dialect] = DIALECTS) -> UpdateResource:
        """The dialects as a resource, to be put anywhere below a site. Who reaches it from the open
        Internet should do so through a :class:`ddns.net.http.site.LimitedSite`."""
        return UpdateResource(self.updater.perform, dialects, self._now, self.requests.note)

    def authority(self) -> ZoneResolver:
        """The zones for a server of twisted.names, beside other authorities."""
        return ZoneResolver(self.zones)

    async def stop(self) -> None:
        """End what writes, then the store, then the thread that checks passwords."""
        await self.requests.stop()
        await self.store.close()
        self._slow.stop()
