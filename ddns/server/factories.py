"""Make parts of a server from its settings."""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Callable

from ddns.config.load import UNIX, parse_network
from ddns.config.outward import OutwardSettings
from ddns.config.settings import (
    AcmeDnsSettings,
    DnsSettings,
    ProxiesSettings,
    RateLimitSettings,
    Settings,
)
from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.model.relays import OpenTo as RelaysOpenTo
from ddns.net.proxy.trust import Proxies
from ddns.policy.acme_dns import AcmeDnsRules
from ddns.policy.addresses import NetworkSet
from ddns.policy.registration import DAY, Rules
from ddns.policy.relays import RelayRules
from ddns.policy.targets import TargetRules
from ddns.zone.cookies import Cookies
from ddns.zone.rrl import RateLimiter


def set_trusted(proxies: Proxies, settings: ProxiesSettings) -> Proxies:
    """Trust the proxies of the settings, and only these."""
    networks = [parse_network(text, "proxies.trusted") for text in settings.trusted if text != UNIX]
    header = settings.header.lower().replace("off", "")
    proxies.set_trusted(NetworkSet(networks), unix=UNIX in settings.trusted, header=header)
    return proxies


def rate_limiter(
    settings: RateLimitSettings, clock: Callable[[], float], before: RateLimiter | None = None
) -> RateLimiter | None:
    """Make the limiter of UDP replies, which goes on counting what *before* has; None for no
    limit."""
    if not settings.responses_per_second:
        return None
    limiter = RateLimiter(
        clock,
        secrets.token_bytes,
        per_second=settings.responses_per_second,
        octets_per_second=settings.responses_per_second * settings.octets_per_response,
        slip=settings.slip,
        slots=settings.table_size,
        ipv4_prefix=settings.ipv4_prefix,
        ipv6_prefix=settings.ipv6_prefix,
    )
    if before is not None:  # metrics must not go backwards
        limiter.slipped, limiter.dropped = before.slipped, before.dropped
    return limiter


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


def rules(settings: Settings) -> Rules:
    """Return the rules of what people may register."""
    given = dataclasses.asdict(settings.registration)
    quarantine = given.pop("quarantine_days") * DAY
    return Rules(
        **given,
        quarantine=quarantine,
        notice_targets=settings.notices.targets,
        acme_dns=_acme_dns_rules(settings.acme_dns),
        relays=_relay_rules(settings),
    )


def _relay_rules(settings: Settings) -> RelayRules:
    return RelayRules(
        open_to=RelaysOpenTo(settings.relays.enabled),
        per_host=settings.relays.per_host,
        per_account=settings.relays.per_account,
        targets=target_rules(settings.outward),
    )


def target_rules(settings: OutwardSettings) -> TargetRules:
    """Return where users of this server may have it connect to."""
    networks = [parse_network(text, "outward.allow") for text in settings.allow]
    return TargetRules(NetworkSet(networks), frozenset(settings.ports), settings.plain_http)


def _acme_dns_rules(settings: AcmeDnsSettings) -> AcmeDnsRules:
    return AcmeDnsRules(
        zone=names.from_text(settings.zone) if settings.zone else None,
        open_to=OpenTo(settings.registration),
        per_account=settings.per_account,
        strangers=settings.strangers,
        per_day=settings.per_day,
        term=settings.expire_after * DAY or math.inf,
    )
