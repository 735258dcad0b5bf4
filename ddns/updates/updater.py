"""The pipeline that every update goes through, whatever dialect it came in.

This is the only file that knows the order of the steps. A reply that says success is sent only
after :meth:`Updater.perform` has returned it, and by then the change is on disk and our DNS answers
it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from twisted.logger import Logger

from ddns.model.account import Account, Block, Grant, Host
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, HOST_TTL
from ddns.model.update import Change, Credentials, Outcome, Result, Status, Update
from ddns.policy.addresses import allowed
from ddns.policy.authorize import activated, authorize, is_occluded
from ddns.policy.directory import Directory
from ddns.policy.edits import decide
from ddns.policy.update_limits import Attempt, History, Slot, judge, slots
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.authenticator import Authenticator
from ddns.updates.publisher import Publisher

T = TypeVar("T")


class Updater:
    """*history* says what was done before, by *clock*, which is monotonic; *blocked* is told of
    accounts that have just been blocked."""

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        directory: Directory,
        authenticator: Authenticator,
        publisher: Publisher,
        history: History,
        clock: Callable[[], float],
        blocked: Callable[[str, Block], None] = lambda account, block: None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._authenticator = authenticator
        self._publisher = publisher
        self._history = history
        self._clock = clock
        self._blocked = blocked

    async def perform(self, update: Update) -> Outcome:
        """Authenticate, decide, commit, publish. Never raises: what fails is in the Outcome."""
        try:
            return await self._perform(update)
        except StoreError as error:
            self._log.error(
                "update by {dialect} failed: {error}", dialect=update.dialect, error=error
            )
        except Exception:
            self._log.failure("update by {dialect} failed", dialect=update.dialect)
        return Outcome(Status.FAILED)

    async def _perform(self, update: Update) -> Outcome:
        refusal = judge(self._history, Attempt(update), self._clock())
        if refusal is not None:
            return Outcome(refusal)
        if update.credentials is None:
            return Outcome(Status.UNAUTHENTICATED)
        grant = self._authenticator.at_once(update.credentials, update.peer)
        if grant is None:
            assert isinstance(update.credentials, Credentials)
            grant = await self._authenticator.check(update.credentials, update.peer)
        if isinstance(grant, Status):
            return Outcome(grant)
        account = self._directory.account(grant.account)
        if account is None:  # removed while its password was being checked
            return Outcome(Status.BADAUTH)
        refusal = judge(self._history, Attempt(update, account), self._clock()) or update.refusal
        if refusal is not None:
            return Outcome(refusal, user=grant.account)
        refused, taken = self._admit(update, account)
        if refused and await self._refused(update, account, refused):
            self._settle(taken, ())  # from now on nothing is changed, this neither
            for at, change in enumerate(update.changes):
                refused.setdefault(at, Result(change, Status.BLOCKED))
        changes = [change for at, change in enumerate(update.changes) if at not in refused]
        results: tuple[Result, ...] = ()
        if changes:
            author = Author(grant.account, update.dialect, update.at)
            try:
                committed = await self._store.transact(
                    author, partial(_write, changes, grant, update.at)
                )
                results, origins = committed.value
            finally:
                self._settle(taken, results)
            # All of them: nochg says that our DNS answers what was committed before.
            await self._publisher.published(origins)
        if refused:
            rest = iter(results)
            results = tuple(refused.get(at) or next(rest) for at in range(len(update.changes)))
        return Outcome(results=results, user=grant.account)

    # What comes too often --------------------------------------------------------------------

    def _admit(
        self, update: Update, account: Account
    ) -> tuple[dict[int, Result], list[tuple[Slot, ...]]]:
        """Refuse the changes that come too often, by their places; what the others take."""
        refused: dict[int, Result] = {}
        taken = []
        now = self._clock()
        for at, change in enumerate(update.changes):
            refusal = judge(self._history, Attempt(update, account, change), now)
            if refusal is not None:
                refused[at] = Result(change, refusal)
            else:
                taken.append(slots(account.name, change))
                self._history.take(taken[-1], now)
        return refused, taken

    def _settle(self, taken: Sequence[tuple[Slot, ...]], results: Sequence[Result]) -> None:
        """Only what was changed has used something up; results are missing where all failed."""
        now = self._clock()
        for at, slots_taken in enumerate(taken):
            status = results[at].status if results else Status.FAILED
            if status is Status.NOCHG:
                self._history.unchanged(slots_taken, now)
            elif status is not Status.GOOD:
                self._history.give_back(slots_taken, now)

    async def _refused(
        self, update: Update, account: Account, refused: Mapping[int, Result]
    ) -> bool:
        """Block who does not stop; whether it came to that. If it cannot be written, the next
        refusal tries again."""
        limits = self._history.limits
        count = self._history.refuse(account.name, self._clock())
        if not limits.refusals or count < limits.refusals:
            return False
        host = next(iter(refused.values())).change.host
        block = Block(
            f"{count} updates were refused because they came too often, the last one for"
            f" {host} by {update.dialect}",
            update.at,
            update.at + limits.block_time if limits.block_time else None,
        )
        author = Author("server", "abuse", update.at)
        work = partial(_put_block, account.name, block)
        try:
            committed = await self._store.transact(author, work)
        except StoreError as error:
            self._log.error(
                "account {account} cannot be blocked: {error}", account=account.name, error=error
            )
            return False
        self._history.forgive(account.name)
        if committed.value:
            self._log.warn(
                "account {account} is blocked: {reason}", account=account.name, reason=block.reason
            )
            self._blocked(account.name, block)
        return True


def _put_block(name: str, block: Block, transaction: ITransaction) -> bool:
    """Whether the account was there and not blocked already."""
    account = transaction.account(name)
    if account is None or (account.block is not None and account.block.holds(block.since)):
        return False
    transaction.put_account(dataclasses.replace(account, block=block))
    return True


def _write(
    changes: Sequence[Change], grant: Grant, now: float, transaction: ITransaction
) -> tuple[tuple[Result, ...], frozenset[bytes]]:
    """Authorize and decide each change against committed rows, and write what it amounts to; the
    results, and the origins of the zones that they speak of."""
    origins: set[bytes] = set()
    results = tuple(_write_one(change, grant, now, transaction, origins) for change in changes)
    return results, frozenset(origins)


def _write_one(
    change: Change, grant: Grant, now: float, transaction: ITransaction, origins: set[bytes]
) -> Result:
    if change.name is None:
        return Result(change, Status.NOTFQDN)
    name = change.name
    host = transaction.host(name)
    zone = transaction.zone_of(name) if host is None else None
    refusal = authorize(
        change, grant, host, zone, lambda: transaction.rrsets(zone.origin, name) if zone else []
    )
    if refusal is not None:
        return Result(change, refusal)
    origin = host.zone if host is not None else zone.origin  # type: ignore[union-attr]
    if is_occluded(name, origin, partial(transaction.rrsets, origin)):
        return Result(change, Status.NOHOST)
    if change.activated and not activated(change, host, transaction.rrsets(origin, name)):
        return Result(change, Status.NOHOST)
    origins.add(origin)
    decision = decide(
        change, name, host.ttl if host else HOST_TTL, partial(transaction.rrsets, origin)
    )
    if isinstance(decision, Status):
        return Result(change, decision)
    written, addresses = decision
    policy = zone or transaction.zone(origin)
    if policy is not None and not allowed(policy.addresses, written):
        return Result(change, Status.BADADDRESS)
    for rrset in written:
        transaction.put_rrset(origin, rrset)
    gone = {rrset.type for rrset in written if rrset.owner == name and not rrset.rdatas}
    if gone.intersection(ADDRESS_TYPES) and name != origin:
        host = host or Host(name, origin, grant.account, written[0].ttl, now)
        transaction.put_host(_without(host, gone))
    return Result(change, Status.GOOD if written else Status.NOCHG, addresses)


def _without(host: Host, gone: set[int]) -> Host:
    """A host that has lost addresses, so that it can come back with them. The owner of a zone may
    update a name because it has an address: that it had one is kept in the same way."""
    return dataclasses.replace(host, dormant=host.dormant | gone.intersection(ADDRESS_TYPES))
