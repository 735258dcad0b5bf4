"""The service: which parts there are, and the order in which they start and stop."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from ddns import parts, sample
from ddns.api.operations import Operations
from ddns.authenticator import Authenticator
from ddns.config import Settings, parse_address
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.doors import Doors
from ddns.model.account import Block
from ddns.model.update import Outcome, Update
from ddns.net import sockets
from ddns.net.control import ControlListener
from ddns.net.dns import DnsListener
from ddns.net.http import UpdateResource
from ddns.net.tls import TlsError
from ddns.paths import key_path, sample_path, socket_path
from ddns.people import People
from ddns.policy.abuse import History
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.publisher import Publisher
from ddns.rehashing import Rehashing
from ddns.requestlog import RequestLog
from ddns.store.database import StoreInUse
from ddns.store.interfaces import StoreError
from ddns.store.sqlite import SQLiteStore
from ddns.updater import Updater
from ddns.vault import Vault
from ddns.zone.engine import Engine
from ddns.zone.zone import Zones

T = TypeVar("T")


COMMAND_TIME = 5.0
"""Seconds that a start waits for a database which is in use, though not by a server."""


class StartupError(Exception):
    """The server cannot start; ``str()`` is one line that says why."""


class DdnsService(Service):
    """A whole server.

    Sockets are bound before privileges are dropped, everything else happens after. *failed* is
    told in one line when the server has to give up after its start; *terminal* is the descriptor
    on which a person reads, if there is one; *now* tells seconds since 1970; *dialects* are what
    HTTP speaks.
    """

    _log = Logger()
    name = "ddns"

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        *,
        failed: Callable[[str], None] | None = None,
        terminal: int | None = None,
        now: Callable[[], float] = time.time,
        dialects: Iterable[Dialect] = DIALECTS,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._failed = failed or (lambda line: None)
        self._terminal = terminal
        self._now = now
        self._dialects = tuple(dialects)
        self._bound = False
        self._started: Deferred[None] | None = None
        self._doors = Doors(settings, reactor, now)
        self._slow = ThreadPool(0, 1, name="ddns-passwords")

        self.store = SQLiteStore(
            reactor,
            settings.database,
            patience=settings.store.patience,
            journal_rows=settings.store.journal_rows,
            reader_patience=settings.store.reader_patience,
        )
        self.zones = Zones()
        self.engine = Engine(
            self.zones,
            limiter=parts.rate_limiter(settings.dns.rate_limit, reactor.seconds),
            cookies=parts.cookies(settings.dns, now),
        )
        self._vault = Vault(key_path(settings.database))
        self._unseal = parts.Unsealing(self._vault)
        self._directory = Directory(secrets.token_bytes(32), self._unseal)
        self._publisher = Publisher(self.store, self.zones, self._directory, reactor)
        self._failures = Failures(window=settings.abuse.window)
        self._history = History(parts.abuse_limits(settings.abuse))
        self._authenticator = Authenticator(
            self._directory,
            self._run_slow,
            time.monotonic,
            lambda account, number: self._people.failures_noticed(account, number),
            self._failures,
            Rehashing(self.store, self._run_slow, now),
        )
        self._people = People(
            settings,
            self._directory,
            self._authenticator.password,
            reactor,
            time.monotonic,
            now,
        )
        self._updater = Updater(
            self.store,
            self._directory,
            self._authenticator,
            self._publisher,
            self._history,
            time.monotonic,
            self._people.notices.blocked,
        )
        self._requests = RequestLog(self.store, reactor, parts.request_limits(settings.requests))
        self._operations = Operations(
            self.store,
            self._publisher.published,
            self._run_slow,
            self._now,
            self._vault,
            rules=parts.rules(settings.registration),
            requests_written=self._requests.flush,
            blocked=self._blocked,
            reception=self._people.reception,
        )
        self._operations.count_change = partial(self._history.count, time.monotonic)
        self._control = ControlListener(reactor, self._operations, socket_path(settings.database))
        dns = settings.dns
        self._dns = DnsListener(
            reactor,
            self.engine.respond,
            [parse_address(text, "dns.listen") for text in dns.listen],
            limits=parts.tcp_limits(dns),
        )

    def _run_slow(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._slow, function)

    def _blocked(self, account: str, block: Block | None) -> None:
        """The operator has blocked an account, or lifted its block."""
        if block is None:  # or the account has gone
            self._history.lift(account)
            self._failures.forget(account)
        else:
            self._people.notices.blocked_by_operator(account, block)

    # Start -----------------------------------------------------------------------------------

    def privilegedStartService(self) -> None:
        """Bind what may need root. ``twist`` does not call this; then startService binds."""
        self._bind()

    def startService(self) -> None:
        """Bind, open the database, begin to load.

        :raises StartupError: in one line, when a socket or the database cannot be had.
        """
        self._bind()
        try:
            self._open_store()
        except StoreError as error:
            self._unbind()
            raise StartupError(str(error)) from None
        super().startService()
        self._slow.start()
        self._started = ensureDeferred(self._start())
        self._started.addErrback(self._give_up)

    def _open_store(self) -> None:
        """Open the database; a ``ddns`` command that is at it gets a moment to finish."""
        deadline = time.monotonic() + COMMAND_TIME
        while True:
            try:
                return self.store.open()
            except StoreInUse:
                server = socket_path(self._settings.database).exists()
                if server or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _bind(self) -> None:
        if self._bound:
            return
        try:
            self._dns.bind()
            beside = self._people.resources(self._operations, self._loaded)
            resource = UpdateResource(
                self._perform, self._dialects, self._now, self._requests.note, beside
            )
            self._doors.open(resource, self._perform, self._requests.note)
        except (CannotListenError, OSError, ValueError, TlsError) as error:
            self._unbind()
            raise StartupError(sockets.reason(error)) from None
        self._bound = True

    def _unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self._doors.unbind()
        self._dns.stop()
        self._bound = False

    async def _start(self) -> None:
        await self._publisher.load()
        if (sealed := self._directory.something_sealed()) is not None:
            self._unseal.check(sealed)
        self._dns.start()
        self._control.start()
        addresses = [host for host, _ in self._dns.addresses]
        only_loopback = self._doors.only_loopback(addresses)
        if self.store.created() and self._settings.sample and only_loopback:
            dns = next(iter(self._dns.addresses), None)
            http = next(filter(None, self._doors.listeners.addresses("http")), None)
            text = await sample.create(self._operations, dns, http)
            path = sample_path(self._settings.database)
            terminal = self._terminal
            if terminal is not None and not os.isatty(terminal):
                terminal = None  # a daemon has none any more
            sample.show(text, terminal, path)
            if terminal is None:
                self._log.info("a sample host was made; how to try it is in {path}", path=str(path))
        self._log.info(
            "answering DNS on {dns}, HTTP on {http}, HTTPS on {https}, miniupdate on {miniupdate},"
            " {zones} zones",
            dns=", ".join(f"{host}:{port}" for host, port in self._dns.addresses) or "nothing",
            **{name: self._doors.listeners.shown(name) for name in ("http", "https", "miniupdate")},
            zones=len(self.zones),
        )

    def _give_up(self, failure: Failure) -> None:
        self._log.failure("the server cannot start", failure=failure)
        self._failed(failure.getErrorMessage())

    def reload(self) -> None:
        """Read again what may change while the server runs: certificate and private key."""
        self._doors.reload()

    async def _perform(self, update: Update) -> Outcome:
        """The pipeline, once everything is loaded."""
        if self._started is not None and not self._started.called:
            await parts.when(self._started)
        return await self._updater.perform(update)

    async def _loaded(self) -> None:
        if self._started is not None and not self._started.called:
            await parts.when(self._started)

    # Stop ------------------------------------------------------------------------------------

    def stopService(self) -> Deferred[None]:
        """Take no more requests, finish those begun, and close in the order of dependence."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if self._started is None:  # it never started
            self._unbind()
            return
        if not self._started.called:
            await parts.when(self._started)
        await self._doors.stop(self._settings.stop_time)
        await self._people.stop()
        await self._control.stop()
        await self._dns.stop()
        await self._requests.stop()
        await self.store.close()
        self._slow.stop()
