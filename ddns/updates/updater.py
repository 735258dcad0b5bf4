"""The steps of an update, whatever dialect it came in: authenticate, decide, commit, publish.

This is the only file that knows the order of the steps. A reply that says success is sent only
after :meth:`Updater.perform` has returned it; by then the change is on disk and our DNS answers it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

from twisted.logger import Logger

from ddns.model.account import Account, Grant, Host
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, HOST_TTL
from ddns.model.update import Change, Outcome, Result, Status, Update
from ddns.policy.addresses import usable_in
from ddns.policy.authorize import activated, authorize, is_occluded
from ddns.policy.directory import Directory
from ddns.policy.edits import decide
from ddns.policy.following import prefixes_told
from ddns.policy.lasting import why_lasting
from ddns.policy.update_limits import Slot, UpdateLimiter, slots
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.authenticator import Authenticator
from ddns.updates.blocker import Blocker
from ddns.updates.expiring import end_leases_of_set, note_word
from ddns.updates.followers import Followers
from ddns.updates.publisher import Publisher

TOGETHER = 50
"""Changes that are made in one transaction, about a millisecond's work; a request may have more."""


class Attempt(NamedTuple):
    """A change, the slots that it takes from, and for how many seconds it comes too early: with 0.0
    it has taken its slots."""

    change: Change
    slots: tuple[Slot, ...] = ()
    wait: float = 0.0


class Updater:
    """Performs updates.

    :param store: where they are committed.
    :param directory: the accounts.
    :param authenticator: checks credentials.
    :param publisher: knows when our DNS answers what was committed.
    :param limiter: says what comes too often.
    :param clock: monotonic, for the limiter.
    :param blocker: blocks accounts whose clients do not heed it.
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
        blocker: Blocker,
    ) -> None:
        self._store = store
        self._directory = directory
        self._authenticator = authenticator
        self._publisher = publisher
        self._limiter = limiter
        self._clock = clock
        self._blocker = blocker

    async def perform(self, update: Update) -> Outcome:
        """Authenticate, decide, commit, publish. Never raises: failures are in the Outcome."""
        try:
            return await self._perform(update)
        except StoreError as error:
            if not error.logged:
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
            if grant not in (Status.BADAUTH, Status.DISABLED):
                return Outcome(grant)
            cause, owner = self._authenticator.cause(update.credentials)
            return Outcome(grant, cause=cause, owner=owner)
        account = self._directory.account(grant.account)
        if account is None:  # removed while its password was being checked
            return Outcome(Status.BADAUTH)
        if account.block is not None and account.block.holds(update.at):
            wait = 0.0 if account.block.until is None else account.block.until - update.at
            return Outcome(Status.BLOCKED, user=grant.account, wait=wait)
        if update.refusal is not None:
            return Outcome(update.refusal, user=grant.account)
        results: tuple[Result, ...] = ()
        for start in range(0, len(update.changes), TOGETHER):
            attempts = self._take(account, update.changes[start : start + TOGETHER])
            results += await self._commit(update, grant, attempts)
        refused = next((result for result in results if result.status is Status.ABUSE), None)
        if refused is not None:
            host = refused.change.host
            await self._blocker.count_refusal(account.name, host, update.dialect, update.at)
        return Outcome(results=results, user=grant.account)

    async def _commit(
        self, update: Update, grant: Grant, attempts: Sequence[Attempt]
    ) -> tuple[Result, ...]:
        """Commit what may be changed now, and find out which of the others change nothing."""
        author = Author(grant.account, update.dialect, update.at)
        results: tuple[Result, ...] = ()
        try:
            committed = await self._store.transact(
                author, partial(_write, attempts, grant, update.at)
            )
            results, origins = committed.value
        finally:
            self._give_back(attempts, results)
        # Of unchanged zones too: nochg promises that our DNS answers what it found committed.
        await self._publisher.published(origins)
        return results

    # Limits ------------------------------------------------------------------------------------

    def _take(self, account: Account, changes: Sequence[Change]) -> list[Attempt]:
        now = self._clock()
        attempts = []
        for change in changes:
            wanted = slots(account.name, change)
            wait = self._limiter.check(wanted, now)
            if wait <= 0:
                self._limiter.take(wanted, now)
            attempts.append(Attempt(change, wanted, wait))
        return attempts

    def _give_back(self, attempts: Sequence[Attempt], results: Sequence[Result]) -> None:
        """Give back what changes have taken that were not made: all without *results*."""
        now = self._clock()
        for attempt, result in zip_longest(attempts, results):
            if attempt.wait <= 0 and (result is None or result.status is not Status.GOOD):
                self._limiter.give_back(attempt.slots, now)


def _write(
    attempts: Sequence[Attempt], grant: Grant, now: float, transaction: ITransaction
) -> tuple[tuple[Result, ...], frozenset[bytes]]:
    """Write each change that is authorized; return the results and the origins of their zones."""
    origins: set[bytes] = set()
    followers = Followers(transaction)
    results = tuple(
        _write_one(attempt, grant, now, transaction, followers, origins) for attempt in attempts
    )
    return results, frozenset(origins)


def _write_one(
    attempt: Attempt,
    grant: Grant,
    now: float,
    transaction: ITransaction,
    followers: Followers,
    origins: set[bytes],
) -> Result:
    """Authorize and decide a change against committed rows, and write what it amounts to, unless it
    comes too early."""
    change = attempt.change
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
    lookup = partial(transaction.rrsets, origin)
    if is_occluded(name, origin, lookup):
        return Result(change, Status.NOHOST)
    if change.activated and not activated(change, host, transaction.rrsets(origin, name)):
        return Result(change, Status.NOHOST)
    origins.add(origin)
    decision = decide(
        change,
        name,
        host.ttl if host else HOST_TTL,
        lookup,
        usable_in(zone or transaction.zone(origin)),
        host.interface_id if host else None,
    )
    moves = [] if host is None else followers.moves(host, change)
    if isinstance(decision, Status):
        if decision is not Status.BADADDRESS or not moves:
            return Result(change, decision)
        decision = [], ()  # a prefix that followers take, and the host itself cannot
    written, addresses = decision
    if why_lasting(written, lookup):
        return Result(change, Status.NOTYOURS)
    told = prefixes_told(change.edits)
    is_new = host is not None and told not in ((), host.prefixes)
    is_changed = is_new or bool(written) or any(move.written for move in moves)
    if is_changed and attempt.wait > 0:
        return Result(change, Status.ABUSE, wait=attempt.wait)
    for rrset in written:
        transaction.put_rrset(origin, rrset)
    end_leases_of_set(transaction, origin, name, change.edits)
    if host is not None:
        host = note_word(transaction, host, now)
        origins |= followers.write(host, now)
    if host is not None and is_new:
        transaction.put_host_prefixes(name, told)
        host = dataclasses.replace(host, prefixes=told)
    # A host that loses its addresses stays, so that it can come back with them. The owner of a zone
    # may update a name just because it has an address; such a name becomes a host for this.
    gone = {rrset.type for rrset in written if rrset.owner == name and not rrset.rdatas}
    gone.intersection_update(ADDRESS_TYPES)
    if gone and name != origin:
        host = host or Host(name, origin, grant.account, written[0].ttl, now)
        transaction.put_host(dataclasses.replace(host, dormant=host.dormant | gone))
    return Result(change, Status.GOOD if is_changed else Status.NOCHG, addresses)
