"""From settings to the parts of a server that have some: the one place that knows both."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from ddns.config.load import UNIX, parse_network
from ddns.config.settings import (
    AbuseSettings,
    DnsSettings,
    ProxiesSettings,
    RateLimitSettings,
    RegistrationSettings,
    RequestsSettings,
)
from ddns.net.proxy.trust import Proxies
from ddns.policy import update_limits
from ddns.policy.addresses import NetworkSet
from ddns.policy.directory import CannotUnseal
from ddns.policy.registration import DAY, Rules
from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered
from ddns.updates.request_log import RequestLimits
from ddns.zone.cookies import Cookies
from ddns.zone.rrl import RateLimiter


def set_trusted(proxies: Proxies, settings: ProxiesSettings) -> Proxies:
    """Trust the proxies of the settings, and only these."""
    networks = [parse_network(text, "proxies.trusted") for text in settings.trusted if text != UNIX]
    header = settings.header.lower().replace("off", "")
    proxies.set_trusted(NetworkSet(networks), unix=UNIX in settings.trusted, header=header)
    return proxies


def abuse_limits(settings: AbuseSettings) -> update_limits.Limits:
    """How often is too often."""
    networks = [parse_network(text, "abuse.refused_networks") for text in settings.refused_networks]
    refused = NetworkSet(networks) if networks else None
    return update_limits.Limits(**_common(settings, update_limits.Limits), refused=refused)


def request_limits(settings: RequestsSettings) -> RequestLimits:
    """How many requests are kept."""
    return RequestLimits(**_common(settings, RequestLimits))


def _common(settings: AbuseSettings | RequestsSettings, kind: type[Any]) -> dict[str, Any]:
    """The settings that go by the same name where they are used."""
    names = {field.name for field in dataclasses.fields(kind)}
    given = dataclasses.asdict(settings)
    return {name: value for name, value in given.items() if name in names}


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


class Unsealing:
    """What the directory unseals with: says in the log, once, why that is not possible, for any
    stranger can make it happen again."""

    _log = Logger()

    def __init__(self, secret_box: SecretBox) -> None:
        self._secret_box = secret_box
        self._said = ""

    def __call__(self, sealed: bytes, account: str) -> str | None:
        """See :class:`ddns.policy.directory.Directory`."""
        try:
            return self._secret_box.unseal(sealed, account.encode()).decode()
        except Tampered:
            return None
        except SecretBoxError as error:
            self._say(error)
            raise CannotUnseal from error

    def check(self, sealed: bytes) -> None:
        """Say so at once if what is sealed cannot be unsealed."""
        try:
            self._secret_box.check(sealed)
        except SecretBoxError as error:
            self._say(error)

    def _say(self, error: SecretBoxError) -> None:
        if str(error) != self._said:
            self._said = str(error)
            self._log.error("miniupdate keys cannot be used: {error}", error=error)


def when(started: Deferred[None]) -> Deferred[None]:
    """A Deferred of one's own for an event that others wait for as well."""
    mine: Deferred[None] = Deferred()

    def pass_on(result: Any) -> Any:
        mine.callback(None)
        return result

    started.addBoth(pass_on)
    return mine
