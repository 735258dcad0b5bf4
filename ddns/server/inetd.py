"""``twistd ddns-inetd``: serve connections that a super-server has accepted, while no server runs.

It is a whole server that listens on the control socket only, where it is handed more connections.
It ends when it is idle, or when a server asks for the database.

``ddns-inetd`` (:mod:`ddns.server.inetd_client`) executes this, under the database's lock, when it
finds no process to hand its connection to.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python import usage

from ddns.api.errors import ApiError
from ddns.config.load import check_settings, load_settings
from ddns.config.settings import Settings
from ddns.config.tls_settings import AcmeSettings
from ddns.config.toml import ConfigError
from ddns.net.listeners import Gone
from ddns.server.service import DdnsService
from ddns.server.sockets import StartupError
from ddns.server.tap import end_with_1, own_the_process
from ddns.system import handover
from ddns.system.latch import Latch

PATIENCE = 20.0
"""Seconds that another process may hold the database's lock without serving."""

STEP = 0.05
"""Seconds between two looks at whether there are connections."""


class InetdService(Service):
    """Has a connection served by another process, or serves it and what else is handed over.

    :param settings: limits and rules; their listeners are left out.
    :param reactor: the reactor that serves.
    :param service: the name of the service: http, https, miniupdate or gnudip.
    :param connection: the descriptor of the accepted connection.
    :param lock: the descriptor of the database's lock, if the caller holds it.
    :param failed: told when the connection cannot be served.
    """

    _log = Logger()
    name = "ddns-inetd"

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        service: str,
        connection: int,
        *,
        lock: int | None = None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._first = service, connection
        self._lock = lock
        self._failed = failed
        self._server: DdnsService | None = None
        self._stopped: Latch | None = None
        self._ending = False

    def startService(self) -> None:
        """Hand the connection to a process that serves, or else begin to serve it."""
        super().startService()
        try:
            if not self._is_handed_over():
                self._begin()
        except (handover.Refused, StartupError) as error:
            self._give_up(str(error))

    def _is_handed_over(self) -> bool:
        if self._lock is not None:
            return False
        service, connection = self._first
        self._lock = handover.hand_over_or_lock(
            self._settings.database, service, connection, PATIENCE
        )
        if self._lock is None:
            self._end()
        return self._lock is None

    def _begin(self) -> None:
        assert self._lock is not None
        server = DdnsService(
            listening_nowhere(self._settings),
            self._reactor,
            lock=os.dup(self._lock),  # the store closes its own; ours holds until the very end
            release_lock=self._release_lock,
            failed=self._give_up,
        )
        server.startService()
        self._server = server
        ensureDeferred(self._serve(server))

    async def _serve(self, server: DdnsService) -> None:
        """Serve until no connection has been open for ``inetd.linger_time``."""
        await server.loaded()
        try:
            if not self._ending:
                server.adopt(*self._first)
        except Gone:
            pass
        except ApiError as error:
            self._log.error("not served: {error}", error=error)
            self._failed()
        idle_since = self._reactor.seconds()
        while not self._ending:
            now = self._reactor.seconds()
            if server.connections():
                idle_since = now
            elif now - idle_since >= self._settings.inetd.linger_time:
                break
            await deferLater(self._reactor, STEP)
        # In the same turn as the last look: a connection handed over in between would be lost.
        server.adopt_no_more()
        self._end()

    async def _release_lock(self) -> int:
        """Stop for a server that asks for the database, and return the lock's descriptor."""
        if self._ending or self._lock is None:
            raise ApiError("it is ending")
        self._log.info("a server takes over")
        self._ending = True
        await self._stop()
        self._reactor.callLater(0, self._stop_reactor)
        return self._lock

    def reload(self) -> None:
        """Read certificate and private key again."""
        if self._server is not None:
            self._server.reload()

    def _give_up(self, line: str) -> None:
        self._log.error("{line}", line=line)
        self._failed()
        self._end()

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            self._reactor.callWhenRunning(self._stop_reactor)

    def _stop_reactor(self) -> None:
        if self._reactor.running:
            self._reactor.stop()

    def stopService(self) -> Deferred[None]:
        """Stop serving, then release the lock."""
        super().stopService()
        self._ending = True
        return ensureDeferred(self._stop_and_unlock())

    async def _stop_and_unlock(self) -> None:
        await self._stop()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    async def _stop(self) -> None:
        """Stop the server, which can be stopped once, and wait until it has."""
        if self._server is None:
            return
        if self._stopped is None:
            self._stopped = Latch()
            try:
                await self._server.stopService()
            except Exception:  # whoever waits gets the lock, and this process ends, all the same
                self._log.failure("the server did not stop in order")
            self._stopped.open()
        await self._stopped.wait()


def listening_nowhere(settings: Settings) -> Settings:
    """Return the settings without listeners and sample; limits, certificate and rules stay. Orders
    for certificates take longer than such a process lives."""

    def silent(of: Any, **more: Any) -> Any:
        return dataclasses.replace(of, listen=(), **more)

    return dataclasses.replace(
        settings,
        sample=False,
        dns=silent(settings.dns),
        http=silent(settings.http),
        https=silent(settings.https, acme=AcmeSettings()),
        dot=silent(settings.dot),
        miniupdate=silent(settings.miniupdate, udp=()),
        gnudip=silent(settings.gnudip),
    )


class Options(usage.Options):
    """The command line."""

    synopsis = "[options] SERVICE"
    longdesc = (
        "Serve one connection that a super-server has accepted, for SERVICE: http, https,"
        " miniupdate or gnudip. It is handed to the server that runs; without one it is served"
        " here. What inetd starts is the program ddns-inetd, which is quicker."
    )
    optParameters = [  # noqa: RUF012
        ["config", "c", None, "A TOML file with settings"],
        ["database", "d", None, "The SQLite database (default: ddns.sqlite)"],
        ["connection", None, None, "The connection's descriptor (default: 0)", int],
        ["lock", None, None, "The descriptor of the database's lock, if it is ours", int],
    ]

    def parseArgs(self, service: str) -> None:  # type: ignore[override]
        """Take the one argument."""
        self["service"] = service

    def postOptions(self) -> None:
        """Make the settings. Errors are logged as well: standard output may be the client."""
        try:
            settings = load_settings(self["config"]) if self["config"] else Settings()
            self.settings = check_settings(
                dataclasses.replace(settings, database=self["database"] or settings.database)
            )
        except ConfigError as error:
            handover.report(str(error))
            raise usage.UsageError(str(error)) from error


def makeService(options: Options) -> IService:
    """Return the service for twistd, whose process is ours alone."""
    from twisted.internet import reactor

    connection = options["connection"]
    service = InetdService(
        options.settings,
        reactor,
        options["service"],
        handover.take_client() if connection is None else connection,
        lock=options["lock"],
        failed=end_with_1,
    )
    own_the_process(reactor, service.reload)
    return service
