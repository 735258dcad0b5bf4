"""What a DNS UPDATE amounts to, given what there is (RFC 2136 3.2 to 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dns.rcode import NOERROR, NXDOMAIN, NXRRSET, REFUSED, YXDOMAIN, YXRRSET, Rcode

from ddns.model import records
from ddns.model.dynamic_update import Action, Condition, DynamicUpdate, Operation, Prerequisite
from ddns.model.names import ancestors
from ddns.model.presentation import canonical
from ddns.model.records import DNAME, SOA, RRset
from ddns.model.update import Status
from ddns.policy import rrset_rules

MAX_RECORDS = 100
"""Records of an RRset: BIND as a secondary freezes the zone at one more."""

Lookup = Callable[[bytes], Iterable[RRset]]
"""Reads all RRsets of an owner name."""

Allowed = Callable[[bytes, int], bool]
"""Whether an RRset of this owner name and type may be changed; raises :class:`Refused` where there
is more to say."""


class Refused(Exception):
    """The update may not be made, or would make a zone that secondaries do not take; ``str()`` says
    why in a few words, ``status`` whether that is for want of a right."""

    def __init__(self, why: str, status: Status = Status.BADREQUEST) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Decision:
    """The RRsets to write, where an empty one is deleted, and the serial that the update asks for,
    None if it asks for none; nothing at all with another ``rcode`` than NOERROR, where ``status``
    says what kind of refusal it is. ``reason`` says why it is REFUSED."""

    rcode: Rcode
    rrsets: tuple[RRset, ...] = ()
    serial: int | None = None
    reason: str = ""
    status: Status = Status.BADREQUEST


def decide(update: DynamicUpdate, lookup: Lookup, allowed: Allowed, serial: int) -> Decision:
    """Return what to answer to an update and what to write.

    :param serial: the zone's, which an SOA in the update has to be later than.
    """
    state = RRsetState(lookup)
    rcode = next(filter(None, (_check(one, state) for one in update.prerequisites)), NOERROR)
    if rcode or update.error:
        return Decision(rcode or Rcode(update.error))
    work = _Work(update.origin, state, allowed, serial)
    try:
        for operation in update.operations:
            work.perform(operation)
        changed = state.changed()
        for rrset in changed:
            state.check(rrset, update.origin)
    except Refused as why:
        return Decision(REFUSED, reason=str(why), status=why.status)
    return Decision(NOERROR, tuple(changed), work.wanted_serial)


class RRsetState:
    """The RRsets of the names that an update touches, before it and after.

    ``by_age`` are the owner names and types of those of which it matters which records are newest.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._before: dict[bytes, dict[int, RRset]] = {}
        self._after: dict[bytes, dict[int, RRset]] = {}
        self.by_age: set[tuple[bytes, int]] = set()

    def at(self, owner: bytes) -> dict[int, RRset]:
        """Return the RRsets of a name by type, to be changed in place."""
        if owner not in self._after:
            there = {rrset.type: rrset for rrset in self._lookup(owner)}
            self._before[owner], self._after[owner] = there, dict(there)
        return self._after[owner]

    def changed(self) -> list[RRset]:
        """Return the RRsets whose TTL or records are others than before, or in another order where
        that matters."""
        found = []
        for owner, after in self._after.items():
            before = self._before[owner]
            for number in before.keys() | after.keys():
                old, new = before.get(number), after.get(number)
                if new is None:
                    assert old is not None
                    found.append(old.with_rdatas(()))
                    continue
                kept = tuple if (owner, number) in self.by_age else frozenset
                if old is None or old.ttl != new.ttl or kept(old.rdatas) != kept(new.rdatas):
                    found.append(new)
        return found

    def check(self, rrset: RRset, origin: bytes) -> None:
        """Check a changed RRset of a zone.

        :raises Refused: if secondaries would not take it.
        """
        if not rrset.rdatas:
            return
        if len(rrset.rdatas) > MAX_RECORDS or not records.fits(records.pack_rdatas(rrset.rdatas)):
            raise Refused("too many records in an RRset")
        for owner in ancestors(rrset.owner)[1:]:
            if len(owner) < len(origin):
                break
            if DNAME in self.at(owner):  # RFC 6672 2.3
                raise Refused("data below a DNAME")


def _check(wanted: Prerequisite, state: RRsetState) -> Rcode:
    """Return the RCODE of a prerequisite that does not hold (RFC 2136 3.2)."""
    at = state.at(wanted.owner)
    rrset = at.get(wanted.type)
    match wanted.condition:
        case Condition.NAME_IN_USE:
            return NOERROR if at else NXDOMAIN
        case Condition.NAME_NOT_IN_USE:
            return YXDOMAIN if at else NOERROR
        case Condition.RRSET_EXISTS:
            return NOERROR if rrset else NXRRSET
        case Condition.NO_RRSET:
            return YXRRSET if rrset else NOERROR
    there = {canonical(wanted.type, rdata) for rdata in rrset.rdatas} if rrset else set()
    asked = {canonical(wanted.type, rdata) for rdata in wanted.rdatas}
    return NOERROR if there == asked else NXRRSET


class _Work:
    """Performs the operations of an update, one after the other (RFC 2136 3.4.2)."""

    def __init__(self, origin: bytes, state: RRsetState, allowed: Allowed, serial: int) -> None:
        self._origin = origin
        self._state = state
        self._allowed = allowed
        self._serial = serial
        self.wanted_serial: int | None = None

    def perform(self, operation: Operation) -> None:
        """Perform one operation.

        :raises Refused: if it may not be made.
        """
        at, owner, number = self._state.at(operation.owner), operation.owner, operation.type
        if operation.action is Action.DELETE_NAME:
            for present in [one for one in at if not self._is_required(one, owner)]:
                self._require(owner, present)
                del at[present]
            return
        self._require(owner, number)
        if operation.action is Action.ADD:
            self._add(at, operation)
        elif operation.action is Action.DELETE_RRSET:
            if not self._is_required(number, owner):
                at.pop(number, None)
        elif number != SOA and (rrset := at.get(number)) is not None:
            gone = canonical(number, operation.rdata)
            left = tuple(rdata for rdata in rrset.rdatas if canonical(number, rdata) != gone)
            if left:
                at[number] = rrset.with_rdatas(left)
            elif not self._is_required(number, owner):
                del at[number]

    def _add(self, at: dict[int, RRset], operation: Operation) -> None:
        """Add a record, or ignore it where RFC 2136 3.4.2.2 says so."""
        owner, number, rdata = operation.owner, operation.type, operation.rdata
        if number == SOA:
            serial = records.soa_serial(rdata)
            if owner != self._origin or not records.is_later(serial, self._serial):
                return
            self._serial = self.wanted_serial = serial
            rdata = records.soa_with_serial(rdata, 0)  # a zone's serial stands beside its records
        if rrset_rules.has_cname_and_other_data({number, *at}):
            return
        rrset = at.get(number)
        same = canonical(number, rdata)
        if rrset is None or number in rrset_rules.SINGLETON_TYPES:
            rdatas: tuple[bytes, ...] = (rdata,)
        elif any(canonical(number, other) == same for other in rrset.rdatas):
            rdatas = rrset.rdatas
        else:
            rdatas = (*rrset.rdatas, rdata)
        at[number] = RRset(owner, number, operation.ttl, rdatas)

    def _is_required(self, number: int, owner: bytes) -> bool:
        return rrset_rules.is_required(number, owner, self._origin)

    def _require(self, owner: bytes, number: int) -> None:
        if not self._allowed(owner, number):
            raise Refused("the key may not change this", Status.NOTYOURS)
