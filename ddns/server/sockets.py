"""All that a server listens on: bound together, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.error import CannotListenError

from ddns.config.load import parse_address
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError
from ddns.dialects.base import Dialect
from ddns.net import endpoints
from ddns.net.dns.listener import DnsListener
from ddns.net.http.control import ControlListener
from ddns.net.http.control_fds import Give
from ddns.net.listeners import Counted
from ddns.net.proxy.trust import Proxies
from ddns.net.tls import TlsError
from ddns.server import descriptors, factories
from ddns.server.certificate import certificate_of
from ddns.server.core import Core
from ddns.server.frontends import Frontends
from ddns.server.health import Health
from ddns.server.metrics import Watched
from ddns.server.monitoring import Monitoring
from ddns.system.files import socket_path
from ddns.system.socket_activation import STREAMS, InheritedSockets


class StartupError(Exception):
    """The server cannot start; ``str()`` is one line that says why."""


class Sockets:
    """The listeners of a server, and the certificate that they show.

    :param settings: where to listen, and the limits of clients.
    :param reactor: the reactor that serves.
    :param core: what answers.
    :param now: seconds since 1970.
    :param dialects: what HTTP speaks.
    :param inherited: sockets that are bound already, used instead of those in *settings*.
    :param health: what supervisors are told.
    :param release_lock: see :class:`ddns.net.http.control.ControlListener`.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        core: Core,
        now: Callable[[], float],
        dialects: Iterable[Dialect],
        inherited: InheritedSockets,
        health: Health,
        release_lock: Give | None,
    ) -> None:
        self._inherited = inherited
        self._pipeline = core.pipeline
        self._bound = False
        proxies = factories.set_trusted(Proxies(), settings.proxies)
        dns = settings.dns
        self.dns = DnsListener(
            reactor,
            core.engine.respond,
            [parse_address(text, "dns.listen") for text in dns.listen],
            limits=dns,
            fast=core.engine.compiled,
            exempt=proxies.trusts_source,
        )
        core.pipeline.between = self.dns.catch_up
        self.certificate = certificate_of(
            core, settings, reactor, now, lambda: self.frontends.listeners.addresses("http")
        )
        beside = {**self.certificate.resources(), **core.beside()}
        self._resource = core.resource(dialects, beside)
        self.frontends = Frontends(
            *(settings, reactor, inherited, proxies),
            between=self.dns.catch_up,
            granted=core.tools.max_body,
            certificate=self.certificate,
        )
        core.running.has_https = self.frontends.has_https
        self.control = ControlListener(
            reactor,
            core.operations,
            socket_path(settings.database),
            self.frontends.listeners.adopt,
            release_lock,
        )
        watched = Watched(core, self.dns, self._connections, self.certificate, health.ready, now)
        self.monitoring = Monitoring(settings.metrics, reactor, watched, health)

    def _connections(self) -> list[tuple[str, Counted]]:
        """Return whatever has connections, by the name of its service."""
        frontends = (*self.frontends.listeners.counted(), *self.monitoring.listeners.counted())
        return [("dns", self.dns.tcp), *frontends, ("control", self.control.site)]

    def connections(self) -> int:
        """Return how many connections are open that were begun by others: clients of HTTP, HTTPS
        and miniupdate, and of the control socket."""
        return self.frontends.listeners.connections() + self.control.site.connections()

    def bind(self) -> None:
        """Bind all sockets but the control socket, unless that is done.

        :raises StartupError: when one cannot be had; then none is bound.
        """
        if self._bound:
            return
        try:
            if "dns" in self._inherited:
                self.dns.adopt(self._inherited["dns"])
            else:
                self.dns.bind()
            self.frontends.open(self._resource, self._pipeline, self.dns.for_tls())
            self.monitoring.open()
        except (CannotListenError, OSError, ValueError, TlsError) as error:
            self.unbind()
            raise StartupError(endpoints.reason(error)) from None
        descriptors.fit(self._connections())
        self._bound = True

    def unbind(self) -> None:
        """Close the sockets of a start that has failed, without a reactor that runs."""
        self.monitoring.unbind()
        self.frontends.unbind()
        self.dns.stop()
        self._bound = False

    def shown(self) -> dict[str, str]:
        """Return where each service listens, for people."""
        dns = ", ".join(f"{host}:{port}" for host, port in self.dns.addresses) or "nothing"
        return {"dns": dns} | {one: self.frontends.listeners.shown(one) for one in STREAMS}

    def apply(self, settings: Settings) -> None:
        """Use these settings, except where to listen.

        :raises ConfigError: when TLS cannot use the certificate; then nothing is changed.
        """
        try:
            self.frontends.apply(settings)
        except TlsError as error:
            raise ConfigError(str(error)) from None
        self.dns.limit(settings.dns)
        descriptors.fit(self._connections())
