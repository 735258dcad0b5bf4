"""From settings to the parts of a server that have some: the one place that knows both."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from ddns.config import DnsSettings, HttpSettings, MiniupdateSettings, RateLimitSettings
from ddns.net.dns import TcpLimits
from ddns.net.lines import LineLimits
from ddns.net.site import HttpLimits
from ddns.zone.cookies import Cookies
from ddns.zone.limits import RateLimiter


def http_limits(settings: HttpSettings) -> HttpLimits:
    """What a client over HTTP or HTTPS may cost."""
    return HttpLimits(
        request_line=settings.request_line,
        headers=settings.headers,
        body=settings.body,
        request_time=settings.request_time,
        idle_time=settings.idle_time,
        connections=settings.connections,
        connections_per_address=settings.connections_per_address,
    )


def line_limits(settings: MiniupdateSettings) -> LineLimits:
    """What a miniupdate client may cost."""
    return LineLimits(
        connections=settings.connections,
        connections_per_address=settings.connections_per_address,
        idle_time=settings.idle_time,
        session_time=settings.session_time,
        challenge_time=settings.challenge_time,
    )


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
