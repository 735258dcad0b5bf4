"""What leases and silent hosts come to (RFC 9664)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ddns.model import names
from ddns.model.account import Host
from ddns.model.acme_dns import is_challenge
from ddns.model.dynamic_update import Action, Operation
from ddns.model.leases import DAY, Lease, Term
from ddns.model.presentation import canonical
from ddns.model.records import SOA, TXT, RRset
from ddns.policy.rrset_rules import is_required

NOTED_EVERY = 3600.0
"""Seconds for which one word of a host is enough. It goes offline as much later."""

WARNED = 2 * DAY
"""Seconds before a silent host goes offline in which that is told, if these are not more than half
of its days."""

_CLOSE = 1.0
"""Seconds that are too few to write the end of a lease anew."""


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long records stay that a client adds.

    ``lease`` is what it has asked for and been granted. Without one, answers to challenges that
    were not there stay for ``keep`` seconds, 0 for ever: below the label ``_acme-challenge``, or
    ``anywhere``.
    """

    lease: Lease | None
    keep: float = 0.0
    anywhere: bool = False

    def seconds(self, operation: Operation) -> float | None:
        """Return for how many seconds the record stays that an operation adds, None for ever."""
        if self.lease is not None:
            return self.lease.of(operation.type)
        # The second label: dns-account-01 has one of the account's in front.
        here = self.anywhere or names.ACME in names.labels(operation.owner)[:2]
        is_answer = here and operation.type == TXT and _is_answer(operation.rdata)
        return self.keep if self.keep and is_answer else None


def _is_answer(rdata: bytes) -> bool:
    """Return whether TXT rdata is one string that can be the answer to a challenge."""
    return rdata[:1] == b"\x2b" and is_challenge(rdata[1:].decode("latin-1"))


def leases_after(
    operations: Iterable[Operation],
    rrset: RRset | None,
    before: Mapping[bytes, Term],
    terms: Terms,
    now: float,
    lasting: Collection[bytes] = (),
) -> dict[bytes, Term]:
    """Return the leases of an RRset's records after the operations of an UPDATE on it.

    :param rrset: the RRset after them.
    :param before: the leases until now.
    :param terms: those of the UPDATE.
    :param lasting: records, in canonical form, that were there without a lease. They get one only
        if the UPDATE asks for it.
    """
    after = dict(before)
    for operation in operations:
        if operation.action is not Action.ADD:
            continue
        added = canonical(operation.type, operation.rdata)
        seconds = terms.seconds(operation)
        if seconds is None or (terms.lease is None and added in lasting):
            after.pop(added, None)
            continue
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
    return rrset.with_rdatas(left)


def heard(host: Host, now: float) -> Host:
    """Return a host of whose client a word has come: the same one if that need not be noted."""
    expires = now + host.expire_after * DAY if host.expire_after else None
    if expires is None or (host.expires is not None and abs(expires - host.expires) < NOTED_EVERY):
        return host
    return replace(host, expires=expires)
