"""Operations on accounts."""

from __future__ import annotations

from functools import partial

from ddns.api import account_work, parsing, people_work, serializers
from ddns.api.base import Part
from ddns.api.errors import Invalid
from ddns.api.serializers import Json
from ddns.model.account import Block

MAX_DAYS = 36_500
"""How long a block may last that has an end."""


class Accounts(Part):
    """People who update hosts."""

    async def account_list(self) -> Json:
        """All accounts."""
        return {
            "accounts": await self._read(
                lambda r: [serializers.account_json(a) for a in r.accounts()]
            )
        }

    async def account_add(
        self, name: str, password: str | None = None, email: str | None = None
    ) -> Json:
        """A new account, with or without a password and an e-mail address."""
        known = parsing.account_name(name)
        address = None if email is None else parsing.email(email)
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

    async def account_set(self, name: str, hosts: int | str) -> Json:
        """How many hosts an account may register, or ``"default"``: as many as any other."""
        limit = parsing.host_limit(hosts)
        return await self._transact(
            partial(
                account_work.account_set,
                rules=self.rules,
                name=parsing.account_name(name),
                hosts=limit,
            )
        )

    async def email_set(self, name: str, email: str) -> Json:
        """Where an account's owner is written to; ``""`` for nowhere."""
        return await self._transact(
            partial(
                people_work.email_set,
                name=parsing.account_name(name),
                email=parsing.email(email) if email else None,
            )
        )

    async def password_set(self, name: str, password: str) -> Json:
        """Give an account another password. Whoever is logged in is so no longer."""
        known = parsing.account_name(name)
        hashed = await self._hash(_not_empty(password))
        return await self._transact(partial(people_work.password_set, name=known, password=hashed))

    async def account_show(self, name: str) -> Json:
        """An account with its keys, without their secrets, its hosts and zones."""
        await self._requests_written()
        return await self._read(
            partial(
                account_work.account_show,
                caller=self._caller,
                rules=self.rules,
                name=parsing.account_name(name),
            )
        )

    async def account_remove(self, name: str) -> Json:
        """Remove an account with its keys and hosts."""
        known = parsing.account_name(name)
        answer = await self._transact(
            partial(
                account_work.account_remove,
                caller=self._caller,
                rules=self.rules,
                name=known,
                now=self._now(),
            )
        )
        self._blocked(known, None)  # who has the name next begins anew
        return answer

    async def account_block(self, name: str, reason: str, days: float | None = None) -> Json:
        """Let an account change nothing for so many days, or until the block is lifted. The owner
        is shown the reason."""
        now = self._now()
        if not reason.strip():
            raise Invalid("a block needs a reason: the account's owner is shown it")
        if days is not None and not 0 < days <= MAX_DAYS:
            raise Invalid(f"days: expected more than 0 and at most {MAX_DAYS}")
        block = Block(reason.strip(), now, None if days is None else now + 86_400 * days)
        known = parsing.account_name(name)
        answer = await self._transact(partial(account_work.account_block, name=known, block=block))
        self._blocked(known, block)
        return answer

    async def account_unblock(self, name: str) -> Json:
        """Lift the block of an account. What its clients did before counts no longer."""
        known = parsing.account_name(name)
        answer = await self._transact(partial(account_work.account_block, name=known, block=None))
        self._blocked(known, None)
        return answer


def _not_empty(password: str) -> str:
    if not password:
        raise Invalid("an empty password is not possible")
    return password
