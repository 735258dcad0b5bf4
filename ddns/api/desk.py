"""What operations of people have in common: a reception, a password to check, a token to send."""

from __future__ import annotations

from ddns.api import parsing, people_work
from ddns.api.account_service import MAX_HASHES, AccountService
from ddns.api.base import Part
from ddns.api.errors import ApiError, Forbidden, Invalid, TooMany
from ddns.model.account import Account, PendingToken, Purpose
from ddns.model.update import Status
from ddns.policy import secrets


class AtDesk(Part):
    """See the module."""

    def _desk(self) -> AccountService:
        if self._account_service is None:
            raise ApiError("this takes a running server")
        return self._account_service

    def _person(self) -> str:
        """The account of who calls."""
        if self._caller.account is None:
            raise Forbidden("this is for people who have logged in")
        return self._caller.account

    async def _hash_in_turn(self, password: str) -> str:
        """As :meth:`_hash`, but strangers do not keep everybody else waiting."""
        desk = self._desk()
        if desk.hashing >= MAX_HASHES:
            raise TooMany("too many others are at it; try again", 5.0)
        desk.hashing += 1
        try:
            return await self._hash(password)
        finally:
            desk.hashing -= 1

    async def _owner_of(self, user: str, password: str) -> Account | None:
        """The account whose name and password these are; None for an unknown user and for a wrong
        password alike."""
        desk = self._desk()
        if len(password) > parsing.MAX_PASSWORD:
            raise Invalid(f"a password has at most {parsing.MAX_PASSWORD} characters")
        for _ in range(2):  # a first check may have changed what is kept of the password
            before = desk.account_of(user)
            found = await desk.check_password(user, password, self._caller.peer)
            if found is Status.FAILED:
                raise TooMany("too many passwords are being checked; try again", 2.0)
            account = desk.account_of(user)
            if account == before:
                return account if account is not None and found == account.name else None
        return None  # it is being changed while we look

    async def _myself(self, password: str) -> Account:
        """The account of who calls, and knows its password."""
        account = await self._owner_of(self._person(), password)
        if account is None:
            raise Forbidden("that is not your password")
        return account

    def _pending(
        self, purpose: Purpose, account: str, email: str | None = None, password: str | None = None
    ) -> tuple[str, PendingToken]:
        """A new token, and what waits for it."""
        token = secrets.generate_token()
        expires = self._now() + self._desk().confirmation_time
        digest = secrets.digest_key(token)
        return token, PendingToken(digest, purpose, account, expires, email, password)

    async def _waiting(self, token: str, *purposes: Purpose) -> bytes:
        """The SHA-256 of a token that something waits for."""
        digest = secrets.digest_key(token)
        now = self._now()
        await self._read(lambda reading: people_work.waiting(reading, digest, now, *purposes))
        return digest
