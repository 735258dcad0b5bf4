"""Operations of people on how they are known: sessions and passwords."""

from __future__ import annotations

from functools import partial

from ddns.api import parsing, people_work
from ddns.api.desk import AtDesk
from ddns.api.errors import Unauthenticated
from ddns.api.serializers import Json
from ddns.model.account import Purpose


class Logins(AtDesk):
    """What somebody does about being known."""

    async def log_in(self, name: str, password: str) -> Json:
        """A token that stands for name and password until it ends; it is told this once."""
        account = await self._owner_of(name, password)
        if account is None:
            raise Unauthenticated("wrong name or password")
        return self._desk().welcome(account)

    async def log_out(self) -> Json:
        """The token opens nothing any more."""
        name = self._person()
        self._desk().sessions.close(self._caller.session)
        return {"account": name}

    async def password_change(self, old: str, new: str) -> Json:
        """Another password. All sessions end; the answer has the token of a new one."""
        desk, name = self._desk(), self._person()
        parsing.chosen_password(new)
        former = (await self._myself(old)).password
        hashed = await self._hash_in_turn(new)
        await self._transact(
            partial(people_work.password_set, name=name, password=hashed, former=former),
            blocked_too=True,
        )
        account = desk.account_of(name)
        if account is None or account.password != hashed:
            raise Unauthenticated("the password was changed again; log in")
        return desk.welcome(account)

    async def password_reset_request(self, name_or_email: str) -> Json:
        """Ask for a mail with which to set another password. The answer does not tell whether
        there is such an account."""
        desk = self._desk()
        whom = parsing.name_or_email(name_or_email)
        desk.admit(self._caller.peer, whom)
        token, pending = self._pending(Purpose.RESET, whom)
        account = await self._transact(
            partial(people_work.reset_request, whom=whom, pending=pending, now=self._now())
        )
        if account is not None and account.email is not None:
            letter = desk.writer.reset_password(
                account.email, account.name, token, desk.confirmation_time
            )
            desk.send(letter, whom)
        return {"name_or_email": whom}

    async def password_reset(self, token: str, password: str) -> Json:
        """Set another password with the token from a mail. All sessions end."""
        parsing.chosen_password(password)
        digest = await self._waiting(token, Purpose.RESET)
        hashed = await self._hash_in_turn(password)
        return await self._transact(
            partial(people_work.password_reset, digest=digest, password=hashed, now=self._now())
        )
