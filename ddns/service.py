"""The service: which parts there are, and the order in which they start and stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns import parts, sample
from ddns.config import parse_address
from ddns.core import Core
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.doors import Doors
from ddns.health import Health, Stage
from ddns.metrics import Watched
from ddns.model.counting import Updates
from ddns.model.update import Outcome, Update
from ddns.monitoring import Monitoring
from ddns.net import sockets
from ddns.net.control import ControlListener
from ddns.net.dns import DnsListener
from ddns.net.http import UpdateResource
from ddns.net.listeners import Counted
from ddns.net.tls import TlsError
from ddns.paths import sample_path, socket_path
from ddns.settings import Settings
from ddns.store.database import StoreInUse
from ddns.store.interfaces import StoreError

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
        self.core = Core(settings, reactor, now)
        self._control = ControlListener(
            reactor, self.core.operations, socket_path(settings.database)
        )
        dns = settings.dns
        self._dns = DnsListener(
            reactor,
            self.core.engine.respond,
            [parse_address(text, "dns.listen") for text in dns.listen],
            limits=parts.tcp_limits(dns),
        )
        self._updates = Updates([*(dialect.name for dialect in self._dialects), "miniupdate"])
        self._health = Health(self.core.store, time.monotonic, settings.metrics.standstill_time)
        watched = Watched(
            self.core,
            self._dns,
            self._updates,
            self._connections,
            self._doors.certificate_expiry,
            self._health.ready,
            now,
        )
        self.monitoring = Monitoring(settings.metrics, reactor, watched, self._health)

    def _connections(self) -> list[tuple[str, Counted]]:
        """Whatever has connections, by what they are for."""
        doors = (*self._doors.listeners.connections(), *self.monitoring.listeners.connections())
        return [("dns", self._dns.tcp), *doors, ("control", self._control.site)]

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
        self._started = ensureDeferred(self._start())
        self._started.addErrback(self._give_up)

    def _open_store(self) -> None:
        """Open the database; a ``ddns`` command that is at it gets a moment to finish."""
        deadline = time.monotonic() + COMMAND_TIME
        while True:
            try:
                return self.core.store.open()
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
            beside = self.core.people.resources(self.core.operations, self._loaded)
            resource = UpdateResource(
                self._perform,
                self._dialects,
                self._now,
                self.core.requests.note,
                beside,
                self._updates.answered,
            )
            self._doors.open(resource, self._perform, self.core.requests.note)
            self.monitoring.open()
        except (CannotListenError, OSError, ValueError, TlsError) as error:
            self._unbind()
            raise StartupError(sockets.reason(error)) from None
        self._bound = True

    def _unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self.monitoring.unbind()
        self._doors.unbind()
        self._dns.stop()
        self._bound = False

    async def _start(self) -> None:
        await self.core.load()
        self._dns.start()
        self._control.start()
        self._health.reached(Stage.RUNNING)
        addresses = [host for host, _ in self._dns.addresses]
        only_loopback = self._doors.only_loopback(addresses)
        if self.core.store.created() and self._settings.sample and only_loopback:
            dns = next(iter(self._dns.addresses), None)
            http = next(filter(None, self._doors.listeners.addresses("http")), None)
            text = await sample.create(self.core.operations, dns, http)
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
            zones=len(self.core.zones),
        )

    def _give_up(self, failure: Failure) -> None:
        self._log.failure("the server cannot start", failure=failure)
        self._health.reached(Stage.FAILED)
        self._failed(failure.getErrorMessage())

    def reload(self) -> None:
        """Read again what may change while the server runs: certificate and private key."""
        self._doors.reload()

    async def _perform(self, update: Update) -> Outcome:
        """The pipeline, once everything is loaded."""
        began = time.monotonic()
        if self._started is not None and not self._started.called:
            await parts.when(self._started)
        outcome = await self.core.updater.perform(update)
        self._updates.performed(update.dialect, outcome, time.monotonic() - began)
        return outcome

    async def _loaded(self) -> None:
        if self._started is not None and not self._started.called:
            await parts.when(self._started)

    # Stop ------------------------------------------------------------------------------------

    def stopService(self) -> Deferred[None]:
        """Take no more requests, finish those begun, and close in the order of dependence."""
        super().stopService()
        self._health.reached(Stage.STOPPING)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if self._started is None:  # it never started
            self._unbind()
            return
        if not self._started.called:
            await parts.when(self._started)
        await self._doors.stop(self._settings.stop_time)
        await self.core.people.stop()
        await self._control.stop()
        await self._dns.stop()
        await self.core.stop()
        await self.monitoring.stop()
