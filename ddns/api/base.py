"""What the operations of every subject have in common: a store, a clock, a caller."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Self, TypeVar

from ddns.api.account_service import AccountService
from ddns.api.caller import OPERATOR, Caller
from ddns.api.errors import ApiError, Conflict, Forbidden, Invalid, TooMany
from ddns.api.parsing import RunSlow
from ddns.api.serializers import Json
from ddns.model import names
from ddns.model.account import Block
from ddns.model.journal import Author
from ddns.policy import secrets
from ddns.policy.registration import DEFAULTS, Rules
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError
from ddns.system.secret_box import SecretBox

T = TypeVar("T")


async def nothing_waits() -> None:
    """For who has no log of requests in memory."""


def nothing_to_reload() -> Json:
    """For who is no server."""
    raise Conflict("no server runs; one that starts reads its settings anew")


class Part:
    """*published* waits until our DNS answers what was committed to zones; *run_slow* runs a
    function outside the reactor's thread; *now* tells seconds since 1970; *vault* seals secrets;
    *rules* are what holds for people; *requests_written* has the log of requests written as far
    as it has come; *blocked* is told of blocks that the operator sets and lifts; *reception* is
    where people come in, if they can; *reload* reads the settings again, says which keys it
    changed and which have to wait, and raises ApiError for settings that cannot be.

    Whoever calls is the operator until :meth:`acting_for` says otherwise. ``count_change`` counts a
    change of an account, at an owner name, of a type, and tells after how many seconds it may come.
    """

    def __init__(
        self,
        store: IStore,
        published: Callable[[frozenset[bytes]], Awaitable[None]],
        run_slow: RunSlow,
        now: Callable[[], float],
        secret_box: SecretBox,
        via: str = "command",
        rules: Rules = DEFAULTS,
        requests_written: Callable[[], Awaitable[None]] = nothing_waits,
        blocked: Callable[[str, Block | None], None] = lambda account, block: None,
        account_service: AccountService | None = None,
        reload: Callable[[], Json] = nothing_to_reload,
    ) -> None:
        self._store = store
        self._published = published
        self._run_slow = run_slow
        self._now = now
        self._secret_box = secret_box
        self._via = via
        self.rules = rules
        self._requests_written = requests_written
        self._blocked = blocked
        self._account_service = account_service
        self._reload = reload
        self._caller = OPERATOR
        self._stages: dict[str, int] = {}
        self.count_change: Callable[[str, bytes, int], float] = lambda account, owner, number: 0.0

    def _admit_change(self, owner: bytes, number: int) -> None:
        """Count a change that somebody makes at a host as those of their clients are counted.

        :raises TooMany: when there were too many.
        """
        if self._caller.account is None:
            return
        wait = self.count_change(self._caller.account, owner, number)
        if wait > 0:
            raise TooMany(f"{names.to_text(owner)} changes too often", wait)

    def acting_for(self, caller: Caller, via: str) -> Self:
        """The same operations with somebody else's rights; what they share, they share."""
        other = copy.copy(self)
        other._caller = caller
        other._via = via
        return other

    async def _hash(self, password: str) -> str:
        """What is kept instead of a password."""
        try:
            return await self._run_slow(partial(secrets.hash_password, password))
        except UnicodeEncodeError:
            raise Invalid("a password has to be UTF-8") from None

    async def _transact(
        self,
        function: Callable[[ITransaction], T],
        *,
        blocked_too: bool = False,
        bulk: bool = False,
    ) -> T:
        """Run it, for who is not blocked. With *blocked_too* it is something that keeps others
        out, such as taking a key away, which everybody may; *bulk* is for the store to know."""
        author = Author(self._caller.name, self._via, self._now())

        def work(transaction: ITransaction) -> T:
            if not blocked_too:
                self._not_blocked(transaction, author.at)
            return function(transaction)

        try:
            committed = await self._store.transact(author, work, bulk)
            await self._published(committed.zones)
        except StoreError as error:
            raise ApiError(str(error)) from error
        return committed.value

    def _not_blocked(self, reading: IReading, now: float) -> None:
        """Who is blocked may look, and change nothing."""
        account = reading.account(self._caller.account) if self._caller.account else None
        if account is not None and account.block is not None and account.block.holds(now):
            raise Forbidden(f"account {account.name} is blocked: {account.block.reason}")

    async def _read(self, function: Callable[[IReading], T]) -> T:
        try:
            return await self._store.read(function)
        except StoreError as error:
            raise ApiError(str(error)) from error
