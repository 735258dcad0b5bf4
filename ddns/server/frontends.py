"""The listeners of clients, bound and given back together."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.web.http_headers import Headers
from twisted.web.resource import IResource

from ddns.config.load import parse_address, split_listeners
from ddns.config.settings import Settings
from ddns.model.text import is_loopback
from ddns.net.dns.dot import DotFactory
from ddns.net.http.site import LimitedSite
from ddns.net.lines import GnudipFactory, LineFactory, MiniupdateFactory
from ddns.net.listeners import Connections, Listeners
from ddns.net.miniupdate_udp import AddressAnswerer
from ddns.net.proxy.listener import ProxiedFactory
from ddns.net.proxy.trust import Proxies
from ddns.net.tls import TlsFactory
from ddns.server import factories
from ddns.server.certificate import ServerCertificate
from ddns.system.socket_activation import PROXIED, InheritedSockets, of_kind
from ddns.updates.door import Door
from ddns.updates.pipeline import Pipeline

_LINES: Mapping[str, type[LineFactory[Any]]] = {
    "miniupdate": MiniupdateFactory,
    "gnudip": GnudipFactory,
}


class Frontends:
    """The sites of HTTP and HTTPS, the factories of line protocols, and their ports.

    :param settings: where to listen, and the limits of clients.
    :param reactor: for sockets and deadlines.
    :param inherited: sockets by the name of their service, used instead of those in *settings*.
    :param proxies: who is trusted to say where a client is; set from *settings* here.
    :param between: called before each piece that a client of HTTP sends.
    :param granted: how large a body may be, see :class:`ddns.net.http.site.LimitedSite`.
    :param certificate: for TLS.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        inherited: InheritedSockets,
        proxies: Proxies,
        between: Callable[[], None],
        granted: Callable[[bytes, bytes, Headers], int],
        certificate: ServerCertificate,
    ) -> None:
        self._inherited = inherited
        self._settings = settings
        self._proxies = proxies
        self._between = between
        self._granted = granted
        self._reactor = reactor
        self._certificate = certificate
        self._sites: list[LimitedSite] = []
        self._lines: dict[str, LineFactory[Any]] = {}
        self._dot: DotFactory | None = None
        self._before: dict[str, ProxiedFactory] = {}
        self._udp_ports: list[IListeningPort] = []
        self.listeners = Listeners(reactor)

    def open(self, resource: IResource, pipeline: Pipeline, dot: DotFactory) -> None:
        """Listen: *resource* answers HTTP, *pipeline* performs what comes in lines,
        *dot* answers DNS over TLS. Nothing is answered before the reactor runs.

        :raises CannotListenError, OSError, ValueError: when a socket cannot be had.
        :raises TlsError: when certificate or private key cannot be used.
        """
        self._open_http(resource, pipeline.door)
        self._open_dot(dot)
        self._certificate.check_use()
        self._open_lines(pipeline)
        self._open_datagrams()

    def has_https(self) -> bool:
        """Return whether there is a site of HTTPS, if only for connections that are handed over."""
        https = self._settings.https
        return bool(https.certificates) or self._is_asked_for("https", https.listen)

    def _open_http(self, resource: IResource, door: Door) -> None:
        """Open the sites: that of HTTPS even without a port, for connections may be handed over."""
        http, https = self._settings.http, self._settings.https
        site = self._site(resource)
        self._listen("http", http.listen, site, site)
        if self.has_https():
            site = self._site(resource)
            secured = self._secured(site)
            secured.on_trouble = door.note
            self._listen("https", https.listen, secured, site)

    def _site(self, resource: IResource) -> LimitedSite:
        limits = self._settings.http
        site = LimitedSite(
            resource, self._reactor, limits, self._proxies, self._between, self._granted
        )
        self._sites.append(site)
        return site

    def _open_dot(self, factory: DotFactory) -> None:
        dot = self._settings.dot
        if self._is_asked_for("dot", dot.listen):
            self._dot = factory
            self._listen("dot", dot.listen, self._secured(factory), factory)

    def _is_asked_for(self, name: str, listen: tuple[str, ...]) -> bool:
        return bool(listen or self._inherited.keys() & {name, f"{PROXIED}{name}"})

    def _secured(self, factory: IProtocolFactory) -> TlsFactory:
        """Return a factory with TLS around it."""
        return TlsFactory(self._certificate.opened(), False, factory, self._reactor)

    def _open_lines(self, pipeline: Pipeline) -> None:
        """Open the line protocols, those without a port too: connections may be handed over."""
        for name, kind in _LINES.items():
            of = getattr(self._settings, name)
            factory = kind(pipeline, self._reactor, of, secrets.token_bytes, self._proxies)
            self._lines[name] = factory
            self._listen(name, of.listen, factory, factory)

    def _open_datagrams(self) -> None:
        miniupdate = self._settings.miniupdate
        datagrams = of_kind(self._inherited.get("miniupdate", ()), socket.SOCK_DGRAM)
        for sock in datagrams:
            port = self._reactor.adoptDatagramPort(sock.fileno(), sock.family, self._answerer())
            self._udp_ports.append(port)
            sock.close()
        for text in () if datagrams else miniupdate.udp:
            host, number = parse_address(text, "miniupdate.udp")
            port = self._reactor.listenUDP(number, self._answerer(), interface=host)
            self._udp_ports.append(port)

    def _answerer(self) -> AddressAnswerer:
        return AddressAnswerer(self._reactor.seconds, secrets.token_bytes)

    def _listen(
        self,
        name: str,
        descriptions: Iterable[str],
        factory: IProtocolFactory,
        connections: Connections,
    ) -> None:
        """Listen for clients, and for proxies that send a PROXY header first."""
        given, given_proxied = (
            of_kind(self._inherited.get(prefix + name, ()), socket.SOCK_STREAM)
            for prefix in ("", PROXIED)
        )
        direct, proxied = split_listeners(() if given or given_proxied else descriptions)
        self.listeners.listen(name, direct, factory, connections, given)
        self.listeners.adopt_for(name, factory)  # a connection handed over comes from no proxy
        if given_proxied and not self._settings.proxies.trusted:
            raise ValueError("proxies.trusted: expected networks, for the socket passed to us")
        if proxied or given_proxied:
            timeout, total = _waits(self._settings, name)
            before = ProxiedFactory(
                factory, self._proxies, self._reactor, timeout=timeout, total=total
            )
            self._before[name] = before
            self.listeners.listen(
                name, proxied, before, before, given_proxied, label=f"{PROXIED}{name}"
            )

    def unbind(self) -> None:
        """Close the sockets of a start that has failed, without a reactor that runs."""
        self.listeners.unbind()
        self._stop_udp()

    async def stop(self, patience: float) -> None:
        """Accept nothing more, and finish what was begun within *patience* seconds."""
        self._stop_udp()
        await self.listeners.stop(patience)

    def _stop_udp(self) -> None:
        for port in self._udp_ports:
            port.stopListening()
        self._udp_ports.clear()

    def only_loopback(self, others: Iterable[str]) -> bool:
        """Return whether only this machine can reach our listeners and the addresses *others*."""
        if self._settings.proxies.trusted:  # which anybody may come through
            return False
        hosts = list(others)
        for address in self.listeners.addresses():
            if address is None:
                return False
            hosts.append(address[0])
        return all(map(is_loopback, hosts))

    def apply(self, settings: Settings) -> None:
        """Use these settings, except where to listen. Certificate and private key are read again;
        open connections keep those that they began with.

        :raises TlsError: when these cannot be used; then nothing is changed.
        """
        self._certificate.apply(settings)
        for site in self._sites:
            site.limit(settings.http)
        for name, factory in self._lines.items():
            factory.limit(getattr(settings, name))
        if self._dot is not None:
            self._dot.limit(settings.dns)
        for name, before in self._before.items():
            before.limit(*_waits(settings, name))
        factories.set_trusted(self._proxies, settings.proxies)
        self._settings = settings


def _waits(settings: Settings, name: str) -> tuple[float, int]:
    """Return how many seconds a proxy has for its header, as many as a client for its first words,
    and how many connections may wait for theirs."""
    if name in _LINES:
        limits = getattr(settings, name)
        return limits.idle_time, limits.connections
    if name == "dot":
        return settings.dns.tcp_message_time, settings.dns.tcp_connections
    return settings.http.request_time, settings.http.connections
