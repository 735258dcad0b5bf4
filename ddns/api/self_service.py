"""Operations of people on their own accounts: register, confirm, change the address, leave."""

from __future__ import annotations

import dataclasses

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.accounts import check_unchanged, remove_account
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Forbidden, NotFound, TooMany
from ddns.api.serializers import Json, account_json
from ddns.model.account import Account, PendingToken, Purpose
from ddns.policy import secrets

MAX_PENDING = 50_000
"""Maximum of tokens for one purpose that are valid at once."""


class SelfService(BaseOperations):
    """Having an account."""

    async def register(self, name: str, password: str, email: str) -> Json:
        """Ask for an account. A mail goes out, and whoever confirms with its token gets it. The
        answer does not tell whether somebody has an account with that address already."""
        service = self._service
        if not service.registration_open:
            raise Forbidden("nobody can register here; ask the operator for an account")
        known, address = parsing.chosen_name(name), parsing.email(email)
        parsing.chosen_password(password)
        await self._read(lambda context: _check_name_unused(context, known))

        def work(context: WriteContext) -> Account | None:
            # Somebody with an account costs the same work, for a token that nobody is sent: so
            # nobody can tell by the time it takes who has one.
            _check_name_unused(context, known)
            add_pending_token(context, pending)
            return context.transaction.account_by_email(address)

        with service.limit_requests(self._caller.peer, Purpose.REGISTER, address):
            with service.hashing_slot():
                hashed = await self._hash(password)
            token, pending = service.new_token(Purpose.REGISTER, known, address, hashed)
            owner = await self._transact(work)
        if owner is not None:
            message = service.templates.known_already(owner.email or address, owner.name)
        else:
            message = service.templates.confirm_registration(
                address, known, token, service.confirmation_time
            )
        service.send_mail(message, Purpose.REGISTER, address)
        return {"name": known, "email": address}

    async def confirm(self, token: str) -> Json:
        """Confirm with the token from a mail: create the account that was asked for, or change the
        address of an account. Of several who ask for one name, the first to confirm gets it."""
        digest = secrets.digest_key(token)
        purposes = (Purpose.REGISTER, Purpose.EMAIL)
        await self._read(lambda context: find_pending_token(context, digest, *purposes))

        def work(context: WriteContext) -> Json:
            pending = find_pending_token(context, digest, *purposes)
            name = pending.account
            if pending.purpose is Purpose.REGISTER:
                if context.transaction.account(name) is not None:
                    raise Conflict(
                        "the name {name} was taken meanwhile; register with another", name=name
                    )
                account = Account(name, pending.password, context.now, email=pending.email)
            else:
                account = dataclasses.replace(context.known_account(name), email=pending.email)
                context.check_not_blocked(account)
            context.check_email_unused(name, pending.email)
            context.transaction.put_account(account)
            # A token for a new password may have been sent to a former address.
            context.transaction.remove_pending_tokens(name)
            return account_json(account)

        return await self._transact(work)

    async def email_change(self, email: str, password: str) -> Json:
        """Ask for another address, which has to be confirmed with the token from a mail to it. A
        mail to the present address tells of it."""
        service, address = self._service, parsing.email(email)
        name = self._caller.logged_in_account()
        token, pending = service.new_token(Purpose.EMAIL, name, address)

        def work(context: WriteContext) -> tuple[str | None, Account | None]:
            check_unchanged(context, account)
            add_pending_token(context, pending)
            former = context.known_account(name).email
            return former, context.transaction.account_by_email(address)

        with service.limit_requests(self._caller.peer, Purpose.EMAIL, address):
            account = await self._confirm_password(password)
            former, owner = await self._transact(work)
        if owner is not None and owner.name != name:
            message = service.templates.known_already(owner.email or address, owner.name)
        else:
            message = service.templates.confirm_address(
                address, name, token, service.confirmation_time
            )
        service.send_mail(message, Purpose.EMAIL, address)
        if former is not None and former != address:
            service.notify(service.templates.address_changes(former, name, address))
        return {"name": name, "email": address}

    async def account_change(self, language: str) -> Json:
        """Set the language of one's pages; ``""`` is for whatever the browser asks for."""
        chosen = parsing.language(language) if language else None
        name = self._caller.logged_in_account()

        def work(context: WriteContext) -> Json:
            account = dataclasses.replace(context.known_account(name), language=chosen)
            context.transaction.put_account(account)
            return account_json(account)

        return await self._transact(work, even_if_blocked=True)

    async def account_leave(self, name: str, password: str) -> Json:
        """Remove one's own account with its keys and hosts."""
        if parsing.account_name(name) != self._caller.logged_in_account():
            raise Forbidden("only your own account")
        account = await self._confirm_password(password)

        def work(context: WriteContext) -> Json:
            check_unchanged(context, account)
            return remove_account(context, account.name)

        removed = await self._transact(work)
        self._block_changed(account.name, None)
        return removed


def _check_name_unused(context: ReadContext, name: str) -> None:
    """Refuse a name that somebody has. It is no secret: our DNS and dialects tell it as well.

    :raises Conflict: when it is taken.
    """
    if context.transaction.account(name) is not None:
        raise Conflict("the name {name} is taken; choose another", name=name)


def add_pending_token(context: WriteContext, pending: PendingToken) -> None:
    """Store a token until it comes back or expires.

    :raises TooMany: when too many are waited for.
    """
    context.transaction.expire_pending_tokens(context.now)
    if context.transaction.count_pending_tokens(pending.purpose) >= MAX_PENDING:
        raise TooMany("too many others are waiting for a mail; try again later", 600.0)
    context.transaction.put_pending_token(pending)


def find_pending_token(context: ReadContext, digest: bytes, *purposes: Purpose) -> PendingToken:
    """Return what a valid token is for.

    :raises NotFound: when it is not valid, or for something else.
    """
    pending = context.transaction.pending(digest)
    if pending is None or pending.purpose not in purposes or pending.expires <= context.now:
        raise NotFound("this token is not valid, or not any more")
    return pending
