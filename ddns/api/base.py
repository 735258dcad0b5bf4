"""The base of all operations: their collaborators, and the ways into the store."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, Self, TypeVar

from ddns.api import parsing
from ddns.api.access import Context, ReadContext, WriteContext
from ddns.api.account_service import AccountService
from ddns.api.caller import OPERATOR, Caller
from ddns.api.errors import ApiError, Conflict, Forbidden, Invalid, TooMany
from ddns.api.running import RunningServer
from ddns.api.serializers import Json
from ddns.model import names
from ddns.model.account import Account, Block
from ddns.model.journal import Author
from ddns.model.secondaries import SecondaryState
from ddns.policy import secrets
from ddns.policy.registration import DEFAULTS, Rules
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError
from ddns.store.scanning import IScan
from ddns.system.secret_box import SecretBox, SecretBoxError

T = TypeVar("T")


class RunSlow(Protocol):
    """Runs a function outside the reactor's thread."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


async def no_request_log() -> None:
    """Default for a process that keeps no log of requests in memory."""


def no_running_server() -> Json:
    """Default for a process without a running server: always raises Conflict."""
    raise Conflict("no server runs; one that starts reads its settings anew")


async def no_secondary_states(origin: bytes) -> list[SecondaryState]:
    """Default for a process that tells no secondaries."""
    return []


class BaseOperations:
    """The base of the operations on every subject. The caller is the operator until
    :meth:`acting_for` says otherwise.

    :param store: where everything is kept; it has to be open when operations are called.
    :param wait_until_published: waits until our DNS answers what was committed to these zones.
    :param run_slow: runs a function outside the reactor's thread.
    :param now: the time in seconds since 1970.
    :param secret_box: seals what keys for challenges are derived from.
    :param via: how changes came here, for the journal.
    :param rules: limits on what people may register; may be set at any time.
    :param flush_request_log: has the requests written that were logged so far.
    :param block_changed: called with an account's new block, or None when it is lifted.
    :param account_service: sessions, mail and limits for people, if this process has them.
    :param reload_settings: reads the settings again; returns the keys that changed and those that
        take a restart; raises ApiError for bad settings.
    :param exposed: returns a line for each file with secrets that is open to everybody.
    :param count_change: counts a change by an account at an owner name, of a type; returns after
        how many seconds it may come, 0.0 for at once.
    :param secondary_states: asks the secondaries of a zone how far they have followed.
    :param running: what a running server tells of itself.
    """

    def __init__(
        self,
        store: IStore,
        wait_until_published: Callable[[frozenset[bytes]], Awaitable[None]],
        run_slow: RunSlow,
        now: Callable[[], float],
        secret_box: SecretBox,
        via: str = "command",
        rules: Rules = DEFAULTS,
        flush_request_log: Callable[[], Awaitable[None]] = no_request_log,
        block_changed: Callable[[str, Block | None], None] = lambda account, block: None,
        account_service: AccountService | None = None,
        reload_settings: Callable[[], Json] = no_running_server,
        count_change: Callable[[str, bytes, int], float] = lambda account, owner, number: 0.0,
        exposed: Callable[[], list[str]] = list,
        secondary_states: Callable[[bytes], Awaitable[list[SecondaryState]]] = no_secondary_states,
        running: RunningServer | None = None,
    ) -> None:
        self._store = store
        self._wait_until_published = wait_until_published
        self._run_slow = run_slow
        self._now = now
        self._secret_box = secret_box
        self._via = via
        self.rules = rules
        self._flush_request_log = flush_request_log
        self._block_changed = block_changed
        self._account_service = account_service
        self._reload_settings = reload_settings
        self._count_change = count_change
        self._exposed = exposed
        self._secondary_states = secondary_states
        self._running = running or RunningServer()
        self._caller = OPERATOR
        self._scanning: set[str] = set()  # accounts that read a whole zone just now
        self._imports: dict[str, int] = {}  # next part by stage; the oldest import first

    def acting_for(self, caller: Caller, via: str) -> Self:
        """Return a shallow copy acting on behalf of `caller`; shared state stays shared."""
        other = copy.copy(self)
        other._caller = caller
        other._via = via
        return other

    async def _transact(
        self,
        work: Callable[[WriteContext], T],
        *,
        even_if_blocked: bool = False,
        bulk: bool = False,
    ) -> T:
        """Run work in one transaction and return its result once DNS answers it.

        :param even_if_blocked: for what keeps others out, such as revoking a key.
        :param bulk: lets the store put other transactions first.
        """
        author = Author(self._caller.name, self._via, self._now())
        caller, rules = self._caller, self.rules

        def run(transaction: ITransaction) -> T:
            context = Context(transaction, caller, rules, author.at)
            if caller.account is not None and not even_if_blocked:
                context.check_not_blocked(transaction.account(caller.account))
            context.check_key()
            return work(context)

        try:
            committed = await self._store.transact(author, run, bulk)
            await self._wait_until_published(committed.zones)
        except StoreError as error:
            raise ApiError(str(error)) from error
        return committed.value

    async def _read(self, work: Callable[[ReadContext], T], within: IScan | None = None) -> T:
        """Run work on a snapshot of the store, that of a scan if given."""
        caller, rules, now = self._caller, self.rules, self._now()

        def run(reading: IReading) -> T:
            return work(Context(reading, caller, rules, now))

        return await self._stored((within or self._store).read(run))

    async def _stored(self, result: Awaitable[T]) -> T:
        """Wait for a result of the store.

        :raises ApiError: for any StoreError.
        """
        try:
            return await result
        except StoreError as error:
            raise ApiError(str(error)) from error

    def _account_or_own(self, given: str | None) -> str:
        """Return the account that a call is about: the given one, else the caller's own.

        :raises Invalid: when there is neither.
        """
        if given is not None:
            return parsing.account_name(given)
        if self._caller.account is None:
            raise Invalid("account: missing")
        return self._caller.account

    def _limit_changes(self, owner: bytes, number: int = 0) -> None:
        """Count a change that a person makes, together with those by their clients. Operators may
        change as much as they like.

        :raises TooMany: when there were too many.
        """
        if self._caller.operator or self._caller.account is None:
            return
        wait = self._count_change(self._caller.account, owner, number)
        if wait > 0:
            raise TooMany("{owner} changes too often", wait, owner=names.to_text(owner))

    async def _hash(self, password: str) -> str:
        """Return the hash to store for a password."""
        try:
            return await self._run_slow(partial(secrets.hash_password, password))
        except UnicodeEncodeError:
            raise Invalid("a password has to be UTF-8") from None

    async def _seal(self, plain: str, purpose: bytes) -> bytes:
        """Return a secret encrypted with the key file, for one purpose.

        :raises ApiError: if the key file is unusable.
        """
        other = await self._read(lambda context: context.transaction.any_sealed_secret())
        try:
            return await self._run_slow(
                partial(self._secret_box.seal, plain.encode(), purpose, other)
            )
        except SecretBoxError as error:
            raise ApiError(str(error)) from error

    @property
    def _service(self) -> AccountService:
        """The account service.

        :raises ApiError: in a process that has none.
        """
        if self._account_service is None:
            raise ApiError("this takes a running server")
        return self._account_service

    async def _confirm_password(self, password: str) -> Account:
        """Return the account of the caller, who has to know its password."""
        name = self._caller.logged_in_account()
        account = await self._service.authenticate(name, password, self._caller.peer)
        if account is None:
            raise Forbidden("that is not your password")
        return account
