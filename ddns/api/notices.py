"""Operations on notices: what the owners of hosts are told, and how."""

from __future__ import annotations

import dataclasses
import json
from typing import TypeVar

from ddns.api import parsing
from ddns.api.access import Context, ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Exceeded, Invalid, NotFound
from ddns.api.notice_json import host_json, kinds_json, target_json
from ddns.api.serializers import Json
from ddns.model import names
from ddns.model.notices import OF_ACCOUNTS, Kind, Target, Terms, Unwanted, Way
from ddns.model.webhooks import new_secret
from ddns.policy.notices import terms_of
from ddns.store.interfaces import IReading
from ddns.system.secret_box import SecretBoxError, Tampered

S = TypeVar("S", bound=IReading)


class NoticeOperations(BaseOperations):
    """What owners of accounts are told of their hosts, by mail and otherwise."""

    async def notice_show(self, account: str | None = None, host: str | None = None) -> Json:
        """Show what an account is told of a host, or else of itself and of hosts with no terms of
        their own: the kinds told by ``mail`` and to ``targets``, and after how many days without a
        word of its clients a host is silent, 0 for never. ``own`` is what was said of the host
        itself."""
        owner = parsing.optional(parsing.host_name, host)

        def work(context: ReadContext) -> Json:
            name = self._account_of(context, account, owner)
            return _shown(context, name, owner)

        return await self._read(work)

    async def notice_set(
        self,
        account: str | None = None,
        host: str | None = None,
        mail: list[str] | None = None,
        targets: list[str] | None = None,
        silent_days: int | None = None,
        reset: bool = False,
    ) -> Json:
        """Change what an account is told of a host, or else of itself and of hosts with no terms of
        their own: the kinds told by *mail* and to *targets*, and after how many days without a word
        a host is silent, 0 for never. What is not given stays; with *reset* it is as with the
        account again, or as usual."""
        owner = parsing.optional(parsing.host_name, host)
        by_mail, push = parsing.optional(_kinds, mail), parsing.optional(_kinds, targets)
        days = parsing.optional(parsing.days, silent_days)

        def work(context: WriteContext) -> Json:
            name = self._account_of(context, account, owner)
            before = None if reset else context.transaction.notice_terms(name, owner)
            old = before or Terms(name, owner)
            terms = Terms(
                name,
                owner,
                old.mail if by_mail is None else by_mail,
                old.push if push is None else push,
                old.silent_days if days is None else days,
            )
            context.transaction.put_notice_terms(terms, context.now)
            return _shown(context, name, owner)

        return await self._transact(work)

    async def notice_target_add(
        self, way: str, url: str, account: str | None = None, host: str | None = None
    ) -> Json:
        """Have notices sent to a ``webhook`` or a service of ``apprise`` too: those of a host, or
        all of the account. The answer has the ``secret`` that signs what is posted to a webhook;
        it cannot be shown again."""
        owner = parsing.optional(parsing.host_name, host)
        shown = await self._running.accept_target(_way(way), url)
        secret = new_secret() if way == Way.WEBHOOK else None
        whose = await self._read(lambda context: self._account_of(context, account, owner))
        plain = url if secret is None else json.dumps({"url": url, "secret": secret})
        sealed = await self._seal(plain, whose.encode())

        def work(context: WriteContext) -> Json:
            transaction = context.transaction
            name = self._account_of(context, account, owner)
            limit = context.rules.notice_targets
            if name != whose:
                raise NotFound("there is no account {name}", name=whose)
            if len(transaction.notice_targets(name)) >= limit and not context.caller.operator:
                raise Exceeded(
                    "account {account} may have {limit} of them and has them",
                    account=name,
                    limit=limit,
                )
            for one in transaction.notice_targets(name):
                if (one.host, one.way) == (owner, way) and self._url_of(one) == url:
                    raise Conflict("target {number} leads there already", number=one.id)
            target = Target(0, name, owner, Way(way), shown, sealed, context.now)
            return {"secret": secret, **target_json(transaction.add_notice_target(target))}

        return await self._transact(work)

    def _url_of(self, target: Target) -> str | None:
        """Return where a target leads, None if that cannot be read."""
        try:
            plain = self._secret_box.unseal(target.sealed, target.account.encode()).decode()
        except (SecretBoxError, Tampered):
            return None
        return str(json.loads(plain)["url"]) if target.way is Way.WEBHOOK else plain

    async def notice_target_remove(self, number: int) -> Json:
        """Have no more notices sent there, nor those that wait."""

        def work(context: WriteContext) -> Json:
            known = 0 < number < 2**63  # SQLite's integers
            target = context.transaction.notice_target(number) if known else None
            if target is None or not context.caller.owns(target.account):
                raise NotFound("there is no target {number}", number=number)
            context.transaction.remove_notice_target(number, context.now)
            return target_json(target)

        return await self._transact(work)

    async def notice_off(self, token: str) -> Json:
        """Switch off the kind of mails that a mail had this token for, without a session."""
        unwanted = self._read_link(token)

        def work(context: WriteContext) -> Json:
            _check_link(context, unwanted)
            transaction, name = context.transaction, unwanted.account
            usual = transaction.notice_terms(name)
            of = [unwanted.host]
            if unwanted.host is None:
                of += [terms.host for terms in transaction.all_notice_terms(name) if terms.host]
            for host in of:
                own = transaction.notice_terms(name, host) if host else usual
                mail = terms_of(usual, own, name, host).mail or frozenset()
                terms = own or Terms(name, host)
                if host is unwanted.host or terms.mail is not None:
                    left = dataclasses.replace(terms, mail=mail - {unwanted.kind})
                    transaction.put_notice_terms(left, context.now)
            return _unwanted_json(unwanted)

        return await self._transact(work, even_if_blocked=True)

    async def notice_link(self, token: str) -> Json:
        """Return what :meth:`notice_off` would switch off."""
        unwanted = self._read_link(token)

        def work(context: ReadContext) -> Json:
            _check_link(context, unwanted)
            return _unwanted_json(unwanted)

        return await self._read(work)

    def _read_link(self, token: str) -> Unwanted:
        unwanted = self._running.read_link(token)
        if unwanted is None:
            raise Invalid("this link is not one of ours, or is not good any more")
        return unwanted

    def _account_of(self, context: Context[S], account: str | None, host: bytes | None) -> str:
        """Return whose notices a call is about: those of a host's account, of the given one, or
        else of the caller's."""
        if host is None:
            return context.own_account(self._account_or_own(account)).name
        known = context.own_host(host)
        if account is not None and parsing.account_name(account) != known.account:
            raise NotFound(
                "account {account} has no host {host}", account=account, host=names.to_text(host)
            )
        return known.account


