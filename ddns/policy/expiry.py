"""What leases and silent hosts come to (RFC 9664)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ddns.model.account import Host
from ddns.model.dynamic_update import Action, Operation
from ddns.model.leases import DAY, Lease, Term
from ddns.model.presentation import canonical
from ddns.model.records import SOA, RRset
from ddns.policy.rrset_rules import is_required

NOTED_EVERY = 3600.0
"""Seconds for which one word of a host is enough. It goes offline as much later."""

_CLOSE = 1.0
"""Seconds that are too few to write the end of a lease anew."""


def leases_after(
    operations: Iterable[Operation],
    rrset: RRset | None,
    before: Mapping[bytes, Term],
    lease: Lease | None,
    now: float,
) -> dict[bytes, Term]:
    """Return the leases of an RRset's records after the operations of an UPDATE on it.

    :param rrset: the RRset after them.
    :param before: the leases until now.
    :param lease: that under which the UPDATE adds, None if its records are to stay.
    """
    after = dict(before)
    for operation in operations:
        if operation.action is not Action.ADD:
            continue
        added = canonical(operation.type, operation.rdata)
        if lease is None:
            after.pop(added, None)
            continue
        seconds = lease.of(operation.type)
        term, old = Term(now + seconds, seconds), after.get(added)
        if old is None or not 0 <= term.until - old.until < _CLOSE:
            after[added] = term
    if rrset is None or rrset.type == SOA:
        return {}
    there = {canonical(rrset.type, rdata) for rdata in rrset.rdatas}
    return {rdata: term for rdata, term in after.items() if rdata in there}


def without(rrset: RRset, over: Collection[bytes], origin: bytes) -> RRset:
    """Return what is left of an RRset when leases of its records, in canonical form, are over: all
    of one that the zone needs."""
    left = tuple(one for one in rrset.rdatas if canonical(rrset.type, one) not in over)
    if not left and is_required(rrset.type, rrset.owner, origin):
        return rrset
    return replace(rrset, rdatas=left)


def heard(host: Host, now: float) -> Host:
    """Return a host of whose client a word has come: the same one if that need not be noted."""
    expires = now + host.expire_after * DAY if host.expire_after else None
    if expires is None or (host.expires is not None and abs(expires - host.expires) < NOTED_EVERY):
        return host
    return replace(host, expires=expires)
