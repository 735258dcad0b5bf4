"""Everything behind the sockets of a server: store, zones, directory, pipeline and API."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.web.resource import IResource

from ddns.api.base import no_running_server
from ddns.api.operations import Json, Operations
from ddns.api.running import RunningServer
from ddns.config.settings import Settings
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.net.dns.notify import SecondaryClient
from ddns.net.dns.transfer_handler import TransferHandler
from ddns.net.dns.twisted_names import ZoneResolver
from ddns.net.dns.update_handler import UpdateHandler
from ddns.net.http.updates import UpdateResource
from ddns.policy.directory import Directory
from ddns.policy.wildcards import keep_wildcards
from ddns.server import factories
from ddns.server.account_services import AccountServices
from ddns.server.notices import NoticeServices
from ddns.server.outward_services import OutwardServices
from ddns.server.preflight import exposed_files
from ddns.server.tool_services import ToolServices
from ddns.server.unsealer import Unsealer, tsig_key_of
from ddns.server.update_services import UpdateServices
from ddns.store.interfaces import IStore
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.clock import since_boot
from ddns.system.files import download_path, key_path
from ddns.system.secret_box import SecretBox
from ddns.system.threads import LowPriorityPool
from ddns.updates.expiring import Expirer
from ddns.updates.notifier import Notifier
from ddns.updates.publisher import Publisher
from ddns.updates.session_log import SessionLog
from ddns.zone.engine import Engine
from ddns.zone.message import UPDATE
from ddns.zone.tsig import Signatures
from ddns.zone.zone import Zones

T = TypeVar("T")


class Core:
    """A server without listeners.

    Its life is ``store.open()``, which raises StoreError, then :meth:`load`, then :meth:`stop`.
    Updates that come before the end of :meth:`load` wait for it.

    :param settings: all of them, though nothing listens here.
    :param reactor: provides time and threads.
    :param now: seconds since 1970.
    :param reload: reads the settings again for an operator.
    :param store: a store that is not open yet, to be used instead of SQLite.
    """

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
        # One thread: argon2 takes 0.1 s of a processor, and DNS is to have the others.
        self._slow = LowPriorityPool(0, 1, "ddns-passwords")
        self.store: IStore = store or SQLiteStore(reactor, settings.database)
        self.store.configure(settings.store)
        self.store.derive(keep_wildcards)
        self.zones = Zones()
        self.limiter = factories.rate_limiter(settings.dns.rate_limit, reactor.seconds)
        self._secret_box = SecretBox(key_path(settings.database))
        self._unseal = Unsealer(self._secret_box)
        self.directory = Directory(secrets.token_bytes(32), self._unseal)
        tsig_key = partial(tsig_key_of, self.directory)
        self.engine = Engine(
            self.zones,
            limiter=self.limiter,
            cookies=factories.cookies(settings.dns, now),
            signatures=Signatures(tsig_key, now),
            compiled=settings.dns.compiled,
        )
        self.publisher = Publisher(self.store, self.zones, self.directory, reactor)
        self._secondary_client = SecondaryClient(reactor, tsig_key, now)
        self.notifier = Notifier(
            self.store,
            self.publisher,
            self.zones,
            self.directory.secondaries,
            self._secondary_client.ask,
            reactor,
            now,
        )
        self.updates = UpdateServices(
            *(settings, self.store, self.directory, self.publisher, reactor, now, self._run_slow),
            note_failures=lambda account, number: self.notices.failures(account, number),
            rules=lambda: self.operations.rules,
        )
        self.pipeline = self.updates.pipeline
        self.account_services = AccountServices(
            *(settings, self.directory, self.updates.authenticator.password, reactor),
            *(time.monotonic, now, self._run_slow),
        )
        account_service = self.account_services.account_service
        self._session_log = SessionLog(
            self.store,
            account_service.sessions,
            self.directory.account,
            reactor,
            account_service.clock,
            now,
        )
        account_service.write_sessions = self._session_log.flush
        account_service.note_failure = self.updates.authenticator.note_wrong_code
        self.outward = OutwardServices(settings, reactor, self.store, self._secret_box, now)
        self.notices = NoticeServices(
            *(settings, self.store, reactor, now, self._secret_box, self.outward.client),
            *(lambda: self.account_services.mailer, self.updates.requests.flush),
        )
        self.notices.listen(self.pipeline)
        self.tools = ToolServices(settings, self.directory, self.pipeline, time.monotonic, reactor)
        self.engine.handlers[UPDATE] = UpdateHandler(
            self.zones,
            self.pipeline,
            self.directory,
            time.monotonic,
            lambda: (self._settings.dns.lease_min, self._settings.dns.lease_max),
        )
        self.engine.transfer = TransferHandler(self.zones, self.directory, self.store, reactor)
        self.running = RunningServer(
            secondaries=self.notifier.progress,
            download=download_path(settings.database),
            knocks=self.pipeline.door.knocks,
            fast_path=_fast_path(settings.dns.compiled, self.engine.compiled is not None),
            accept_target=self.notices.accept_target,
            read_link=self.notices.links.read,
            follow_relay=self.outward.relayer.follow,
        )
        self.expirer = Expirer(
            *(self.store, self.publisher, reactor, now, since_boot), lambda: self.operations.rules
        )
        self.operations = Operations(
            self.store,
            self.publisher.published,
            self._run_slow,
            now,
            self._secret_box,
            rules=factories.rules(settings),
            flush_request_log=self.updates.requests.flush,
            block_changed=self.updates.block_changed,
            account_service=account_service,
            reload_settings=reload,
            count_change=self.updates.count_change,
            exposed=self.exposed,
            secondary_states=self.notifier.states,
            running=self.running,
        )

    def _run_slow(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._slow, function)

    def exposed(self) -> list[str]:
        """Return a line for each file with secrets that is open to everybody."""
        return exposed_files(self._settings)

    def apply(self, settings: Settings) -> None:
        """Use these settings, except the database's name."""
        self.store.configure(settings.store)
        old, self._settings = self._settings, settings
        if settings.dns != old.dns:  # a new secret would make the cookies of clients invalid
            limit, clock = settings.dns.rate_limit, self._reactor.seconds
            self.limiter = factories.rate_limiter(limit, clock, self.limiter)
            self.engine.use(self.limiter, factories.cookies(settings.dns, self._now))
        self.updates.apply(settings)
        self.operations.rules = factories.rules(settings)
        self.account_services.apply(settings)
        self.tools.apply(settings)
        self.outward.apply(settings)
        self.notices.apply(settings)

    async def load(self) -> None:
        """Read the open store into memory; then DNS can be answered, and updates are performed."""
        self._slow.start()
        self.tools.start()
        try:
            await self.publisher.load()
            await self.updates.load()
            await self._session_log.load()
            await self.expirer.start()
            await self.notices.start()
            await self.outward.relayer.start()
        except BaseException:
            self.pipeline.close()
            raise
        if (sealed := await self.store.read(lambda r: r.any_sealed_secret())) is not None:
            self._unseal.check(sealed)
        self.pipeline.open()

    def resource(
        self,
        dialects: Iterable[Dialect] = DIALECTS,
        beside: Mapping[bytes, IResource] | None = None,
    ) -> UpdateResource:
        """Return the dialects as a resource, for any place below a site.

        Where strangers can reach it, the site should be a
        :class:`ddns.net.http.site.LimitedSite`. *beside* are other resources, by the first segment
        of paths that are no dialect's.
        """
        return UpdateResource(self.pipeline, dialects, beside, self.directory.key)

    def beside(self) -> Mapping[bytes, IResource]:
        """Return what our own sites have beside the dialects: API, pages and the APIs of tools."""
        watch = self.updates.requests.subscribe
        people = self.account_services.resources(self.operations, self.pipeline.loaded, watch)
        return self.tools.resources(people, self.store, self.operations)

    def authority(self) -> ZoneResolver:
        """Return the zones for a server of twisted.names, beside other authorities."""
        return ZoneResolver(self.zones)

    def notify(self, sources: Iterable[str]) -> None:
        """Begin to tell secondaries of changes, once everything is loaded. *sources* are the
        addresses at which they find this server."""
        self._secondary_client.sources = list(sources)
        self.notifier.start()

    async def stop(self) -> None:
        """End what writes, then the store, then the threads of passwords and tools."""
        self.pipeline.close()
        self.notifier.stop()
        await self.notices.stop()
        await self.outward.stop()
        await self._secondary_client.stop()
        await self.expirer.stop()
        await self._session_log.stop()
        await self.updates.requests.stop()
        await self.store.close()
        self._slow.stop()
        self.tools.stop()


def _fast_path(is_wanted: bool, is_used: bool) -> str:
    """Return what answers common queries, one of :data:`ddns.api.running.FAST_PATHS`."""
    return "compiled" if is_used else "not built" if is_wanted else "switched off"
