"""From settings to the parts of a server that have some: the one place that knows both."""

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
    """What a client over HTTP or HTTPS may cost."""
    return HttpLimits(**_common(settings, HttpLimits))


def line_limits(settings: MiniupdateSettings) -> MiniupdateLimits:
    """What a miniupdate client may cost."""
    return MiniupdateLimits(**_common(settings, MiniupdateLimits))


def believe(proxies: Proxies, settings: ProxiesSettings) -> Proxies:
    """From now on these proxies are believed."""
    networks = [parse_network(text, "proxies.trusted") for text in settings.trusted if text != UNIX]
    header = settings.header.lower().replace("off", "")
    proxies.believe(NetworkSet(networks), unix=UNIX in settings.trusted, header=header)
    return proxies


def _common(settings: HttpSettings | MiniupdateSettings, kind: type[Any]) -> dict[str, Any]:
    """The settings that go by the same name where they are used."""
    names = {field.name for field in dataclasses.fields(kind)}
    given = dataclasses.asdict(settings)
    return {name: value for name, value in given.items() if name in names}


def tcp_limits(settings: DnsSettings) -> TcpLimits:
    """What a client of DNS over TCP may cost."""
    return TcpLimits(
        total=settings.tcp_connections,
        per_source=settings.tcp_connections_per_address,
        idle=settings.tcp_idle_time,
        message=settings.tcp_message_time,
    )


def rate_limiter(settings: RateLimitSettings, clock: Callable[[], float]) -> RateLimiter | None:
    """What limits the rate of UDP replies, if anything is to."""
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
    """What makes and checks DNS cookies, if they are to be used."""
    if not settings.cookies:
        return None
    return Cookies(
        now,
        secrets.token_bytes,
        secret=bytes.fromhex(settings.cookie_secret),
        accepted=bytes.fromhex(settings.cookie_secret_accepted),
    )


def rules(settings: RegistrationSettings) -> Rules:
    """What people may register."""
    given = dataclasses.asdict(settings)
    quarantine = given.pop("quarantine_days") * DAY
    return Rules(**given, quarantine=quarantine)
