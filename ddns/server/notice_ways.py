"""The ways in which notices are sent: by mail, to webhooks, and by apprise."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.logger import Logger

from ddns.api.mail_templates import MailTemplates
from ddns.model import names
from ddns.model.account import Account
from ddns.model.mail import MailMessage
from ddns.model.notices import Notice, Target, Way
from ddns.model.outward import Fetch, OutwardError
from ddns.model.webhooks import signed_post
from ddns.net.mail.queue import Mailer
from ddns.net.mail.relay import NotSent
from ddns.server.notice_links import Links
from ddns.server.notice_texts import Texts, json_of
from ddns.store.interfaces import IStore
from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered
from ddns.updates.courier import NotDelivered

WIDTH = 76
"""Characters of a line in a mail."""


class Push(Protocol):
    """Sends a text by a service of apprise; raises NotDelivered."""

    async def __call__(self, url: str, title: str, text: str, /) -> None: ...


class Ways:
    """Sends notices.

    :param store: has accounts and targets.
    :param now: seconds since 1970.
    :param secret_box: opens what is sealed of targets.
    :param links: make links that switch mails off.
    :param mailer: returns what sends mail, None if nothing does.
    :param templates: return where links lead to.
    :param fetch: sends requests to webhooks.
    :param push: sends by apprise.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        now: Callable[[], float],
        secret_box: SecretBox,
        links: Links,
        mailer: Callable[[], Mailer | None],
        templates: Callable[[], MailTemplates],
        fetch: Fetch,
        push: Push,
    ) -> None:
        self._store = store
        self._now = now
        self._secret_box = secret_box
        self._links = links
        self._mailer = mailer
        self._templates = templates
        self._fetch = fetch
        self._push = push
        self.table = {
            Way.MAIL: self.mail,
            Way.WEBHOOK: self.webhook,
            Way.APPRISE: self.apprise,
        }

    async def _account(self, notice: Notice) -> Account:
        account = await self._store.read(lambda reading: reading.account(notice.account))
        if account is None:
            raise NotDelivered("the account has gone", for_good=True)
        return account

    # Mail --------------------------------------------------------------------------------------

    async def mail(self, notices: Sequence[Notice]) -> None:
        """Send notices of a kind to their account, in one mail."""
        account = await self._account(notices[0])
        mailer = self._mailer()
        if account.email is None:
            raise NotDelivered("the account has no address", for_good=True)
        if mailer is None:
            raise NotDelivered("this server sends no mail")
        beside = await self._store.read(lambda reading: reading.any_sealed_secret())
        message = self.letter(account, account.email, notices, beside)
        try:
            await mailer.deliver(message)
        except NotSent as error:
            raise NotDelivered(str(error), error.for_good) from None

    def letter(
        self, account: Account, to: str, notices: Sequence[Notice], beside: bytes | None
    ) -> MailMessage:
        """Return the mail with notices of a kind; see :meth:`Links.token` for *beside*."""
        first, texts = notices[0], Texts(account)
        say, templates = texts.yours, self._templates()
        paragraphs = [
            textwrap.fill(
                texts.line(notice),
                WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for notice in notices
        ]
        about = texts.about(first.kind, first.details)
        text = "\n".join(paragraphs) + "\n"
        if about:
            text += "\n" + textwrap.fill(about, WIDTH) + "\n"
        hosts = {notice.host for notice in notices}
        host = first.host if len(hosts) == 1 else None
        page, command = "account/notices", "notice show"
        if host is not None:
            name = names.to_text(host)
            page, command = f"hosts/{name}/notices", f"notice show --host {name}"
        where = templates.place(page, command)
        text += "\n" + say("What you are told, and how:") + f"\n\n{where}"
        headers: list[tuple[str, str]] = []
        try:
            token = self._links.token(account, host, first.kind, beside)
        except SecretBoxError as error:
            self._log.error("a mail has no link to switch it off: {error}", error=error)
        else:
            off = templates.place("notices/off", "notice off", token)
            text += "\n" + say("To get no more mails of this kind:") + f"\n\n{off}"
            headers = templates.unsubscribe("notices/off", token)
        subject = texts.subject(notices)
        stamp = _stamp(first)
        return MailMessage(to, subject, text, headers=tuple(headers), message_id=stamp)

    # Webhooks and apprise ----------------------------------------------------------------------

    async def webhook(self, notices: Sequence[Notice]) -> None:
        """Post a notice to a webhook."""
        (notice,) = notices
        account = await self._account(notice)
        given = json.loads(self._open(await self._target(notice)))
        body = json.dumps(json_of(notice, Texts(account).line(notice))).encode()
        request = signed_post(given["url"], given["secret"], _stamp(notice), self._now(), body)
        try:
            answer = await self._fetch(request)
        except OutwardError as error:
            raise NotDelivered(str(error)) from None
        if not 200 <= answer.status < 300:
            raise NotDelivered(f"it answered with status {answer.status}", answer.status == 410)

    async def apprise(self, notices: Sequence[Notice]) -> None:
        """Send a notice by a service of apprise."""
        (notice,) = notices
        account = await self._account(notice)
        texts = Texts(account)
        url = self._open(await self._target(notice))
        about = texts.about(notice.kind, notice.details)
        await self._push(url, texts.subject(notices), f"{texts.line(notice)}\n\n{about}".strip())

    async def _target(self, notice: Notice) -> Target:
        number = notice.target or 0
        target = await self._store.read(lambda reading: reading.notice_target(number))
        if target is None:
            raise NotDelivered("the target has gone", for_good=True)
        return target

    def _open(self, target: Target) -> str:
        try:
            return self._secret_box.unseal(target.sealed, target.account.encode()).decode()
        except SecretBoxError as error:
            self._log.error("a notice cannot be sent: {error}", error=error)
            raise NotDelivered("the server cannot read its key file") from None
        except Tampered:
            raise NotDelivered("what is stored of it was modified", for_good=True) from None


def _stamp(notice: Notice) -> str:
    """Return what tells a notice from all others, the same at each attempt."""
    return f"notice-{notice.id}-{notice.created:.0f}"
