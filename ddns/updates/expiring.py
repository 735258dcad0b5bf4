"""Ends what is over: records under a lease (RFC 9664), hosts of which nobody hears, and unused
registrations of acme-dns.

Ends are wall-clock times, which outlive the process. When the clock is set anew, the ends of what
began by the former time move with it. What began in the future when the server starts lasts no
longer than if it began then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from typing import NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ddns.model import names
from ddns.model.account import Host
from ddns.model.dynamic_update import Operation
from ddns.model.journal import Author
from ddns.model.presentation import canonical
from ddns.model.records import ADDRESS_TYPES, RRset
from ddns.model.update import Edit, Replace
from ddns.policy.acme_dns import NEVER_USED
from ddns.policy.expiry import NOTED_EVERY, Terms, heard, leases_after, without
from ddns.policy.registration import Rules
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError
from ddns.updates.looks import Looks
from ddns.updates.publisher import Publisher

EVERY = 1.0
"""Seconds between two looks."""

TOGETHER = 100
"""Records or hosts that go in one transaction."""

LEASE, EXPIRY, DISUSE = "lease", "expiry", "disuse"
"""How the journal names the ends."""

_STEP = 2.0
"""Seconds by which a clock has been set, and not just adjusted."""


class Ended(NamedTuple):
    """How many records or hosts a transaction has ended, and the origins of their zones."""

    number: int
    zones: frozenset[bytes]


class Expirer:
    """Ends each second what is over.

    :param store: knows what lasts for how long.
    :param publisher: knows when our DNS does not answer it any more.
    :param reactor: its clock says when to look.
    :param now: seconds since 1970.
    :param clock: goes on evenly, also while the machine sleeps.
    :param rules: have how long registrations of acme-dns stay.

    ``counts`` is how many records of leases, hosts and registrations it has ended, by
    :data:`LEASE`, :data:`EXPIRY` and :data:`DISUSE`.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        publisher: Publisher,
        reactor: IReactorTime,
        now: Callable[[], float],
        clock: Callable[[], float],
        rules: Callable[[], Rules] = Rules,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._now = now
        self._clock = clock
        self._rules = rules
        self._looks = Looks(self._look_or_log, reactor)
        self._failed = False
        self.counts = {LEASE: 0, EXPIRY: 0, DISUSE: 0}
        self._began = self._looked = now()
        self._ticked = clock()

    async def start(self) -> None:
        """End what is over already, and go on with it."""
        self._began = self._looked = self._now()
        self._ticked = self._clock()
        try:
            author = Author("server", "clock", self._began)
            await self._store.transact(author, lambda t: t.limit_expiries(self._began))
        except StoreError as error:
            self._log.error("what is over cannot be ended: {error}", error=error)
        await self._looks.once()
        self._looks.start(EVERY, now=False)

    async def stop(self) -> None:
        """Finish what was begun."""
        await self._looks.stop()

    async def _look_or_log(self) -> None:
        try:
            await self._mind_the_clock()
            while await self._end_some(self._looked):
                pass
        except StoreError as error:
            if not self._failed and not self._store.stats().lost:  # once: it may go on for long
                self._log.error("what is over cannot be ended: {error}", error=error)
            self._failed = True
        except Exception:
            self._log.failure("what is over cannot be ended")
        else:
            self._failed = False

    async def _mind_the_clock(self) -> None:
        """Move the ends of what began by a clock that has been set since the last look."""
        now, ticked = self._now(), self._clock()
        expected = self._looked + (ticked - self._ticked)
        step = now - expected
        if abs(step) > _STEP:
            work = partial(_shift, self._began, expected, step)
            await self._store.transact(Author("server", "clock", now), work)
            self._began = now
        self._looked, self._ticked = now, ticked

    async def _end_some(self, now: float) -> bool:
        """End some of what is over; return whether there was anything."""
        silent = now - NOTED_EVERY
        last, never = now - self._rules().acme_dns.term, now - NEVER_USED

        def look(reading: IReading) -> tuple[bool, ...]:
            unused = reading.is_acme_dns_unused(last, never)
            return (*reading.is_anything_over(now, silent), unused)

        found = await self._store.read(look)
        for is_over, via, work in (
            (found[0], LEASE, partial(end_leases, now)),
            (found[1], EXPIRY, partial(take_offline, silent)),
            (found[2], DISUSE, partial(forget_unused, last, never)),
        ):
            if is_over:
                committed = await self._store.transact(Author("server", via, now), work)
                self.counts[via] += committed.value.number
                await self._publisher.published(committed.value.zones)
        return any(found)


