"""The steps of a change of records, whose client has been verified: decide, commit, publish.

They are those of :mod:`ddns.updates.updater`, but for what DNS UPDATE and the APIs of tools have of
their own: records of every type, all or nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial

from dns.rcode import NOERROR, NOTAUTH, NOTZONE, REFUSED, SERVFAIL
from twisted.logger import Logger

from ddns.model.account import Key
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, ANY
from ddns.model.update import SUCCESSES, Outcome, Result, Status
from ddns.policy.addresses import allowed
from ddns.policy.authorize import has_operator_rights, is_still_good
from ddns.policy.directory import Directory
from ddns.policy.expiry import Terms
from ddns.policy.registration import Rules
from ddns.policy.update_limits import Slot, UpdateLimiter, slot_of
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.blocker import Blocker
from ddns.updates.expiring import put_under_lease
from ddns.updates.publisher import Publisher
from ddns.updates.record_rights import RecordRights
from ddns.updates.record_update import RecordUpdate
from ddns.zone.update_message import UpdateError

TELLING = frozenset({"acme-dns"})
"""Dialects that change nothing but answers to challenges, at names that do not tell."""


class RecordUpdater:
    """Performs changes of records.

    :param store: where they are committed.
    :param directory: the accounts.
    :param publisher: knows when our DNS answers what was committed.
    :param limiter: says what comes too often.
    :param blocker: blocks accounts whose clients do not heed it.
    :param clock: monotonic, for the limiter.
    :param rules: limits on what people may have.
    :param keep: for how many seconds answers to challenges stay, 0 for ever.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        directory: Directory,
        publisher: Publisher,
        limiter: UpdateLimiter,
        blocker: Blocker,
        clock: Callable[[], float],
        rules: Callable[[], Rules],
        keep: Callable[[], float],
    ) -> None:
        self._store = store
        self._directory = directory
        self._publisher = publisher
        self._limiter = limiter
        self._blocker = blocker
        self._clock = clock
        self._rules = rules
        self._keep = keep

    async def perform(self, update: RecordUpdate) -> Outcome:
        """Decide, commit, publish. Never raises: failures are in the Outcome, as is the RCODE."""
        try:
            return await self._perform(update)
        except StoreError as error:
            if not error.logged:
                self._log.error(
                    "a change by {dialect} failed: {error}", dialect=update.dialect, error=error
                )
        except Exception:
            self._log.failure("a change by {dialect} failed", dialect=update.dialect)
        return Outcome(Status.FAILED, rcode=SERVFAIL)

    async def _perform(self, update: RecordUpdate) -> Outcome:
        if self._limiter.refuses(update.peer):
            return Outcome(Status.BLOCKED, rcode=REFUSED, reason="this network is blocked")
        if update.key is None:
            return await self._unlimited(update, update.author)
        account = self._directory.account(update.key.account)
        if account is None or (account.block is not None and account.block.holds(update.at)):
            return Outcome(Status.BLOCKED, rcode=REFUSED, reason="the account is blocked")
        if has_operator_rights(update.key, account):
            return await self._unlimited(update, account.name)
        slots = {
            slot_of(account.name, owner, number)
            for owner, kind in update.touched_rrsets()
            for number in ((*ADDRESS_TYPES, 0) if kind == ANY else (kind,))
        }
        now = self._clock()
        wait = self._limiter.check(slots, now)
        if wait <= 0:
            self._limiter.take(slots, now)
        made: _Made | None = None
        try:
            made = await self._commit(update, account.name, update.key, wait)
        finally:
            if wait <= 0:
                self._give_back(slots, made)
        if made.status is Status.ABUSE:
            host = update.update.changes[0].host
            await self._blocker.count_refusal(account.name, host, update.dialect, update.at)
        return self._told(update, account.name, made)

    async def _unlimited(self, update: RecordUpdate, who: str) -> Outcome:
        """Perform what the server itself, or an operator, changes."""
        return self._told(update, who, await self._commit(update, who, None, 0.0))

    async def _commit(self, update: RecordUpdate, who: str, key: Key | None, wait: float) -> _Made:
        author = Author(who, update.dialect, update.at)
        work = partial(_write, update, key, wait, self._rules(), self._keep())
        committed = await self._store.transact(author, work)
        await self._publisher.published(frozenset((update.origin,)))
        return committed.value

    def _told(self, update: RecordUpdate, who: str, made: _Made) -> Outcome:
        if made.status in SUCCESSES:
            changes = update.update.changes
            results = tuple(Result(change, made.status) for change in changes)
            return Outcome(results=results, user=who)
        return Outcome(made.status, user=who, rcode=made.rcode, reason=made.reason, wait=made.wait)

    def _give_back(self, slots: Iterable[Slot], made: _Made | None) -> None:
        """Give back what was taken for RRsets that did not change."""
        changed = made.changed if made is not None else frozenset()
        self._limiter.give_back([slot for slot in slots if slot[1:] not in changed], self._clock())


