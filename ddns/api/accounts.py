"""Operations on accounts."""

from __future__ import annotations

import math
from functools import partial

from ddns.api import account_work, people_work, values
from ddns.api.errors import Invalid
from ddns.api.part import Part
from ddns.api.values import Json
from ddns.model.account import Block


class Accounts(Part):
    """People who update hosts."""

    async def account_list(self) -> Json:
        """All accounts."""
        return {
            "accounts": await self._read(lambda r: [values.account_json(a) for a in r.accounts()])
        }

    async def account_add(
        self, name: str, password: str | None = None, email: str | None = None
    ) -> Json:
        """A new account, with or without a password and an e-mail address."""
        known = values.account_name(name)
        address = None if email is None else values.email(email)
        hashed = None
        if password is not None:
            hashed = await self._hash(_not_empty(password))
        return await self._transact(
            partial(
                account_work.account_add,
                name=known,
                password=hashed,
                now=self._now(),
                email=address,
            )
        )

    async def email_set(self, name: str, email: str) -> Json:
        """Where an account's owner is written to; ``""`` for nowhere."""
        return await self._transact(
            partial(
                people_work.email_set,
                name=values.account_name(name),
                email=values.email(email) if email else None,
            )
        )

    async def password_set(self, name: str, password: str) -> Json:
        """Give an account another password. Whoever is logged in is so no longer."""
        known = values.account_name(name)
        hashed = await self._hash(_not_empty(password))
        return await self._transact(partial(people_work.password_set, name=known, password=hashed))

    async def account_show(self, name: str) -> Json:
        """An account with its keys, without their secrets, its hosts and zones."""
        await self._requests_written()
        return await self._read(partial(account_work.account_show, name=values.account_name(name)))

    async def account_remove(self, name: str) -> Json:
        """Remove an account with its keys and hosts."""
        return await self._transact(
            partial(account_work.account_remove, name=values.account_name(name))
        )

    async def account_block(self, name: str, reason: str, until: float | None = None) -> Json:
        """Let an account change nothing until a time in seconds since 1970, or until the block is
        lifted. The owner is shown the reason."""
        now = self._now()
        if not reason.strip():
            raise Invalid("a block needs a reason: the account's owner is shown it")
        if until is not None and not now < until < math.inf:
            raise Invalid("a block ends later than now")
        block = Block(reason.strip(), now, until)
        return await self._transact(
            partial(account_work.account_block, name=values.account_name(name), block=block)
        )

    async def account_unblock(self, name: str) -> Json:
        """Lift the block of an account."""
        return await self._transact(
            partial(account_work.account_block, name=values.account_name(name), block=None)
        )


def _not_empty(password: str) -> str:
    if not password:
        raise Invalid("an empty password is not possible")
    return password
