"""What there is for people in a server that runs: a reception, the API, mail, notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from twisted.logger import Logger
from twisted.web.resource import IResource

from ddns import parts
from ddns.api.letters import Writer
from ddns.api.operations import Operations
from ddns.api.reception import HOUR, CheckPassword, Limits, Reception
from ddns.contact import parse_host_and_port
from ddns.model.account import email_address
from ddns.model.letter import Letter
from ddns.net import bearer
from ddns.net.api import ApiResource
from ddns.net.mail import Mailer
from ddns.net.relay import Account, Relay
from ddns.notices import Notices
from ddns.policy.buckets import Buckets
from ddns.policy.directory import Directory
from ddns.policy.sessions import Sessions
from ddns.settings import MailSettings, Settings


class People:
    """*check_password* is the server's; *now* tells seconds since 1970."""

    _log = Logger()

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        check_password: CheckPassword,
        reactor: Any,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self.mailer = _mailer(settings.mail, reactor, now)
        send = self.mailer.send if self.mailer else None
        self.reception = _reception(settings, directory, check_password, send, clock, now)
        self.notices = Notices(
            directory.account, send, clock, settings.api.url, settings.accounts.notice_time
        )

    def resources(
        self, operations: Operations, ready: Callable[[], Awaitable[None]]
    ) -> Mapping[bytes, IResource]:
        """What HTTP has for people beside the dialects, by the first part of its path."""
        if not self._settings.api.enabled:
            return {}
        most = self._settings.api.calls_per_minute
        gate = bearer.Gate(
            self.reception.caller,
            self._clock,
            refused=parts.abuse_limits(self._settings.abuse).refused,
            calls=Buckets(most, 60.0) if most else None,
        )
        return {b"api": ApiResource(operations, gate, "api", ready)}

    def failures_noticed(self, account: str, number: int) -> None:
        """An account has had so many wrong credentials by now."""
        noticed = self._settings.abuse.failures_noticed
        if noticed and number == noticed:
            self._log.warn(
                "{number} wrong credentials for account {account}", number=number, account=account
            )
            self.notices.failures(account, number)

    async def stop(self) -> None:
        """Let mails go that are ready to."""
        if self.mailer is not None:
            await self.mailer.stop(self._settings.stop_time)


def _mailer(settings: MailSettings, reactor: Any, now: Callable[[], float]) -> Mailer | None:
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


def _reception(
    settings: Settings,
    directory: Directory,
    check_password: CheckPassword,
    send: Callable[[Letter], None] | None,
    clock: Callable[[], float],
    now: Callable[[], float],
) -> Reception:
    """Where people come in."""
    accounts = settings.accounts
    return Reception(
        check_password,
        directory.account,
        send,
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
