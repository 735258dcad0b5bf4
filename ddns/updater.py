"""The pipeline that every update goes through, whatever dialect it came in.

This is the only file that knows the order of the steps. A reply that says success is sent only
after :meth:`Updater.perform` has returned it, and by then the change is on disk and our DNS answers
it.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TypeVar

from twisted.logger import Logger

from ddns.authenticator import Authenticator
from ddns.model.account import Grant, Host
from ddns.model.journal import Author
from ddns.model.records import ADDRESS_TYPES, HOST_TTL
from ddns.model.update import Change, Outcome, Result, Status, Update
from ddns.policy.addresses import allowed
from ddns.policy.authorize import activated, authorize, hidden
from ddns.policy.decide import decide
from ddns.publisher import Publisher
from ddns.store.interfaces import IStore, ITransaction, StoreError

T = TypeVar("T")


class Updater:
    """See the module."""

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        authenticator: Authenticator,
        publisher: Publisher,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._publisher = publisher

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
        if update.credentials is None:
            return Outcome(Status.UNAUTHENTICATED)
        grant = await self._authenticator.authenticate(update.credentials, update.peer)
        if isinstance(grant, Status):
            return Outcome(grant)
        if update.refusal is not None:
            return Outcome(update.refusal, user=grant.account)
        if not update.changes:
            return Outcome(user=grant.account)
        author = Author(grant.account, update.dialect, update.at)
        committed = await self._store.transact(
            author, partial(_write, update.changes, grant, update.at)
        )
        results, origins = committed.value
        # All of them, changed or not: nochg says that our DNS answers what was committed before.
        await self._publisher.published(origins)
        return Outcome(results=results, user=grant.account)


def _write(
    changes: tuple[Change, ...], grant: Grant, now: float, transaction: ITransaction
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
    if hidden(name, origin, partial(transaction.rrsets, origin)):
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
