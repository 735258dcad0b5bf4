"""What changes of RRsets amount to, given what there is. What DNS UPDATE passes over in silence is
refused in words here, and then nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dns.rcode import NOERROR, REFUSED

from ddns.model import records
from ddns.model.dynamic_update import Action, Operation
from ddns.model.names import to_text
from ddns.model.presentation import canonical, distinct
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import SOA, RRset
from ddns.model.update import Status
from ddns.policy import rrset_rules
from ddns.policy.dynamic_updates import Allowed, Decision, Lookup, Refused, RRsetState


def decide(
    changes: Iterable[RRsetChange],
    origin: bytes,
    ttl: Callable[[bytes], int],
    lookup: Lookup,
    allowed: Allowed,
) -> Decision:
    """Return what to write for changes of a zone, which are made one after the other, or why none
    of them is made.

    :param ttl: that of a new RRset at an owner name, in seconds.
    """
    state = RRsetState(lookup)
    changes = tuple(changes)
    try:
        for change in changes:
            if not allowed(change.owner, change.type):
                what = f"{records.type_to_text(change.type)} of {to_text(change.owner)}"
                raise Refused(f"the key may not change {what}", Status.NOTYOURS)
            _make(change, state, origin, ttl)
        for owner in dict.fromkeys(change.owner for change in changes):
            if rrset_rules.has_cname_and_other_data(state.at(owner)):
                raise Refused(f"{to_text(owner)} cannot be an alias and have other records")
        changed = state.changed()
        for rrset in changed:
            state.check(rrset, origin)
    except Refused as why:
        return Decision(REFUSED, reason=str(why), status=why.status)
    return Decision(NOERROR, tuple(changed))


def _make(
    change: RRsetChange, state: RRsetState, origin: bytes, ttl: Callable[[bytes], int]
) -> None:
    """Make one change.

    :raises Refused: where no zone may have the RRset that comes of it.
    """
    at, number = state.at(change.owner), change.type
    present = at.get(number)
    rdatas = _after(change, present.rdatas if present else ())
    if change.keep is not None:
        state.by_age.add((change.owner, number))
    if not rdatas:
        if rrset_rules.is_required(number, change.owner, origin):
            raise Refused("a zone needs its SOA and NS records")
        at.pop(number, None)
        return
    if rrset_rules.is_misplaced_soa(number, change.owner, origin):
        raise Refused("only a zone's origin has an SOA")
    if rrset_rules.is_apex_cname(number, change.owner, origin):
        raise Refused("a zone's origin cannot be an alias")
    if rrset_rules.has_too_many(number, len(rdatas)):
        kind = records.type_to_text(number)
        raise Refused(f"there can be only one {kind} record at a name")
    if number == SOA:  # a zone's serial stands beside its records, and only the server counts it
        rdatas = tuple(records.soa_with_serial(rdata, 0) for rdata in rdatas)
    seconds = change.ttl
    if seconds is None:
        seconds = present.ttl if present is not None else ttl(change.owner)
    at[number] = RRset(change.owner, number, seconds, rdatas)


def _after(change: RRsetChange, present: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the rdata of an RRset after a change, the newest last."""
    number = change.type
    if change.action is ChangeType.DELETE:
        return ()
    if change.action is ChangeType.REPLACE:
        return distinct(number, change.rdatas)
    meant = {canonical(number, rdata) for rdata in change.rdatas}
    others = tuple(rdata for rdata in present if canonical(number, rdata) not in meant)
    if change.action is ChangeType.PRUNE:
        return others
    if change.keep is None:
        return distinct(number, (*present, *change.rdatas))
    return (*others, *distinct(number, change.rdatas))[-change.keep :]


def operations(changes: Iterable[RRsetChange]) -> tuple[Operation, ...]:
    """Return changes as the operations of a DNS UPDATE that come to the same, for leases."""
    found = []
    for change in changes:
        owner, number = change.owner, change.type
        if change.action in (ChangeType.REPLACE, ChangeType.DELETE):
            found.append(Operation(Action.DELETE_RRSET, owner, number))
        adds = change.action in (ChangeType.REPLACE, ChangeType.EXTEND)
        action = Action.ADD if adds else Action.DELETE_RECORD
        found += [Operation(action, owner, number, rdata) for rdata in change.rdatas]
    return tuple(found)
