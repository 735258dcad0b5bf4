"""The work on people who come by themselves: synchronous functions of a transaction."""

from __future__ import annotations

import dataclasses

from ddns.api.account_work import email_is_free
from ddns.api.errors import Conflict, Forbidden, NotFound, TooMany
from ddns.api.parsing import known_account
from ddns.api.serializers import Json, account_json
from ddns.model.account import Account, PendingToken, Purpose
from ddns.store.interfaces import IReading, ITransaction

MAX_PENDING = 50_000
"""How many tokens may be out at once."""


def wait_for(transaction: ITransaction, pending: PendingToken, now: float) -> None:
    """Have something wait for its token."""
    transaction.expire_pending_tokens(now)
    if transaction.count_pending_tokens() >= MAX_PENDING:
        raise TooMany("too many others are waiting for a mail; try again later", 600.0)
    transaction.put_pending_token(pending)


def name_is_free(reading: IReading, name: str) -> None:
    """Nobody has this name yet. That may be told: our DNS and our dialects tell it as well."""
    if reading.account(name) is not None:
        raise Conflict(f"the name {name} is taken; choose another")


def register(transaction: ITransaction, pending: PendingToken, now: float) -> Account | None:
    """Have an account wait to be confirmed; whoever has the address already.

    In that case, too, something waits: for a token that nobody was sent. So both take the same
    work, and nobody can tell from outside who has an account.
    """
    name_is_free(transaction, pending.account)
    assert pending.email is not None
    wait_for(transaction, pending, now)
    return transaction.account_by_email(pending.email)


def unchanged(reading: IReading, account: Account) -> Account:
    """The account, whose password is still the one that was checked."""
    known = known_account(reading, account.name)
    if known.password != account.password:
        raise Conflict("the password was changed meanwhile")
    return known


def email_change(
    transaction: ITransaction, pending: PendingToken, owner: Account, now: float
) -> tuple[Account, Account | None]:
    """Have an address wait to be confirmed; whose it is to be, and who has it already."""
    account = unchanged(transaction, owner)
    assert pending.email is not None
    wait_for(transaction, pending, now)
    return account, transaction.account_by_email(pending.email)


def reset_request(
    transaction: ITransaction, whom: str, pending: PendingToken, now: float
) -> Account | None:
    """Have a new password wait; for whom, if there is such an account. Where there is none, nobody
    has the token that is waited for."""
    account = (transaction.account_by_email(whom) if "@" in whom else None) or transaction.account(
        whom
    )
    name = account.name if account else whom
    wait_for(transaction, dataclasses.replace(pending, account=name), now)
    return account


def waiting(reading: IReading, digest: bytes, now: float, *purposes: Purpose) -> PendingToken:
    """What waits for a token and is still of use."""
    pending = reading.pending(digest)
    if pending is None or pending.purpose not in purposes or pending.expires <= now:
        raise NotFound("this token is not valid, or not any more")
    return pending


def confirm(transaction: ITransaction, digest: bytes, now: float) -> Json:
    """Make what the owner of an address has confirmed: an account, or the address its own.

    Of several who wait for one name the first gets it. What else waits under that name goes: a
    token for a new password may have been sent to a former address.
    """
    pending = waiting(transaction, digest, now, Purpose.REGISTER, Purpose.EMAIL)
    name, there = pending.account, transaction.account(pending.account)
    if pending.purpose is Purpose.REGISTER:
        if there is not None:
            raise Conflict(f"the name {name} was taken meanwhile; register with another")
        account = Account(name, pending.password, now, email=pending.email)
    else:
        account = dataclasses.replace(known_account(transaction, name), email=pending.email)
        if account.block is not None and account.block.holds(now):
            raise Forbidden(f"account {name} is blocked: {account.block.reason}")
    email_is_free(transaction, name, pending.email)
    transaction.put_account(account)
    transaction.remove_pending_tokens(name)
    return account_json(account)


def email_set(transaction: ITransaction, name: str, email: str | None) -> Json:
    """Another address, or none; what was sent to the former one is of no use any more."""
    account = dataclasses.replace(known_account(transaction, name), email=email)
    email_is_free(transaction, name, email)
    transaction.put_account(account)
    transaction.remove_pending_tokens(name)
    return account_json(account)


def password_set(
    transaction: ITransaction, name: str, password: str, former: str | None = None
) -> Json:
    """Another password, if the former one is what it is thought to be; None where that does not
    matter. Whoever knew that one may have asked for a token."""
    account = known_account(transaction, name)
    if former is not None and account.password != former:
        raise Conflict("the password was changed meanwhile")
    account = dataclasses.replace(account, password=password)
    transaction.put_account(account)
    transaction.remove_pending_tokens(name)
    return account_json(account)


def password_reset(transaction: ITransaction, digest: bytes, password: str, now: float) -> Json:
    """Another password for who has the token."""
    pending = waiting(transaction, digest, now, Purpose.RESET)
    return password_set(transaction, pending.account, password)
