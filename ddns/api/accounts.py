"""Operations of the operator on accounts."""

from __future__ import annotations

import dataclasses
from typing import Any

from ddns.api import paging, parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Invalid
from ddns.api.keys import dondns_key
from ddns.api.serializers import Json, account_json, key_json, request_json
from ddns.model import names
from ddns.model.account import Account, Block
from ddns.store.paging import AccountPage

MAX_DAYS = 36_500
"""The longest block that has an end."""


class AccountOperations(BaseOperations):
    """Accounts of people who update hosts."""

    async def account_list(
        self,
        search: str | None = None,
        after: str | None = None,
        limit: int | None = None,
        blocked: bool = False,
    ) -> Json:
        """List all accounts. *search* leaves those with that in their names or addresses, *blocked*
        those with a block. With any of these the list comes in pages of *limit*, 1 to 100: ``next``
        is what *after* has to be for the next one, if there is any."""
        page = None
        if blocked or (search, after, limit) != (None, None, None):
            most = paging.listed(limit)
            page = AccountPage(most + 1, after or "", (search or "").strip().lower(), blocked)

        def work(context: ReadContext) -> Json:
            found = context.transaction.accounts(page)
            shown = found if page is None else found[: page.limit - 1]
            more = {"next": shown[-1].name} if len(shown) < len(found) else {}
            return {"accounts": [account_json(one) for one in shown], **more}

        return await self._read(work)

    async def account_add(
        self, name: str, password: str | None = None, email: str | None = None
    ) -> Json:
        """Create an account, with or without a password and an e-mail address."""
        known, address = parsing.account_name(name), parsing.optional(parsing.email, email)
        hashed = None
        if password is not None:
            hashed = await self._hash(parsing.operators_password(password))

        def work(context: WriteContext) -> Json:
            if context.transaction.account(known) is not None:
                raise Conflict("account {name} exists already", name=known)
            context.check_email_unused(known, address)
            account = Account(known, hashed, context.now, email=address)
            context.transaction.put_account(account)
            return account_json(account)

        return await self._transact(work)

    async def account_set(
        self, name: str, hosts: int | str | None = None, operator: bool | None = None
    ) -> Json:
        """Set how many hosts an account may register, or ``"default"``: as many as any other; and
        whether its owner is an *operator* as well: may do over the API, in sessions opened with a
        second factor, all that you may. What is not given stays as it is."""
        known = parsing.account_name(name)
        changed: dict[str, Any] = {}
        if hosts is not None:
            changed["host_limit"] = parsing.host_limit(hosts)
        if operator is not None:
            changed["operator"] = operator

        def work(context: WriteContext) -> Json:
            account = _change(context, known, **changed)
            return {**account_json(account), "host_limit": context.host_limit(account)}

        return await self._transact(work)

    async def email_set(self, name: str, email: str) -> Json:
        """Set the e-mail address of an account's owner; ``""`` is none. Tokens sent to the former
        address become invalid."""
        known, address = parsing.account_name(name), parsing.email(email) if email else None

        def work(context: WriteContext) -> Json:
            context.known_account(known)
            context.check_email_unused(known, address)
            account = _change(context, known, email=address)
            context.transaction.remove_pending_tokens(known)
            return account_json(account)

        return await self._transact(work)

    async def password_set(self, name: str, password: str) -> Json:
        """Set the password of an account. All its sessions end."""
        known = parsing.account_name(name)
        hashed = await self._hash(parsing.operators_password(password))
        return await self._transact(
            lambda context: account_json(change_password(context, known, hashed))
        )

    async def account_show(self, name: str) -> Json:
        """Show an account with its keys, without their secrets, its hosts and zones, its second
        factors, whether DonDNS may act for it, and the latest requests that were about no host of
        its own."""
        await self._flush_request_log()
        known = parsing.account_name(name)

        def work(context: ReadContext) -> Json:
            account, transaction = context.own_account(known), context.transaction
            dondns = dondns_key(transaction, known)
            return {
                **account_json(account),
                "host_limit": context.host_limit(account),
                "second_factors": context.second_factors(known).ways,
                "dondns": dondns is not None and dondns.enabled,
                "keys": [key_json(key) for key in transaction.keys(known)],
                "hosts": [names.to_text(host.name) for host in transaction.hosts(known)],
                "zones": zones_owned(context, known),
                "requests": [request_json(*one) for one in transaction.requests_of_account(known)],
            }

        return await self._read(work)

    async def account_remove(self, name: str) -> Json:
        """Remove an account with its keys and hosts. Its zones have to be removed or given away
        first."""
        known = parsing.account_name(name)
        removed = await self._transact(lambda context: remove_account(context, known))
        self._block_changed(known, None)  # or the next account of this name would start blocked
        return removed

    async def account_block(self, name: str, reason: str, days: float | None = None) -> Json:
        """Block an account: it may change nothing for so many days, or until the block is lifted.
        The owner is shown the reason."""
        now = self._now()
        if not reason.strip():
            raise Invalid("a block needs a reason: the account's owner is shown it")
        if days is not None and not 0 < days <= MAX_DAYS:
            raise Invalid("days: expected more than 0 and at most {most}", most=MAX_DAYS)
        block = Block(reason.strip(), now, None if days is None else now + 86_400 * days)
        return await self._set_block(parsing.account_name(name), block)

    async def account_unblock(self, name: str) -> Json:
        """Lift the block of an account. What its clients did before no longer counts."""
        return await self._set_block(parsing.account_name(name), None)

    async def _set_block(self, name: str, block: Block | None) -> Json:
        account = await self._transact(lambda context: _change(context, name, block=block))
        self._block_changed(name, block)
        return account_json(account)


def _change(context: WriteContext, name: str, **changed: object) -> Account:
    """Change attributes of an account, which must exist."""
    account = dataclasses.replace(context.known_account(name), **changed)  # type: ignore[arg-type]
    context.transaction.put_account(account)
    return account


def check_unchanged(context: ReadContext, account: Account) -> None:
    """Refuse to go on when the password was changed since it was checked.

    :raises Conflict: when it was.
    """
    if context.known_account(account.name).password != account.password:
        raise Conflict("the password was changed meanwhile")


def change_password(context: WriteContext, name: str, hashed: str) -> Account:
    """Change the password of an account, and void its tokens: whoever knew the former password may
    have asked for one."""
    account = _change(context, name, password=hashed)
    context.transaction.remove_pending_tokens(name)
    return account


def zones_owned(context: ReadContext, account: str) -> list[str]:
    """Return the origins of an account's zones."""
    zones = context.transaction.zones()
    return [names.to_text(zone.origin) for zone in zones if zone.account == account]


def remove_account(context: WriteContext, name: str) -> Json:
    """Remove an account of the caller's with its keys and hosts.

    :raises Conflict: when it owns a zone.
    """
    account = context.own_account(name)
    if owned := zones_owned(context, name):
        raise Conflict(
            "account {name} owns zone {origin}; remove the zone first", name=name, origin=owned[0]
        )
    context.transaction.forget_released(context.now - context.rules.quarantine)
    context.transaction.remove_account(name)
    return account_json(account)
