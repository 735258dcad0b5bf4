"""From settings to the parts of a server that have some: the one place that knows both."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from ddns.api.letters import Writer
from ddns.api.reception import HOUR, CheckPassword, Limits, Reception
from ddns.config import (
    DnsSettings,
    HttpSettings,
    MailSettings,
    MiniupdateSettings,
    RateLimitSettings,
    Settings,
    parse_host_and_port,
)
from ddns.model.account import email_address
from ddns.net.channel import HttpLimits
from ddns.net.dns import TcpLimits
from ddns.net.lines import LineLimits
from ddns.net.mail import Mailer
from ddns.net.relay import Account, Relay
from ddns.policy.buckets import Buckets
from ddns.policy.directory import CannotUnseal, Directory
from ddns.policy.sessions import Sessions
from ddns.vault import Tampered, Vault, VaultError
from ddns.zone.cookies import Cookies
from ddns.zone.limits import RateLimiter


def http_limits(settings: HttpSettings) -> HttpLimits:
    """What a client over HTTP or HTTPS may cost."""
    return HttpLimits(**_common(settings, HttpLimits))


def line_limits(settings: MiniupdateSettings) -> LineLimits:
    """What a miniupdate client may cost."""
    return LineLimits(**_common(settings, LineLimits))


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


def mailer(settings: MailSettings, reactor: Any, now: Callable[[], float]) -> Mailer | None:
    """What sends mail, if any is to be sent."""
    if not settings.relay:
        return None
    host, port = parse_host_and_port(settings.relay, "mail.relay")
    relay = Relay(
        reactor,
        host,
        port,
        tls=settings.tls,
        ca=settings.ca,
        account=Account(settings.user, settings.password) if settings.user else None,
        timeout=settings.timeout,
    )
    return Mailer(
        reactor,
        relay,
        email_address(settings.sender),
        now,
        retries=settings.retries,
        pause=settings.retry_pause,
    )


def reception(
    settings: Settings,
    directory: Directory,
    check_password: CheckPassword,
    mail: Mailer | None,
    clock: Callable[[], float],
    now: Callable[[], float],
) -> Reception:
    """Where people come in."""
    accounts = settings.accounts
    return Reception(
        check_password,
        directory.account,
        mail.send if mail else None,
        clock,
        now,
        sessions=Sessions(time=accounts.session_time, idle_time=accounts.session_idle_time),
        limits=Limits(
            Buckets(accounts.registrations_per_hour, HOUR),
            Buckets(accounts.mails_per_hour, HOUR),
            Buckets(accounts.mails_per_hour_in_all, HOUR, capacity=1),
        ),
        writer=Writer(settings.api.url),
        open=accounts.registration == "open",
        confirmation_time=accounts.confirmation_time,
    )


class Unsealing:
    """What the directory unseals with: says in the log, once, why that is not possible, for any
    stranger can make it happen again."""

    _log = Logger()

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._said = ""

    def __call__(self, sealed: bytes, account: str) -> str | None:
        """See :class:`ddns.policy.directory.Directory`."""
        try:
            return self._vault.unseal(sealed, account.encode()).decode()
        except Tampered:
            return None
        except VaultError as error:
            self._say(error)
            raise CannotUnseal from error

    def check(self, sealed: bytes) -> None:
        """Say so at once if what is sealed cannot be unsealed."""
        try:
            self._vault.check(sealed)
        except VaultError as error:
            self._say(error)

    def _say(self, error: VaultError) -> None:
        if str(error) != self._said:
            self._said = str(error)
            self._log.error("miniupdate keys cannot be used: {error}", error=error)
