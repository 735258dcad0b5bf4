"""What this server may be asked to connect to: nothing inside its operator's network."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from ddns.model.outward import PORTS, OutwardError
from ddns.model.records import address_from_text
from ddns.policy.addresses import NetworkSet, is_public

MAX_URL = 2000
"""Characters."""

_HOST = re.compile(r"(?=.{1,253}\.?\Z)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII)


class Target(NamedTuple):
    """Where a URL leads. ``host`` is a name in lower case without a dot at its end, or an address
    without brackets."""

    tls: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TargetRules:
    """Where connections may lead.

    :param allowed: networks that may be reached though they are not public.
    :param ports: those that URLs may have; empty for all.
    :param plain_http: whether HTTP may be spoken without TLS.
    """

    allowed: NetworkSet = field(default_factory=NetworkSet)
    ports: frozenset[int] = frozenset((80, 443))
    plain_http: bool = False

    def target(self, url: str) -> Target:
        """Return where a URL leads.

        :raises OutwardError: when that is nowhere, or not allowed whatever its name resolves to.
        """
        if len(url) > MAX_URL or not re.fullmatch(r"[!-~]+", url) or "\\" in url or "#" in url:
            raise OutwardError("the URL is too long, or has characters that it may not have")
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
            if "[" in parts.netloc:
                ipaddress.IPv6Address(host)
        except ValueError:
            raise OutwardError("the URL cannot be understood") from None
        if parts.scheme not in ("http", "https"):
            raise OutwardError("the URL does not begin with https:// or http://")
        if "@" in parts.netloc:
            raise OutwardError("the URL has a user name or password before its host")
        if parts.scheme == "http" and not self.plain_http:
            raise OutwardError("the URL does not begin with https://")
        tls = parts.scheme == "https"
        target = Target(tls, self.host(host), PORTS[parts.scheme] if port is None else port)
        if not 0 < target.port < 65536 or (self.ports and target.port not in self.ports):
            raise OutwardError(f"port {target.port} may not be reached from here")
        return target

    def server(self, host: str, port: int) -> str:
        """Return the host of a DNS server, as :class:`Target` has it.

        :raises OutwardError: when it may not be reached.
        """
        if port != PORTS["dns"] and self.ports and port not in self.ports:
            raise OutwardError(f"port {port} may not be reached from here")
        return self.host(host)

    def host(self, text: str) -> str:
        """Return a host, a name or an address, as :class:`Target` has it.

        :raises OutwardError: when it is neither, or an address that may not be reached.
        """
        host = text.lower()
        if address_from_text(host) is not None:
            self.check(host, host)
            return host
        if not _HOST.fullmatch(host):
            raise OutwardError("there is no host name or address")
        return host.removesuffix(".")

    def opened(self, address: str) -> bool:
        """Return whether the operator lets this address be reached whatever it is."""
        return address in self.allowed

    def check(self, host: str, address: str) -> None:
        """Check an address of a host.

        :raises OutwardError: when it may not be reached.
        """
        packed = address_from_text(address)
        if packed is None or not (self.opened(address) or is_public(packed)):
            raise OutwardError(
                f"{host} is not a public address"
                if host == address
                else f"{host} has an address that is not public"
            )
