"""The service: which parts there are, and the order in which they start and stop."""

from __future__ import annotations

import ipaddress
import os
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from ddns import parts, sample
from ddns.api.operations import Operations
from ddns.authenticator import Authenticator
from ddns.config import Settings, parse_address
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.model.update import Outcome, Update
from ddns.net import sockets
from ddns.net.control import ControlListener
from ddns.net.dns import DnsListener
from ddns.net.http import UpdateResource
from ddns.net.lines import AddressAnswerer, MiniupdateFactory
from ddns.net.listeners import Listeners
from ddns.net.site import LimitedSite
from ddns.net.tls import Certificate, TlsError
from ddns.paths import key_path, sample_path, socket_path
from ddns.policy.abuse import History
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.publisher import Publisher
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
        self._listeners = Listeners(reactor)
        self._certificate: Certificate | None = None
        self._udp_ports: list[IListeningPort] = []
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
        self._authenticator = Authenticator(
            self._directory,
            self._run_slow,
            time.monotonic,
            self._failures_noticed,
            Failures(window=settings.abuse.window),
        )
        self._updater = Updater(
            self.store,
            self._directory,
            self._authenticator,
            self._publisher,
            History(parts.abuse_limits(settings.abuse)),
            time.monotonic,
        )
        self._requests = RequestLog(self.store, reactor, parts.request_limits(settings.requests))
        self._operations = Operations(
            self.store,
            self._publisher.published,
            self._run_slow,
            self._now,
            self._vault,
            requests_written=self._requests.flush,
        )
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

    def _failures_noticed(self, account: str, number: int) -> None:
        noticed = self._settings.abuse.failures_noticed
        if noticed and number == noticed:
            self._log.warn(
                "{number} wrong credentials for account {account}", number=number, account=account
            )

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
            self._listen_http()
            self._listen_miniupdate()
        except (CannotListenError, OSError, ValueError, TlsError) as error:
            self._unbind()
            raise StartupError(sockets.reason(error)) from None
        self._bound = True

    def _listen_http(self) -> None:
        """Listen with and without TLS. Nothing is answered before the reactor runs, and updates
        wait until everything is loaded."""
        http, https = self._settings.http, self._settings.https
        resource = UpdateResource(self._perform, self._dialects, self._now, self._requests.note)
        site = LimitedSite(resource, self._reactor, parts.http_limits(http))
        self._listeners.listen("http", http.listen, site, site)
        if https.listen:
            certificate = https.certificate
            self._certificate = Certificate(certificate, https.private_key or certificate)
            site = LimitedSite(resource, self._reactor, parts.http_limits(http))
            secured = TLSMemoryBIOFactory(self._certificate, False, site, self._reactor)
            self._listeners.listen("https", https.listen, secured, site)

    def _listen_miniupdate(self) -> None:
        miniupdate = self._settings.miniupdate
        factory = MiniupdateFactory(
            self._perform,
            self._reactor,
            parts.line_limits(miniupdate),
            self._now,
            secrets.token_bytes,
            self._requests.note,
        )
        self._listeners.listen("miniupdate", miniupdate.listen, factory, factory)
        for text in miniupdate.udp:
            host, port = parse_address(text, "miniupdate.udp")
            answerer = AddressAnswerer(self._reactor.seconds, secrets.token_bytes)
            self._udp_ports.append(self._reactor.listenUDP(port, answerer, interface=host))

    def _unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self._listeners.unbind()
        self._stop_udp()
        self._dns.stop()
        self._bound = False

    async def _start(self) -> None:
        await self._publisher.load()
        if (sealed := self._directory.something_sealed()) is not None:
            self._unseal.check(sealed)
        self._dns.start()
        self._control.start()
        if self.store.created() and self._settings.sample and self._only_loopback():
            dns = next(iter(self._dns.addresses), None)
            http = next(filter(None, self._listeners.addresses("http")), None)
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
            **{name: self._listeners.shown(name) for name in ("http", "https", "miniupdate")},
            zones=len(self.zones),
        )

    def _only_loopback(self) -> bool:
        hosts = [host for host, _ in self._dns.addresses]
        for address in self._listeners.addresses():
            if address is None:
                return False
            hosts.append(address[0])
        return all(ipaddress.ip_address(host).is_loopback for host in hosts)

    def _give_up(self, failure: Failure) -> None:
        self._log.failure("the server cannot start", failure=failure)
        self._failed(failure.getErrorMessage())

    def reload(self) -> None:
        """Read again what may change while the server runs: certificate and private key."""
        if self._certificate is None:
            return
        try:
            self._certificate.load()
        except TlsError as error:
            self._log.error("the certificate stays as it was: {error}", error=error)
        else:
            self._log.info("the certificate was read again")

    async def _perform(self, update: Update) -> Outcome:
        """The pipeline, once everything is loaded."""
        if self._started is not None and not self._started.called:
            await _when(self._started)
        return await self._updater.perform(update)

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
            await _when(self._started)
        self._stop_udp()
        await self._listeners.stop(self._settings.stop_time)
        await self._control.stop()
        await self._dns.stop()
        await self._requests.stop()
        await self.store.close()
        self._slow.stop()

    def _stop_udp(self) -> None:
        for port in self._udp_ports:
            port.stopListening()
        self._udp_ports.clear()


def _when(started: Deferred[None]) -> Deferred[None]:
    """A Deferred of one's own for an event that others wait for as well."""
    mine: Deferred[None] = Deferred()

    def pass_on(result: Any) -> Any:
        mine.callback(None)
        return result

    started.addBoth(pass_on)
    return mine
