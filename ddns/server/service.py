"""The service: the parts of a server, and the order in which they start and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.config.settings import Settings
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.net.http.control_fds import Give
from ddns.server import sample
from ddns.server.core import Core
from ddns.server.health import Health, Stage
from ddns.server.open_store import open_store
from ddns.server.reload import SettingsReloader
from ddns.server.sockets import Sockets, StartupError
from ddns.store.interfaces import IStore, StoreError
from ddns.system.files import sample_path
from ddns.system.latch import Latch
from ddns.system.sd_notify import Supervisor
from ddns.system.socket_activation import InheritedSockets


class DdnsService(Service):
    """A whole server.

    Sockets are bound before privileges are dropped, everything else happens after.

    :param settings: all of them.
    :param reactor: the reactor that serves.
    :param failed: told in one line when the server gives up after its start.
    :param terminal: the descriptor of a person's terminal, for how to try the sample.
    :param now: seconds since 1970.
    :param dialects: what HTTP speaks.
    :param inherited: sockets that are bound already, used instead of those in *settings*.
    :param supervisor: told when the server is ready, reloads, stops or fails.
    :param reread: returns the settings as they are by now, or raises ConfigError.
    :param store: one that is not open yet; the database's name still places the control socket.
    :param lock: the descriptor of the database's lock, if another process has handed it over.
    :param release_lock: ends the service and returns the lock, if another may ask for it.
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
        inherited: InheritedSockets | None = None,
        supervisor: Supervisor | None = None,
        reread: Callable[[], Settings] | None = None,
        store: IStore | None = None,
        lock: int | None = None,
        release_lock: Give | None = None,
    ) -> None:
        self._settings = settings
        self._failed = failed or (lambda line: None)
        self._terminal = terminal
        self._lock = lock
        self._started: Latch | None = None
        self._ready = False
        self._supervisor = supervisor or Supervisor(reactor)
        self._reloader = SettingsReloader(
            settings,
            reread or (lambda: self._settings),
            self._apply,
            self._supervisor.reloading,
            lambda: self._say_ready() if self._ready else None,
        )
        self.core = Core(settings, reactor, now, self._reloader.for_operator, store)
        self._health = Health(self.core.store, time.monotonic, settings.metrics.standstill_time)
        self._sockets = Sockets(
            *(settings, reactor, self.core, now, dialects, inherited or {}),
            self._health,
            release_lock,
        )
        self.monitoring = self._sockets.monitoring

    # Start -------------------------------------------------------------------------------------

    # twistd calls privilegedStartService as root, drops privileges, and then calls startService.
    # twist and applications that start a service by hand call the latter only.

    def privilegedStartService(self) -> None:
        """Bind the sockets, which may need root."""
        self._sockets.bind()

    def startService(self) -> None:
        """Bind unless that is done, open the database, and begin to load it.

        :raises StartupError: in one line, when a socket or the database cannot be had.
        """
        self._sockets.bind()
        try:
            settings = self._settings
            open_store(self.core.store, settings.database, self._lock, settings.stop_time)
        except StoreError as error:
            self._sockets.unbind()
            raise StartupError(str(error)) from None
        super().startService()
        self._started = Latch()
        ensureDeferred(self._start_or_give_up(self._started))

    async def _start_or_give_up(self, started: Latch) -> None:
        try:
            await self._start()
        except Exception:
            self._give_up(Failure())
        finally:
            started.open()

    async def _start(self) -> None:
        for line in self.core.exposed():
            self._log.warn("{line}", line=line)
        await self.core.load()
        sockets = self._sockets
        sockets.dns.start()
        sockets.control.start()
        self._health.reached(Stage.RUNNING)
        addresses = [host for host, _ in sockets.dns.addresses]
        sockets.certificate.start()
        if addresses:  # else nobody could come for what has changed
            self.core.notify(addresses)
        only_loopback = sockets.frontends.only_loopback(addresses)
        if self.core.store.created() and self._settings.sample and only_loopback:
            path = sample_path(self._settings.database)
            http = sockets.frontends.listeners.addresses("http")
            dns = sockets.dns.addresses
            await sample.offer(self.core.operations, dns, http, self._terminal, path)
        over_tls = ", DNS over TLS on {dot}" if self._settings.dot.listen else ""
        gnudip = ", GnuDIP on {gnudip}" if self._settings.gnudip.listen else ""
        self._log.info(
            "answering DNS on {dns}, HTTP on {http}, HTTPS on {https}, miniupdate on {miniupdate}"
            f"{gnudip}{over_tls}, {{zones}} zones, fast path {{fast_path}}",
            **sockets.shown(),
            zones=len(self.core.zones),
            fast_path="compiled" if self.core.running.fast_path == "compiled" else "in Python",
        )
        self._ready = True
        self._say_ready()

    def _say_ready(self) -> None:
        self._supervisor.ready(f"answering for {len(self.core.zones)} zones")

    def _give_up(self, failure: Failure) -> None:
        if failure.check(StoreError):
            self._log.critical("the server cannot start: {error}", error=failure.value)
        else:
            self._log.failure("the server cannot start", failure=failure)
        self._supervisor.failed(failure.getErrorMessage())
        self._health.reached(Stage.FAILED)
        self._failed(failure.getErrorMessage())

    async def loaded(self) -> None:
        """Wait until the start is complete or has failed."""
        if self._started is not None:
            await self._started.wait()

    # Settings ----------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read the settings, the certificate and its private key again, and log what came of it.
        Where to listen and which database to use stay as they were."""
        self._reloader.or_log()

    def _apply(self, settings: Settings) -> None:
        self._sockets.apply(settings)
        self.core.apply(settings)
        self._settings = settings

    # Connections that other processes have accepted --------------------------------------------

    def adopt(self, name: str, descriptor: int) -> None:
        """Serve a connection once everything is loaded. The descriptor is closed.

        :raises ddns.api.errors.ApiError: see :meth:`ddns.net.listeners.Listeners.adopt`.
        """
        self._sockets.frontends.listeners.adopt(name, descriptor)

    def connections(self) -> int:
        """Return how many connections are open, those to the control socket included."""
        return self._sockets.connections()

    def adopt_no_more(self) -> None:
        """Leave connections to whoever serves next."""
        self._sockets.frontends.listeners.adopt_no_more()

    # Stop --------------------------------------------------------------------------------------

    def stopService(self) -> Deferred[None]:
        """Take no more requests, finish those begun, and close in the order of dependence."""
        super().stopService()
        self._supervisor.stopping()
        self._health.reached(Stage.STOPPING)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if self._started is None:
            self._sockets.unbind()
            self.core.pipeline.close()
            return
        await self.loaded()
        await self._sockets.certificate.stop()
        await self._sockets.frontends.stop(self._settings.stop_time)
        await self.core.account_services.stop()
        await self._sockets.control.stop()
        await self._sockets.dns.stop()
        await self.core.stop()
        await self.monitoring.stop()
