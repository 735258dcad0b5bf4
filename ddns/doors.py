"""Where clients of streams come in: HTTP, HTTPS, miniupdate; bound and given back together."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.resource import IResource

from ddns import parts
from ddns.config import parse_address
from ddns.net.http import Note, Perform
from ddns.net.lines import AddressAnswerer, MiniupdateFactory
from ddns.net.listeners import Listeners
from ddns.net.site import LimitedSite
from ddns.net.tls import Certificate, TlsError
from ddns.settings import Settings


class Doors:
    """*now* tells seconds since 1970."""

    _log = Logger()

    def __init__(self, settings: Settings, reactor: Any, now: Callable[[], float]) -> None:
        self._settings = settings
        self._reactor = reactor
        self._now = now
        self._certificate: Certificate | None = None
        self._udp_ports: list[IListeningPort] = []
        self.listeners = Listeners(reactor)

    def open(self, resource: IResource, perform: Perform, note: Note) -> None:
        """Listen; *resource* answers HTTP, *perform* does what miniupdate clients ask for, and
        *note* is told of it. Nothing is answered before the reactor runs.

        :raises CannotListenError, OSError, ValueError: when a socket cannot be had.
        :raises TlsError: when certificate or private key cannot be used.
        """
        self._open_http(resource)
        self._open_miniupdate(perform, note)

    def _open_http(self, resource: IResource) -> None:
        """With and without TLS."""
        http, https = self._settings.http, self._settings.https
        site = LimitedSite(resource, self._reactor, parts.http_limits(http))
        self.listeners.listen("http", http.listen, site, site)
        if https.listen:
            certificate = https.certificate
            self._certificate = Certificate(certificate, https.private_key or certificate)
            site = LimitedSite(resource, self._reactor, parts.http_limits(http))
            secured = TLSMemoryBIOFactory(self._certificate, False, site, self._reactor)
            self.listeners.listen("https", https.listen, secured, site)

    def _open_miniupdate(self, perform: Perform, note: Note) -> None:
        miniupdate = self._settings.miniupdate
        factory = MiniupdateFactory(
            perform,
            self._reactor,
            parts.line_limits(miniupdate),
            self._now,
            secrets.token_bytes,
            note,
        )
        self.listeners.listen("miniupdate", miniupdate.listen, factory, factory)
        for text in miniupdate.udp:
            host, port = parse_address(text, "miniupdate.udp")
            answerer = AddressAnswerer(self._reactor.seconds, secrets.token_bytes)
            self._udp_ports.append(self._reactor.listenUDP(port, answerer, interface=host))

    def certificate_expiry(self) -> float | None:
        """When the certificate for HTTPS runs out, in seconds since 1970; None without one."""
        return self._certificate.good_until if self._certificate else None

    def unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        self.listeners.unbind()
        self._stop_udp()

    async def stop(self, patience: float) -> None:
        """Accept nothing more; give what was begun so many seconds to finish."""
        self._stop_udp()
        await self.listeners.stop(patience)

    def _stop_udp(self) -> None:
        for port in self._udp_ports:
            port.stopListening()
        self._udp_ports.clear()

    def only_loopback(self, others: Iterable[str]) -> bool:
        """Whether only this machine can reach these doors, and *others*, which are addresses."""
        hosts = list(others)
        for address in self.listeners.addresses():
            if address is None:
                return False
            hosts.append(address[0])
        return all(ipaddress.ip_address(host).is_loopback for host in hosts)

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