@dataclasses.dataclass(frozen=True, slots=True)
class _Made:
    """What became of a change; ``changed`` are the hosts and kinds of its slots that changed,
    ``reason`` says why it is refused, and ``wait`` after how many seconds it may be tried again."""

    rcode: int
    status: Status
    changed: frozenset[tuple[bytes, int]] = frozenset()
    reason: str = ""
    wait: float = 0.0


def _write(
    update: RecordUpdate,
    key: Key | None,
    wait: float,
    rules: Rules,
    keep: float,
    transaction: ITransaction,
) -> _Made:
    """Read, decide and write a change against committed rows, unless it comes *wait* seconds too
    early, with the rights of a key or, without one, all of them. Answers to challenges stay for
    *keep* seconds."""
    if not _may_still(update, key is None, transaction):
        return _Made(REFUSED, Status.NOTYOURS, reason="the key is not good for this any more")
    zone = transaction.zone(update.origin)
    if zone is None:
        return _Made(NOTAUTH, Status.NOHOST, reason="there is no such zone")
    if why := update.refused_by(transaction):
        return _Made(REFUSED, Status.NOTYOURS, reason=why)
    try:
        asked = update.asked()
    except UpdateError as error:
        return _Made(error.rcode, Status.BADREQUEST)
    rights = RecordRights(key, update.right, zone, transaction, update.key)
    lookup = partial(transaction.rrsets, zone.origin)
    decision = asked.decide(lookup, rights.may_change, zone.serial, rights.ttl)
    if decision.rcode != NOERROR:
        return _Made(decision.rcode, decision.status, reason=decision.reason)
    # Not before: who may change nothing has nothing looked up either.
    if not all(rights.is_here(one.owner, one.type) for one in asked.operations):
        return _Made(NOTZONE, Status.NOHOST, reason="a name is not in this zone")
    if why := rights.why_lasting(decision.rrsets):
        return _Made(REFUSED, Status.NOTYOURS, reason=why)
    rrsets = [rights.within_limits(rrset, rules) for rrset in decision.rrsets]
    if not allowed(zone.addresses, rrsets):
        return _Made(REFUSED, Status.BADADDRESS, reason="the zone does not allow this address")
    if rights.most_records(rrsets) > rules.records_per_host:
        return _Made(REFUSED, Status.NOTYOURS, reason="too many records of a host")
    if rrsets and wait > 0:
        reason = "too many changes, try again later"
        return _Made(REFUSED, Status.ABUSE, reason=reason, wait=wait)
    if decision.serial is not None:
        transaction.raise_serial(zone.origin, decision.serial)
    operations = asked.operations
    terms = Terms(update.lease, keep, update.dialect in TELLING)
    put_under_lease(transaction, zone.origin, operations, rrsets, terms, update.at)
    rights.note_word(operations, update.at)
    for host in rights.without_addresses(rrsets):
        transaction.put_host(host)
    changed = frozenset(slot_of("", rrset.owner, rrset.type)[1:] for rrset in rrsets)
    is_same = not rrsets and decision.serial is None
    return _Made(NOERROR, Status.NOCHG if is_same else Status.GOOD, changed)


def _may_still(update: RecordUpdate, unlimited: bool, transaction: ITransaction) -> bool:
    """Return whether the key of an update, if it has one, is good for it as committed: it may have
    been revoked while the update waited, and its account may be no operator's any more."""
    key = update.key
    if key is None:
        return True
    account = transaction.account(key.account)
    if account is None or not is_still_good(key, transaction.key(key.id), account, update.at):
        return False
    return not unlimited or has_operator_rights(key, account)
