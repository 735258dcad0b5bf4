"""The parts of a server that tell owners of what happens to their hosts."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from ddns.api.errors import Forbidden, Invalid
from ddns.api.mail_templates import MailTemplates
from ddns.config.settings import Settings
from ddns.model import names
from ddns.model.certificate import CertificateState
from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.model.notices import Kind, Way
from ddns.model.outward import OutwardAnswer, OutwardError, OutwardRequest, place_of
from ddns.net.apprise import AppriseError, AppriseSender
from ddns.net.mail.queue import Mailer
from ddns.policy.notices import NoticeRules
from ddns.server.notice_links import Links
from ddns.server.notice_ways import Ways
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.system.secret_box import SecretBox
from ddns.updates.courier import Courier, NotDelivered
from ddns.updates.hearing import Hearing
from ddns.updates.journal_news import JournalNews
from ddns.updates.noticing import News, put_news
from ddns.updates.pipeline import Pipeline
from ddns.updates.warning import Trouble, Warner

if TYPE_CHECKING:
    from ddns.net.outward.client import OutwardClient


class NoticeServices:
    """Finds what owners are to be told, and sends it.

    :param settings: all of them.
    :param store: where it is kept.
    :param reactor: for time and threads.
    :param now: seconds since 1970.
    :param secret_box: seals links and opens targets.
    :param outward: sends to webhooks.
    :param mailer: returns what sends mail, if anything does.
    :param flush_requests: has the log of requests written.
    """

    _log = Logger()

    def __init__(
        self,
        settings: Settings,
        store: IStore,
        reactor: Any,
        now: Callable[[], float],
        secret_box: SecretBox,
        outward: OutwardClient,
        mailer: Callable[[], Mailer | None],
        flush_requests: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._outward = outward
        self._mailer = mailer
        self._apprise = AppriseSender(reactor, lambda: self._settings.notices.apprise)
        self.links = Links(secret_box)
        ways = Ways(
            *(store, now, secret_box, self.links, self._sends_mail, self._templates),
            *(self._post, self._push),
        )
        self.courier = Courier(store, reactor, now, self.rules, ways.table, random.random)
        wake = self.courier.wake
        self.hearing = Hearing(store, reactor, self.rules, wake)
        self.journal = JournalNews(store, reactor, now, self.rules, flush_requests, wake)
        self.warner = Warner(store, reactor, now, self.rules, wake)

    def rules(self) -> NoticeRules:
        """Return what is told, as the settings have it by now."""
        notices = self._settings.notices
        return NoticeRules(
            mail=self._sends_mail() is not None,
            per_host=notices.per_host,
            per_account=notices.per_account,
            quiet=self._settings.accounts.notice_time,
            settle=notices.settle_time,
            family=notices.family_days * DAY,
            refusals=notices.refusals,
            give_up=notices.give_up_days * DAY,
        )

    def apply(self, settings: Settings) -> None:
        """Use these settings, and send what can be sent by now."""
        self._settings = settings
        self.courier.wake()

    async def start(self) -> None:
        """Begin to find and to send."""
        await self.courier.start()
        await self.journal.start()
        self.hearing.start()
        self.warner.start()

    async def stop(self) -> None:
        """Finish what was begun, and write what is still to be told."""
        await self.warner.stop()
        await self.courier.stop(self._settings.stop_time)
        await self.hearing.stop()
        await self.journal.stop()

    # What is found -----------------------------------------------------------------------------

    def listen(self, pipeline: Pipeline) -> None:
        """Note what clients tell of their hosts."""
        pipeline.heard = self.hearing.update
        pipeline.heard_records = self.hearing.records

    def failures(self, account: str, number: int) -> None:
        """Tell that so many wrong keys or passwords were tried for an account, if it is time to."""
        noticed = self._settings.abuse.failures_noticed
        if not noticed or number != noticed:
            return
        self._log.warn(
            "{number} wrong credentials for account {account}", number=number, account=account
        )
        why = {"reason": "failures", "count": number, "at": self._now()}
        ensureDeferred(self._tell(News(account, None, Kind.REFUSED, why, "failures")))

    async def _tell(self, news: News) -> None:
        now = self._now()
        work = partial(_put, news, self.rules(), now)
        try:
            await self._store.transact(Author("server", "notices", now), work)
        except StoreError as error:
            if not error.logged:
                self._log.error("an owner cannot be told: {error}", error=error)
        else:
            self.courier.wake()

    def watch_certificate(self, state: Callable[[], CertificateState | None]) -> None:
        """Tell when the server's own certificate does not renew."""
        self.warner.troubles.append(partial(_certificate_trouble, state))

    # Where it is sent --------------------------------------------------------------------------

    def _sends_mail(self) -> Mailer | None:
        return self._mailer() if self._settings.mail.relay else None

    def _templates(self) -> MailTemplates:
        return MailTemplates(self._settings.api.url, self._settings.pages.enabled)

    async def _post(self, request: OutwardRequest) -> OutwardAnswer:
        if not self._settings.notices.webhooks:
            raise OutwardError("webhooks are switched off on this server")
        return await self._outward.fetch(request)

    async def _push(self, url: str, title: str, text: str) -> None:
        try:
            await self._apprise.send(url, title, text)
        except AppriseError as error:
            raise NotDelivered(str(error)) from None

    async def accept_target(self, way: Way, url: str) -> str:
        """Check where notices are to be sent, and return what of it is no secret.

        :raises ApiError: when that may not be reached.
        """
        try:
            if way is Way.APPRISE:
                return await self._apprise.check(url)
            if not self._settings.notices.webhooks:
                raise Forbidden("webhooks are switched off on this server")
            self._outward.rules.target(url)
            return place_of(url)
        except (AppriseError, OutwardError) as error:
            raise Invalid("this cannot be used: {problem}", problem=str(error)) from None


def _put(news: News, rules: NoticeRules, now: float, transaction: ITransaction) -> None:
    put_news(transaction, [news], rules, now)


def _certificate_trouble(state: Callable[[], CertificateState | None]) -> list[Trouble]:
    """Return that orders for the server's own certificate fail, if they do."""
    now = state()
    if now is None or now.ordering or not now.problem:
        return []
    wanted = [names.from_text(name.removeprefix("*.")) for name in now.wanted]
    details = {"problem": now.problem, "expires": now.expires, "names": list(now.wanted)}
    return [Trouble(Kind.CERTIFICATE, details, wanted)]
