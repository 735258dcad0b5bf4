"""Make parts of a server from its settings."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

from ddns.config.load import UNIX, parse_network
from ddns.config.settings import (
    DnsSettings,
    HttpSettings,
    MiniupdateSettings,
    ProxiesSettings,
    RateLimitSettings,
    RegistrationSettings,
)
from ddns.net.dns.listener import TcpLimits
from ddns.net.http.channel import HttpLimits
from ddns.net.miniupdate_tcp import MiniupdateLimits
from ddns.net.proxy.trust import Proxies
from ddns.policy.addresses import NetworkSet
from ddns.policy.registration import DAY, Rules
from ddns.zone.cookies import Cookies
from ddns.zone.rrl import RateLimiter


def http_limits(settings: HttpSettings) -> HttpLimits:
    """Return the limits of a client of HTTP or HTTPS."""
    return HttpLimits(**_common(settings, HttpLimits))


def line_limits(settings: MiniupdateSettings) -> MiniupdateLimits:
    """Return the limits of a miniupdate client."""
    return MiniupdateLimits(**_common(settings, MiniupdateLimits))


def believe(proxies: Proxies, settings: ProxiesSettings) -> Proxies:
    """Have *proxies* trust what the settings say, and return it."""
    networks = [parse_network(text, "proxies.trusted") for text in settings.trusted if text != UNIX]
    header = settings.header.lower().replace("off", "")
    proxies.believe(NetworkSet(networks), unix=UNIX in settings.trusted, header=header)
    return proxies


def _common(settings: HttpSettings | MiniupdateSettings, kind: type[Any]) -> dict[str, Any]:
    """Return the settings that have the name of a field of *kind*."""
    names = {field.name for field in dataclasses.fields(kind)}
    given = dataclasses.asdict(settings)
    return {name: value for name, value in given.items() if name in names}


def tcp_limits(settings: DnsSettings) -> TcpLimits:
    """Return the limits of a client of DNS over TCP."""
    return TcpLimits(
        total=settings.tcp_connections,
        per_source=settings.tcp_connections_per_address,
        idle=settings.tcp_idle_time,
        message=settings.tcp_message_time,
    )


def rate_limiter(settings: RateLimitSettings, clock: Callable[[], float]) -> RateLimiter | None:
    """Make the limiter of UDP replies; None for no limit."""
    if not settings.responses_per_second:
        return None
    return RateLimiter(
        clock,
        secrets.token_bytes,
        per_second=settings.responses_per_second,
        slip=settings.slip,
        slots=settings.table_size,
        ipv4_prefix=settings.ipv4_prefix,
        ipv6_prefix=settings.ipv6_prefix,
    )


def cookies(settings: DnsSettings, now: Callable[[], float]) -> Cookies | None:
    """Make what makes and checks DNS cookies; None if they are switched off."""
    if not settings.cookies:
        return None
    return Cookies(
        now,
        secrets.token_bytes,
        secret=bytes.fromhex(settings.cookie_secret),
        accepted=bytes.fromhex(settings.cookie_secret_accepted),
    )


def rules(settings: RegistrationSettings) -> Rules:
    """Return the rules of what people may register."""
    given = dataclasses.asdict(settings)
    quarantine = given.pop("quarantine_days") * DAY
    return Rules(**given, quarantine=quarantine)
