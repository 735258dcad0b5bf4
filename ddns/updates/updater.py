"""The steps of an update, whatever dialect it came in: authenticate, decide, commit, publish.

This is the only file that knows the order of the steps. A reply that says success is sent only
after :meth:`Updater.perform` has returned it; by then the change is on disk and our DNS answers it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

from twisted.logger import Logger

from ddns.model.account import Account, Block, Grant, Host
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, HOST_TTL
from ddns.model.update import Change, Outcome, Result, Status, Update
from ddns.policy.addresses import allowed
from ddns.policy.authorize import activated, authorize, is_occluded
from ddns.policy.directory import Directory
from ddns.policy.edits import decide
from ddns.policy.update_limits import Slot, UpdateLimiter, slots
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.authenticator import Authenticator
from ddns.updates.publisher import Publisher

Taken = Sequence[tuple[Slot, ...] | None]
"""The slots that each change of an update has taken; None for a change that comes too often."""


class Updater:
    """Performs updates.

    :param store: where they are committed.
    :param directory: the accounts.
    :param authenticator: checks credentials.
    :param publisher: knows when our DNS answers what was committed.
    :param limiter: says what comes too often.
    :param clock: monotonic, for the limiter.
    :param blocked: told of each account that the limiter has had blocked.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        directory: Directory,
        authenticator: Authenticator,
        publisher: Publisher,
        limiter: UpdateLimiter,
        clock: Callable[[], float],
        blocked: Callable[[str, Block], None] = lambda account, block: None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._authenticator = authenticator
        self._publisher = publisher
        self._limiter = limiter
        self._clock = clock
        self._blocked = blocked

    async def perform(self, update: Update) -> Outcome:
        """Authenticate, decide, commit, publish. Never raises: failures are in the Outcome."""
        try:
            return await self._perform(update)
        except StoreError as error:
            if not self._store.stats().lost:  # or the store has said so, once
                self._log.error(
                    "update by {dialect} failed: {error}", dialect=update.dialect, error=error
                )
        except Exception:
            self._log.failure("update by {dialect} failed", dialect=update.dialect)
        return Outcome(Status.FAILED)

    async def _perform(self, update: Update) -> Outcome:
        if self._limiter.refuses(update.peer):
            return Outcome(Status.BLOCKED)
        if update.credentials is None:
            return Outcome(Status.UNAUTHENTICATED)
        grant = await self._authenticator.authenticate(update.credentials, update.peer)
        if isinstance(grant, Status):
            return Outcome(grant)
        account = self._directory.account(grant.account)
        if account is None:  # removed while its password was being checked
            return Outcome(Status.BADAUTH)
        if account.block is not None and account.block.holds(update.at):
            return Outcome(Status.BLOCKED, user=grant.account)
        if update.refusal is not None:
            return Outcome(update.refusal, user=grant.account)
        taken = self._take(account, update.changes)
        if None in taken and await self._count_refusal(update, account, taken):
            self._settle(taken, ())  # the account is blocked, so its other changes are not made
            results = tuple(
                Result(change, Status.ABUSE if of is None else Status.BLOCKED)
                for change, of in zip(update.changes, taken, strict=True)
            )
            return Outcome(results=results, user=grant.account)
        return Outcome(results=await self._commit(update, grant, taken), user=grant.account)

    async def _commit(self, update: Update, grant: Grant, taken: Taken) -> tuple[Result, ...]:
        """Commit the changes that have taken their slots; refuse the others, in their places."""
        changes = [
            change for change, of in zip(update.changes, taken, strict=True) if of is not None
        ]
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
            # Of unchanged zones too: nochg promises that our DNS answers what it found committed.
            await self._publisher.published(origins)
        if len(changes) == len(update.changes):
            return results
        made = iter(results)
        return tuple(
            Result(change, Status.ABUSE) if of is None else next(made)
            for change, of in zip(update.changes, taken, strict=True)
        )

    # Limits ------------------------------------------------------------------------------------

    def _take(self, account: Account, changes: Sequence[Change]) -> Taken:
        now = self._clock()
        taken: list[tuple[Slot, ...] | None] = []
        for change in changes:
            wanted = slots(account.name, change)
            if self._limiter.check(wanted, now) > 0:
                taken.append(None)
            else:
                self._limiter.take(wanted, now)
                taken.append(wanted)
        return taken

    def _settle(self, taken: Taken, results: Sequence[Result]) -> None:
        """Refund the changes that were not made: all of them without *results*."""
        now = self._clock()
        made = iter(results)
        for of in taken:
            if of is not None:
                result = next(made, None)
                self._limiter.settle(of, result.status if result else Status.FAILED, now)

    async def _count_refusal(self, update: Update, account: Account, taken: Taken) -> bool:
        """Count a refusal, and block an account that does not stop; return whether it is blocked.

        If the block cannot be written, the next refusal tries again.
        """
        limits = self._limiter.settings
        count = self._limiter.refuse(account.name, self._clock())
        if not limits.refusals or count < limits.refusals:
            return False
        host = update.changes[taken.index(None)].host
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
        self._limiter.forget_refusals(account.name)
        if committed.value:
            self._log.warn(
                "account {account} is blocked: {reason}", account=account.name, reason=block.reason
            )
            self._blocked(account.name, block)
        return True


def _put_block(name: str, block: Block, transaction: ITransaction) -> bool:
    """Block an account; return False if it has gone or is blocked already."""
    account = transaction.account(name)
    if account is None or (account.block is not None and account.block.holds(block.since)):
        return False
    transaction.put_account(dataclasses.replace(account, block=block))
    return True


def _write(
    changes: Sequence[Change], grant: Grant, now: float, transaction: ITransaction
) -> tuple[tuple[Result, ...], frozenset[bytes]]:
    """Write each change that is authorized; return the results and the origins of their zones."""
    origins: set[bytes] = set()
    results = tuple(_write_one(change, grant, now, transaction, origins) for change in changes)
    return results, frozenset(origins)


def _write_one(
    change: Change, grant: Grant, now: float, transaction: ITransaction, origins: set[bytes]
) -> Result:
    """Authorize and decide a change against committed rows, and write what it amounts to."""
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
    # A host that loses its addresses stays, so that it can come back with them. The owner of a zone
    # may update a name just because it has an address; such a name becomes a host for this.
    gone = {rrset.type for rrset in written if rrset.owner == name and not rrset.rdatas}
    gone &= set(ADDRESS_TYPES)
    if gone and name != origin:
        host = host or Host(name, origin, grant.account, written[0].ttl, now)
        transaction.put_host(dataclasses.replace(host, dormant=host.dormant | gone))
    return Result(change, Status.GOOD if written else Status.NOCHG, addresses)
