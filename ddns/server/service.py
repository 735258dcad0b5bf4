"""The service: which parts there are, and the order in which they start and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.config.load import parse_address
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.model.counters import UpdateCounts
from ddns.model.update import Outcome, Update
from ddns.net import endpoints
from ddns.net.dns.listener import DnsListener
from ddns.net.http.control import ControlListener
from ddns.net.http.control_fds import Give
from ddns.net.http.updates import UpdateResource
from ddns.net.listeners import Counted
from ddns.net.proxy.trust import Proxies
from ddns.net.tls import TlsError
from ddns.server import factories, sample
from ddns.server.core import Core
from ddns.server.frontends import Frontends
from ddns.server.health import Health, Stage
from ddns.server.metrics import Watched
from ddns.server.monitoring import Monitoring
from ddns.server.open_store import open_store
from ddns.server.reload import SettingsReloader
from ddns.store.interfaces import IStore, StoreError
from ddns.system.files import sample_path, socket_path
from ddns.system.sd_notify import Supervisor
from ddns.system.socket_activation import InheritedSockets


class StartupError(Exception):
    """The server cannot start; ``str()`` is one line that says why."""


class DdnsService(Service):
    """A whole server.

    Sockets are bound before privileges are dropped, everything else happens after. *failed* is
    told in one line when the server has to give up after its start; *terminal* is the descriptor
    on which a person reads, if there is one; *now* tells seconds since 1970; *dialects* are what
    HTTP speaks; *inherited* are sockets that are bound already, to be used instead of those that
    the settings tell of; *supervisor* hears how the server is; *reread* gives the settings as they
    are by now, or raises ConfigError; *store* is one that is not open yet, to be used instead
    of a database of ours, whose name still says where the control socket is. *lock* is the
    descriptor of the database's lock, if it was handed on to us; *give* ends the service and hands
    it on, if there is to be such a thing.
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
        give: Give | None = None,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._failed = failed or (lambda line: None)
        self._terminal = terminal
        self._now = now
        self._dialects = tuple(dialects)
        self._lock = lock
        self._bound = False
        self._started: Deferred[None] | None = None
        self._ready = False
        self._inherited = inherited or {}
        self._supervisor = supervisor or Supervisor(reactor)
        proxies = factories.set_trusted(Proxies(), settings.proxies)
        self._frontends = Frontends(
            settings, reactor, now, self._inherited, proxies, self._catch_up
        )
        self._reloader = SettingsReloader(
            settings,
            reread or (lambda: self._settings),
            self._apply,
            self._supervisor.reloading,
            lambda: self._say_ready() if self._ready else None,
        )
        self.core = Core(settings, reactor, now, self._reloader.for_operator, store)
        self._control = ControlListener(
            reactor,
            self.core.operations,
            socket_path(settings.database),
            self._frontends.listeners.adopt,
            give,
        )
        dns = settings.dns
        self._dns = DnsListener(
            reactor,
            self.core.engine.respond,
            [parse_address(text, "dns.listen") for text in dns.listen],
            limits=dns,
            exempt=proxies.trusts_source,
        )
        self._updates = UpdateCounts([*(dialect.name for dialect in self._dialects), "miniupdate"])
        self._health = Health(self.core.store, time.monotonic, settings.metrics.standstill_time)
        watched = Watched(
            self.core,
            self._dns,
            self._updates,
            self._connections,
            self._frontends.certificate_expiry,
            self._health.ready,
            now,
        )
        self.monitoring = Monitoring(settings.metrics, reactor, watched, self._health)

    def _connections(self) -> list[tuple[str, Counted]]:
        """Whatever has connections, by what they are for."""
        frontends = (*self._frontends.listeners.counted(), *self.monitoring.listeners.counted())
        return [("dns", self._dns.tcp), *frontends, ("control", self._control.site)]

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
            settings = self._settings
            open_store(self.core.store, settings.database, self._lock, settings.stop_time)
        except StoreError as error:
            self._unbind()
            raise StartupError(str(error)) from None
        super().startService()
        self._started = ensureDeferred(self._start())
        self._started.addErrback(self._give_up)

    def _bind(self) -> None:
        if self._bound:
            return
        try:
            if "dns" in self._inherited:
                self._dns.adopt(self._inherited["dns"])
            else:
                self._dns.bind()
            beside = self.core.people.resources(self.core.operations, self.loaded)
            resource = UpdateResource(
                self._perform,
                self._dialects,
                self._now,
                self.core.requests.note,
                beside,
                self._updates.answered,
            )
            self._frontends.open(resource, self._perform, self.core.requests.note)
            self.monitoring.open()
        except (CannotListenError, OSError, ValueError, TlsError) as error:
            self._unbind()
            raise StartupError(endpoints.reason(error)) from None
        self._bound = True

    def _unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self.monitoring.unbind()
        self._frontends.unbind()
        self._dns.stop()
        self._bound = False

    async def _start(self) -> None:
        await self.core.load()
        self._dns.start()
        self._control.start()
        self._health.reached(Stage.RUNNING)
        addresses = [host for host, _ in self._dns.addresses]
        only_loopback = self._frontends.only_loopback(addresses)
        if self.core.store.created() and self._settings.sample and only_loopback:
            await self._offer_sample()
        self._log.info(
            "answering DNS on {dns}, HTTP on {http}, HTTPS on {https}, miniupdate on {miniupdate},"
            " {zones} zones",
            dns=", ".join(f"{host}:{port}" for host, port in self._dns.addresses) or "nothing",
            **{
                name: self._frontends.listeners.shown(name)
                for name in ("http", "https", "miniupdate")
            },
            zones=len(self.core.zones),
        )
        self._ready = True
        self._say_ready()

    async def _offer_sample(self) -> None:
        dns = next(iter(self._dns.addresses), None)
        http = next(filter(None, self._frontends.listeners.addresses("http")), None)
        text = await sample.create(self.core.operations, dns, http)
        path = sample_path(self._settings.database)
        if not sample.show(text, self._terminal, path):
            self._log.info("a sample host was made; how to try it is in {path}", path=str(path))

    def _say_ready(self) -> None:
        self._supervisor.ready(f"answering for {len(self.core.zones)} zones")

    def _give_up(self, failure: Failure) -> None:
        self._log.failure("the server cannot start", failure=failure)
        self._supervisor.failed(failure.getErrorMessage())
        self._health.reached(Stage.FAILED)
        self._failed(failure.getErrorMessage())

    def reload(self) -> None:
        """Use other settings, all but where to listen and which database to have, as far as they
        can be used; the log says what came of it. Certificate and private key are read again."""
        self._reloader.or_log()

    def _apply(self, settings: Settings) -> None:
        try:
            self._frontends.apply(settings)
        except TlsError as error:
            raise ConfigError(str(error)) from None
        self._dns.limit(settings.dns)
        self.core.apply(settings)
        self._settings = settings

    async def _perform(self, update: Update) -> Outcome:
        """The pipeline, once everything is loaded. Many updates may be done in one turn of the
        reactor, and queries wait for none but the one that is being worked on."""
        began = time.monotonic()
        await self.loaded()
        self._catch_up()
        outcome = await self.core.updater.perform(update)
        self._catch_up()
        self._updates.performed(update.dialect, outcome, time.monotonic() - began)
        return outcome

    def _catch_up(self) -> None:
        self._dns.catch_up()

    async def loaded(self) -> None:
        """Wait until everything is, or the start has failed."""
        if self._started is not None and not self._started.called:
            await factories.when(self._started)

    # Connections that others have accepted -----------------------------------------------------

    def adopt(self, name: str, descriptor: int) -> None:
        """Serve one; everything has to be loaded. The descriptor is closed.

        :raises ddns.api.errors.ApiError: see :meth:`ddns.net.listeners.Listeners.adopt`.
        """
        self._frontends.listeners.adopt(name, descriptor)

    def connections(self) -> int:
        """How many connections there are, those to the control socket included."""
        return self._frontends.listeners.connections() + self._control.site.connections()

    def adopt_no_more(self) -> None:
        """Leave what comes now to whoever serves next."""
        self._frontends.listeners.adopt_no_more()

    # Stop ------------------------------------------------------------------------------------

    def stopService(self) -> Deferred[None]:
        """Take no more requests, finish those begun, and close in the order of dependence."""
        super().stopService()
        self._supervisor.stopping()
        self._health.reached(Stage.STOPPING)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if self._started is None:  # it never started
            self._unbind()
            return
        await self.loaded()
        await self._frontends.stop(self._settings.stop_time)
        await self.core.people.stop()
        await self._control.stop()
        await self._dns.stop()
        await self.core.stop()
        await self.monitoring.stop()