def _kinds(texts: list[str]) -> frozenset[Kind]:
    """Parse kinds of notices."""
    try:
        return frozenset(map(Kind, texts))
    except ValueError:
        raise Invalid(
            "{text!r} is no kind of notice: it is one of {known}",
            text=next(text for text in texts if text not in list(Kind)),
            known=", ".join(Kind),
        ) from None


def _way(text: str) -> Way:
    """Parse a way for targets."""
    if text not in (Way.WEBHOOK, Way.APPRISE):
        raise Invalid(
            "{text!r} is no way to send notices: it is one of {known}",
            text=text,
            known=f"{Way.WEBHOOK}, {Way.APPRISE}",
        )
    return Way(text)


def _check_link(context: Context[S], unwanted: Unwanted) -> None:
    """Refuse a link that is about what is not there any more.

    :raises Invalid: if so.
    """
    account = context.transaction.account(unwanted.account)
    host = context.transaction.host(unwanted.host) if unwanted.host else None
    is_theirs = unwanted.host is None or (host is not None and host.account == unwanted.account)
    if account is None or account.created != unwanted.created or not is_theirs:
        raise Invalid("this link is not one of ours, or is not good any more")


def _unwanted_json(unwanted: Unwanted) -> Json:
    return {"host": host_json(unwanted.host), "kind": str(unwanted.kind)}


def _shown(context: Context[S], account: str, host: bytes | None) -> Json:
    transaction = context.transaction
    own = transaction.notice_terms(account, host)
    terms = terms_of(transaction.notice_terms(account), own if host else None, account, host)
    targets = transaction.notice_targets(account)
    left_out = OF_ACCOUNTS if host else frozenset()
    is_failing = any(one.failing is not None for one in targets)
    waiting = transaction.notices(account) if is_failing else []
    return {
        "account": account,
        "host": host_json(host),
        "mail": kinds_json((terms.mail or frozenset()) - left_out),
        "targets": kinds_json((terms.push or frozenset()) - left_out),
        "silent_days": terms.silent_days,
        "own": own is not None,
        "email": context.known_account(account).email is not None,
        "sent_to": [
            target_json(one, waiting) for one in targets if host is None or one.host in (None, host)
        ],
    }
