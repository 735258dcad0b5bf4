"""The steps of a DNS UPDATE, whose signature has been verified: decide, commit, publish.

They are those of :mod:`ddns.updates.updater`, but for what RFC 2136 has of its own: prerequisites,
records of every type, all or nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial

from dns.rcode import NOERROR, NOTAUTH, NOTZONE, REFUSED, SERVFAIL
from twisted.logger import Logger

from ddns.model import names
from ddns.model.account import Host, Key, Right, ZoneInfo
from ddns.model.dynamic_update import Operation
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, ANY, DS, NS, RRset
from ddns.model.update import SUCCESSES, Outcome, Result, Status
from ddns.policy.addresses import allowed
from ddns.policy.authorize import may_change
from ddns.policy.directory import Directory
from ddns.policy.dynamic_updates import decide
from ddns.policy.registration import Rules
from ddns.policy.update_limits import Slot, UpdateLimiter, slot_of
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.blocker import Blocker
from ddns.updates.expiring import note_word, put_under_lease
from ddns.updates.publisher import Publisher
from ddns.updates.signed_update import DIALECT, SignedUpdate
from ddns.zone.update_message import UpdateError, read_update

OPERATOR = "operator"
"""Who an unsigned UPDATE is by."""


class DynamicUpdater:
    """Performs UPDATEs.

    :param store: where they are committed.
    :param directory: the accounts.
    :param publisher: knows when our DNS answers what was committed.
    :param limiter: says what comes too often.
    :param blocker: blocks accounts whose clients do not heed it.
    :param clock: monotonic, for the limiter.
    :param rules: limits on what people may have.
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
    ) -> None:
        self._store = store
        self._directory = directory
        self._publisher = publisher
        self._limiter = limiter
        self._blocker = blocker
        self._clock = clock
        self._rules = rules

    async def perform(self, update: SignedUpdate) -> Outcome:
        """Decide, commit, publish. Never raises: failures are in the Outcome, as is the RCODE."""
        try:
            return await self._perform(update)
        except StoreError as error:
            if not error.logged:
                self._log.error("a DNS UPDATE failed: {error}", error=error)
        except Exception:
            self._log.failure("a DNS UPDATE failed")
        return Outcome(Status.FAILED, rcode=SERVFAIL)

    async def _perform(self, update: SignedUpdate) -> Outcome:
        if self._limiter.refuses(update.peer):
            return Outcome(Status.BLOCKED, rcode=REFUSED, reason="this network is blocked")
        if update.key is None:
            return self._told(update, OPERATOR, await self._commit(update, OPERATOR, 0.0))
        account = self._directory.account(update.key.account)
        if account is None or (account.block is not None and account.block.holds(update.at)):
            return Outcome(Status.BLOCKED, rcode=REFUSED, reason="the account is blocked")
        slots = {
            slot_of(account.name, one.owner, number)
            for one in update.touched
            for number in ((*ADDRESS_TYPES, 0) if one.type == ANY else (one.type,))
        }
        now = self._clock()
        wait = self._limiter.check(slots, now)
        if wait <= 0:
            self._limiter.take(slots, now)
        made: _Made | None = None
        try:
            made = await self._commit(update, account.name, wait)
        finally:
            if wait <= 0:
                self._give_back(slots, made)
        if made.status is Status.ABUSE:
            host = names.to_text(update.touched[0].owner)
            await self._blocker.count_refusal(account.name, host, DIALECT, update.at)
        return self._told(update, account.name, made)

    async def _commit(self, update: SignedUpdate, who: str, wait: float) -> _Made:
        author = Author(who, DIALECT, update.at)
        work = partial(_write, update, wait, self._rules())
        committed = await self._store.transact(author, work)
        await self._publisher.published(frozenset((update.origin,)))
        return committed.value

    def _told(self, update: SignedUpdate, who: str, made: _Made) -> Outcome:
        if made.status in SUCCESSES:
            changes = update.update.changes
            results = tuple(Result(change, made.status) for change in changes)
            return Outcome(results=results, user=who)
        return Outcome(made.status, user=who, rcode=made.rcode, reason=made.reason)

    def _give_back(self, slots: Iterable[Slot], made: _Made | None) -> None:
        """Give back what was taken for RRsets that did not change."""
        changed = made.changed if made is not None else frozenset()
        self._limiter.give_back([slot for slot in slots if slot[1:] not in changed], self._clock())


@dataclasses.dataclass(frozen=True, slots=True)
class _Made:
    """What became of an UPDATE; ``changed`` are the hosts and kinds of its slots that changed,
    ``reason`` says why it is REFUSED."""

    rcode: int
    status: Status
    changed: frozenset[tuple[bytes, int]] = frozenset()
    reason: str = ""