def _shift(began: float, ended: float, by: float, transaction: ITransaction) -> None:
    transaction.shift_expiries(began, ended, by)


def end_leases(now: float, transaction: ITransaction) -> Ended:
    """Remove records whose leases are over."""
    records = sorted(transaction.expired_leases(now, TOGETHER))
    for (origin, owner, number), of in groupby(records, lambda record: record[:3]):
        over = {record.rdata for record in of}
        leases = transaction.leases(origin, owner, number)
        rrset = transaction.rrset(origin, owner, number)
        if rrset is not None:
            left = without(rrset, over, origin)
            transaction.put_rrset(origin, left)
            if not left.rdatas:
                keep_dormant(transaction, left)
        kept = {rdata: term for rdata, term in leases.items() if rdata not in over}
        transaction.put_leases(origin, owner, number, kept)
    return Ended(len(records), frozenset(record.zone for record in records))


def keep_dormant(transaction: ITransaction, gone: RRset) -> None:
    """Let a host come back with the addresses that it loses."""
    host = transaction.host(gone.owner)
    if host is not None and gone.type in ADDRESS_TYPES:
        dormant = host.dormant | {gone.type}
        transaction.put_host(dataclasses.replace(host, dormant=dormant))


def take_offline(silent: float, transaction: ITransaction) -> Ended:
    """Remove the addresses of hosts that have expired by then and have any."""
    offline = []
    hosts = transaction.expired_hosts(silent, TOGETHER)
    for host in hosts:
        there = [
            rrset
            for number in ADDRESS_TYPES
            if (rrset := transaction.rrset(host.zone, host.name, number)) is not None
        ]
        for rrset in there:
            transaction.put_rrset(host.zone, rrset.with_rdatas(()))
        if there:
            dormant = host.dormant.union(rrset.type for rrset in there)
            transaction.put_host(dataclasses.replace(host, dormant=dormant, expires=None))
            offline.append(host.zone)
        else:
            transaction.put_host_expiry(host.name, None)
    return Ended(len(offline), frozenset(offline))


def forget_unused(last: float, never: float, transaction: ITransaction) -> Ended:
    """Remove registrations of acme-dns that were used last by *last*, and those of strangers that
    were made by *never* and not used."""
    unused = transaction.unused_acme_dns(last, never, TOGETHER)
    for one in unused:
        transaction.remove_acme_dns(one.subdomain)
    return Ended(len(unused), frozenset(one.zone for one in unused))


def note_word(transaction: ITransaction, host: Host, now: float) -> Host:
    """Note that a host has been heard of, unless that was noted a short time ago."""
    noted = heard(host, now)
    if noted is not host:
        transaction.put_host_expiry(host.name, noted.expires)
    return noted


def end_leases_of_set(
    transaction: ITransaction, origin: bytes, name: bytes, edits: Iterable[Edit]
) -> None:
    """Have records stay that a host's client sets, also if they were there already."""
    for edit in edits:
        if isinstance(edit, Replace):
            owner = names.below(edit.prefix, name)
            if transaction.leases(origin, owner, edit.type):
                transaction.put_leases(origin, owner, edit.type, {})


def put_under_lease(
    transaction: ITransaction,
    origin: bytes,
    operations: Iterable[Operation],
    changed: Iterable[RRset],
    terms: Terms,
    now: float,
) -> None:
    """Write what an UPDATE changes, and the leases of what it adds or changes.

    :param terms: those on which it adds.
    """
    put = {(rrset.owner, rrset.type): rrset for rrset in changed}
    of: dict[tuple[bytes, int], list[Operation]] = {key: [] for key in put}
    for operation in operations:
        of.setdefault((operation.owner, operation.type), []).append(operation)
    for (owner, number), some in of.items():
        before = transaction.leases(origin, owner, number)
        present = transaction.rrset(origin, owner, number)
        there = {canonical(number, rdata) for rdata in present.rdatas} if present else set()
        rrset = put.get((owner, number))
        if rrset is not None:
            transaction.put_rrset(origin, rrset)
        after = leases_after(some, rrset or present, before, terms, now, there - before.keys())
        if after != before or (after and (owner, number) in put):
            transaction.put_leases(origin, owner, number, after)
