"""The parts of a server that serve people: accounts, the API over HTTP, and mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from twisted.internet.task import deferLater
from twisted.web.resource import IResource

from ddns.api.account_service import HOUR, AccountService, CheckPassword, SignupLimits
from ddns.api.base import RunSlow
from ddns.api.mail_templates import MailTemplates
from ddns.api.operations import Operations
from ddns.config.load import parse_host_and_port
from ddns.config.settings import MailSettings, Settings
from ddns.model.mail import email_address
from ddns.model.request_log import LoggedRequest
from ddns.net.http import bearer
from ddns.net.http.api import ApiResource
from ddns.net.http.pages import PagesResource
from ddns.net.mail.queue import Mailer
from ddns.net.mail.relay import Relay, RelayCredentials
from ddns.pages.rendering import load_templates
from ddns.pages.site import Pages
from ddns.pages.table import PAGES
from ddns.pages.visit import Service
from ddns.policy.directory import Directory
from ddns.policy.token_bucket import Buckets
from ddns.policy.update_limits import refused_networks

Watch = Callable[[Callable[[LoggedRequest], None]], Callable[[], None]]
"""What calls a function with each request that is logged, until the returned one is called."""


class AccountServices:
    """Account service and mailer, as the settings have them.

    :param settings: all of them.
    :param directory: the accounts.
    :param check_password: returns the account of a user name and password.
    :param reactor: for mail.
    :param clock: monotonic.
    :param now: seconds since 1970.
    :param run_slow: runs a function outside the reactor's thread.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        check_password: CheckPassword,
        reactor: Any,
        clock: Callable[[], float],
        now: Callable[[], float],
        run_slow: RunSlow,
    ) -> None:
        self._run_slow = run_slow
        self._settings = settings
        self._reactor = reactor
        self._clock = clock
        self._now = now
        self.mailer = _mailer(settings.mail, reactor, now)
        self.account_service = AccountService(check_password, directory.account, None, clock, now)
        self._authenticators: list[bearer.BearerAuthenticator] = []
        self._page_resource: PagesResource | None = None
        self._configure(settings)

    def apply(self, settings: Settings) -> None:
        """Use these settings. Where a limit has changed, calls are counted from zero."""
        if settings.mail != self._settings.mail:
            self.mailer = _changed(self.mailer, settings.mail, self._reactor, self._now)
        self._configure(settings)

    def _configure(self, settings: Settings) -> None:
        old, self._settings = self._settings, settings
        accounts = settings.accounts
        send = self.mailer.send if self.mailer and settings.mail.relay else None
        account_service = self.account_service
        account_service.mail = send
        account_service.registration_open = accounts.registration == "open"
        account_service.confirmation_time = accounts.confirmation_time
        account_service.templates = MailTemplates(settings.api.url, settings.pages.enabled)
        account_service.sessions.time = accounts.session_time
        account_service.sessions.idle_time = accounts.session_idle_time
        if old is settings or accounts != old.accounts:
            account_service.limits = SignupLimits(
                Buckets(accounts.registrations_per_hour, HOUR),
                Buckets(accounts.mails_per_hour, HOUR),
                Buckets(accounts.mails_per_hour_in_all, HOUR),
            )
        for authenticator in self._authenticators:
            authenticator.refused = refused_networks(settings.abuse)
            if settings.api.calls_per_minute != old.api.calls_per_minute:
                authenticator.calls = _buckets(settings.api.calls_per_minute)
        self._limit_pages()

    def resources(
        self, operations: Operations, ready: Callable[[], Awaitable[None]], watch: Watch
    ) -> Mapping[bytes, IResource]:
        """Return the resources beside the dialects, by the first segment of their path.

        Calls of *operations* wait until *ready*; pages *watch* the requests of clients.
        """
        found: dict[bytes, IResource] = {}
        if self._settings.api.enabled:
            found[b"api"] = self._api(operations, ready)
        if self._settings.pages.enabled:
            found |= self._pages(operations, ready, watch)
        return found

    def _api(self, operations: Operations, ready: Callable[[], Awaitable[None]]) -> IResource:
        authenticator = bearer.BearerAuthenticator(
            self.account_service.caller,
            self._clock,
            refused=refused_networks(self._settings.abuse),
            calls=_buckets(self._settings.api.calls_per_minute),
        )
        self._authenticators.append(authenticator)
        return ApiResource(operations, authenticator, "api", ready, lambda: self._settings.api.url)

    def _pages(
        self, operations: Operations, ready: Callable[[], Awaitable[None]], watch: Watch
    ) -> Mapping[bytes, IResource]:
        account_service = self.account_service
        service = Service(
            operations,
            self._now,
            lambda: account_service.registration_open,
            lambda: account_service.mail is not None,
            lambda: self._settings.api.url,
            watch,
            lambda seconds: deferLater(self._reactor, seconds),
        )
        pages = Pages(PAGES, service, account_service.caller)
        self._page_resource = PagesResource(
            pages, ready, self._prepare_pages, lambda: self._settings.api.url, self._reactor
        )
        self._limit_pages()
        return {place.encode(): self._page_resource for place in pages.places}

    async def _prepare_pages(self) -> None:
        """Read templates and translations outside the reactor's thread, which answers DNS."""
        await self._run_slow(load_templates)

    def _limit_pages(self) -> None:
        if self._page_resource is not None:
            self._page_resource.refused = refused_networks(self._settings.abuse)
            self._page_resource.calls = _buckets(self._settings.pages.requests_per_minute)

    async def stop(self) -> None:
        """Send the mails that are due, and stop."""
        if self.mailer is not None:
            await self.mailer.stop(self._settings.stop_time)


def _buckets(per_minute: int) -> Buckets | None:
    """Return buckets of requests; None for no limit."""
    return Buckets(per_minute, 60.0) if per_minute else None


def _mailer(settings: MailSettings, reactor: Any, now: Callable[[], float]) -> Mailer | None:
    """Return what sends mail; None without a relay."""
    if not settings.relay:
        return None
    return Mailer(
        reactor,
        _relay(settings, reactor),
        email_address(settings.sender),
        now,
        retries=settings.retries,
        pause=settings.retry_pause,
    )


def _relay(settings: MailSettings, reactor: Any) -> Relay:
    host, port = parse_host_and_port(settings.relay, "mail.relay")
    return Relay(
        reactor,
        host,
        port,
        tls=settings.tls,
        ca=settings.ca,
        account=RelayCredentials(settings.user, settings.password) if settings.user else None,
        timeout=settings.timeout,
    )


def _changed(
    mailer: Mailer | None, settings: MailSettings, reactor: Any, now: Callable[[], float]
) -> Mailer | None:
    """Return what sends mail with new settings, also the mails that wait already."""
    if mailer is None or not settings.relay:
        return mailer or _mailer(settings, reactor, now)
    mailer.relay = _relay(settings, reactor)
    mailer.sender = email_address(settings.sender)
    mailer.retries = settings.retries
    mailer.pause = settings.retry_pause
    return mailer