def _write(update: SignedUpdate, wait: float, rules: Rules, transaction: ITransaction) -> _Made:
    """Read, decide and write an UPDATE against committed rows, unless it comes *wait* seconds too
    early."""
    zone = transaction.zone(update.origin)
    if zone is None:
        return _Made(NOTAUTH, Status.NOHOST)
    try:
        asked = read_update(update.wire, zone.origin)
    except UpdateError as error:
        return _Made(error.rcode, Status.BADREQUEST)
    rights = _Rights(update.key, zone, transaction)
    if not all(rights.is_here(one.owner, one.type) for one in asked.operations):
        return _Made(NOTZONE, Status.NOHOST)
    lookup = partial(transaction.rrsets, zone.origin)
    decision = decide(asked, lookup, rights.may_change, zone.serial)
    if decision.rcode != NOERROR:
        status = Status.NOTYOURS if decision.rcode == REFUSED else Status.BADREQUEST
        return _Made(decision.rcode, status, reason=decision.reason)
    rrsets = [rights.within_limits(rrset, rules) for rrset in decision.rrsets]
    if not allowed(zone.addresses, rrsets):
        return _Made(REFUSED, Status.BADADDRESS, reason="the zone does not allow this address")
    if rights.most_records(rrsets) > rules.records_per_host:
        return _Made(REFUSED, Status.NOTYOURS, reason="too many records of a host")
    if rrsets and wait > 0:
        return _Made(REFUSED, Status.ABUSE, reason="too many changes, try again later")
    if decision.serial is not None:
        transaction.raise_serial(zone.origin, decision.serial)
    operations = asked.operations
    put_under_lease(transaction, zone.origin, operations, rrsets, update.lease, update.at)
    rights.note_word(operations, update.at)
    for host in rights.without_addresses(rrsets):
        transaction.put_host(host)
    changed = frozenset(slot_of("", rrset.owner, rrset.type)[1:] for rrset in rrsets)
    is_same = not rrsets and decision.serial is None
    return _Made(NOERROR, Status.NOCHG if is_same else Status.GOOD, changed)


class _Rights:
    """What a key may do in a zone, with the hosts there."""

    def __init__(self, key: Key | None, zone: ZoneInfo, transaction: ITransaction) -> None:
        self._key = key
        self._zone = zone
        self._transaction = transaction
        self._hosts: dict[bytes, Host | None] = {}

    def is_here(self, owner: bytes, number: int) -> bool:
        """Return whether a name is this zone's and not a zone's of ours below it, whose delegation
        is all that this zone has there."""
        nearest = self._transaction.zone_of(owner)
        if nearest is None or nearest.origin == self._zone.origin:
            return True
        return owner == nearest.origin and number in (NS, DS)

    def may_change(self, owner: bytes, number: int) -> bool:
        key = self._key
        if key is None:
            return True
        host = self._host_of(owner)
        return Right.UPDATE in key.rights and may_change(key, owner, number, self._zone, host)

    def _host_of(self, owner: bytes) -> Host | None:
        """Return the host in this zone that an owner name belongs to."""
        name = names.host_of(owner)
        if name not in self._hosts:
            host = self._transaction.host(name)
            of_zone = host is not None and host.zone == self._zone.origin
            self._hosts[name] = host if of_zone else None
        return self._hosts[name]

    def _whose(self, rrset: RRset) -> Host | None:
        """Return the host for whose records people's limits hold; none in zones of one's own."""
        if self._key is None or may_change(
            self._key, self._zone.origin, rrset.type, self._zone, None
        ):
            return None
        return self._host_of(rrset.owner)

    def within_limits(self, rrset: RRset, rules: Rules) -> RRset:
        """Return an RRset with a TTL that people may have."""
        if self._whose(rrset) is None:
            return rrset
        return dataclasses.replace(rrset, ttl=min(max(rrset.ttl, rules.min_ttl), rules.max_ttl))

    def most_records(self, rrsets: Iterable[RRset]) -> int:
        """Return how many records one of the hosts will have, that with the most."""
        hosts = {host.name for rrset in rrsets if (host := self._whose(rrset)) is not None}
        most = 0
        for name in hosts:
            counts = {
                (owner, rrset.type): len(rrset.rdatas)
                for owner in names.with_below(name)
                for rrset in self._transaction.rrsets(self._zone.origin, owner)
            }
            for rrset in rrsets:
                if names.host_of(rrset.owner) == name:
                    counts[rrset.owner, rrset.type] = len(rrset.rdatas)
            most = max(most, sum(counts.values()))
        return most

    def note_word(self, operations: Iterable[Operation], now: float) -> None:
        """Note that the hosts have been heard of."""
        for one in operations:
            if (host := self._host_of(one.owner)) is not None:
                self._hosts[host.name] = note_word(self._transaction, host, now)

    def without_addresses(self, rrsets: Iterable[RRset]) -> list[Host]:
        """Return the hosts that lose addresses, which they may come back with."""
        gone: dict[bytes, Host] = {}
        for rrset in rrsets:
            host = self._host_of(rrset.owner)
            if host is None or rrset.rdatas or rrset.owner != host.name:
                continue
            if rrset.type in ADDRESS_TYPES:
                host = gone.get(host.name, host)
                dormant = host.dormant | {rrset.type}
                gone[host.name] = dataclasses.replace(host, dormant=dormant)
        return list(gone.values())
