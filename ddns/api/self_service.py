"""Operations of people on their own accounts: to register, to be written to elsewhere, to leave."""

from __future__ import annotations

from functools import partial

from ddns.api import account_work, parsing, people_work
from ddns.api.desk import AtDesk
from ddns.api.errors import Forbidden
from ddns.api.serializers import Json
from ddns.model.account import Purpose


class SelfService(AtDesk):
    """What somebody does about having an account."""

    async def register(self, name: str, password: str, email: str) -> Json:
        """Ask for an account. A mail goes out, and whoever comes back with its token gets it. The
        answer does not tell whether somebody has an account with that address already."""
        desk = self._desk()
        if not desk.open:
            raise Forbidden("nobody can register here; ask the operator for an account")
        known, address = parsing.chosen_name(name), parsing.email(email)
        parsing.chosen_password(password)
        await self._read(partial(people_work.name_is_free, name=known))
        desk.admit(self._caller.peer, address)
        hashed = await self._hash_in_turn(password)
        token, pending = self._pending(Purpose.REGISTER, known, address, hashed)
        there = await self._transact(
            partial(people_work.register, pending=pending, now=self._now())
        )
        if there is not None:
            letter = desk.writer.known_already(there.email or address, there.name)
        else:
            letter = desk.writer.confirm_registration(address, known, token, desk.confirmation_time)
        desk.send(letter, address)
        return {"name": known, "email": address}

    async def confirm(self, token: str) -> Json:
        """Come back with the token from a mail: the account is made, or the address is its own."""
        digest = await self._waiting(token, Purpose.REGISTER, Purpose.EMAIL)
        return await self._transact(partial(people_work.confirm, digest=digest, now=self._now()))

    async def email_change(self, email: str, password: str) -> Json:
        """Ask to be written to at another address, which has to be confirmed from there; the
        present one is told."""
        desk, address = self._desk(), parsing.email(email)
        name = self._person()
        desk.admit(self._caller.peer, address)
        owner = await self._myself(password)
        token, pending = self._pending(Purpose.EMAIL, name, address)
        mine, there = await self._transact(
            partial(people_work.email_change, pending=pending, owner=owner, now=self._now())
        )
        if there is not None and there.name != name:
            letter = desk.writer.known_already(there.email or address, there.name)
        else:
            letter = desk.writer.confirm_address(address, name, token, desk.confirmation_time)
        desk.send(letter, address)
        if mine.email is not None and mine.email != address:
            desk.tell(desk.writer.address_changes(mine.email, name, address))
        return {"name": name, "email": address}

    async def account_leave(self, name: str, password: str) -> Json:
        """Remove one's own account with its keys and hosts."""
        if parsing.account_name(name) != self._person():
            raise Forbidden("only your own account")
        owner = await self._myself(password)
        answer = await self._transact(
            lambda transaction: account_work.account_remove(
                transaction,
                self._caller,
                self.rules,
                people_work.unchanged(transaction, owner).name,
                self._now(),
            )
        )
        self._blocked(owner.name, None)
        return answer
