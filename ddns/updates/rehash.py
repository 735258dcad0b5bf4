"""New hashes for passwords whose hash was made with former parameters, when they are used."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial

from twisted.logger import Logger

from ddns.model.account import Account
from ddns.model.journal import Author
from ddns.policy import secrets
from ddns.store.interfaces import IStore, ITransaction, StoreError


class PasswordRehasher:
    """Stores new hashes.

    :param store: the accounts.
    :param run_slow: runs a function outside the reactor's thread.
    :param now: seconds since 1970.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        run_slow: Callable[[Callable[[], str]], Awaitable[str]],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._run_slow = run_slow
        self._now = now

    async def __call__(self, account: Account, password: str) -> None:
        """Hash an account's right password anew; log it if the hash cannot be stored, for the next
        use of the password tries again."""
        hashed = await self._run_slow(partial(secrets.hash_password, password))
        author = Author("server", "rehash", self._now())
        try:
            await self._store.transact(author, partial(_rehash, account, hashed))
        except StoreError as error:
            if not error.logged:
                self._log.error(
                    "a password of {account} cannot be hashed anew: {error}",
                    account=account.name,
                    error=error,
                )


def _rehash(account: Account, hashed: str, transaction: ITransaction) -> None:
    if transaction.account(account.name) == account:
        transaction.put_account(dataclasses.replace(account, password=hashed))
