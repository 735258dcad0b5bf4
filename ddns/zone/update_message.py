"""Read DNS UPDATE messages (RFC 2136 2 and 3.1 to 3.4.1)."""

from __future__ import annotations

import struct

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from ddns.model.dynamic_update import Action, Condition, DynamicUpdate, Operation, Prerequisite
from ddns.model.leases import Lease
from ddns.model.names import is_subdomain
from ddns.model.records import AAAA, ANY, IN, MAX_TTL, A, is_data_type
from ddns.zone.message import FORMERR, HEADER, NOTZONE, FormError
from ddns.zone.sections import WireRecord, read_records

NONE = 254
"""The class of conditions and operations without data (RFC 2136 1.3)."""


class UpdateError(Exception):
    """What is wrong with a message, as the RCODE that tells it."""

    def __init__(self, rcode: int) -> None:
        super().__init__(rcode)
        self.rcode = rcode


def read_update(wire: bytes, origin: bytes) -> DynamicUpdate:
    """Return what an UPDATE of a zone asks for.

    :raises UpdateError: FORMERR, and NOTZONE for a prerequisite outside the zone.
    """
    _, _, _, prerequisites, operations, _ = HEADER.unpack_from(wire)
    try:
        records = read_records(wire)
        conditions = _conditions(wire, origin, records[:prerequisites])
    except FormError:
        raise UpdateError(FORMERR) from None
    error, found = 0, []
    try:
        found = [
            _operation(wire, origin, record)
            for record in records[prerequisites : prerequisites + operations]
        ]
    except FormError:
        error = FORMERR
    except UpdateError as wrong:
        error = wrong.rcode
    return DynamicUpdate(origin, conditions, tuple(found), error)


def read_lease(option: bytes) -> Lease:
    """Return the lease that an Update Lease option asks for (RFC 9664 4).

    :raises UpdateError: FORMERR, for data of another size than 4 or 8 octets.
    """
    if len(option) not in (4, 8):
        raise UpdateError(FORMERR)
    key = int.from_bytes(option[4:], "big") if option[4:] else None
    return Lease(int.from_bytes(option[:4], "big"), key)


def _conditions(wire: bytes, origin: bytes, records: list[WireRecord]) -> tuple[Prerequisite, ...]:
    """Read the prerequisite section (RFC 2136 3.2.5)."""
    found: list[Prerequisite] = []
    equal: dict[tuple[bytes, int], set[bytes]] = {}
    for record in records:
        if record.ttl:
            raise FormError("a prerequisite with a TTL")
        _check_zone(record, origin)
        match record.class_, record.type:
            case (255, 255):
                found.append(Prerequisite(Condition.NAME_IN_USE, record.owner))
            case (255, number):
                found.append(Prerequisite(Condition.RRSET_EXISTS, record.owner, number))
            case (254, 255):
                found.append(Prerequisite(Condition.NAME_NOT_IN_USE, record.owner))
            case (254, number):
                found.append(Prerequisite(Condition.NO_RRSET, record.owner, number))
            case (1, number):
                rdata = _rdata(wire, record)
                equal.setdefault((record.owner, number), set()).add(rdata)
                continue
            case _:
                raise FormError("a prerequisite of another class")
        if record.rdata != record.end:
            raise FormError("a prerequisite with data")
    found += [
        Prerequisite(Condition.RRSET_EQUALS, owner, number, frozenset(rdatas))
        for (owner, number), rdatas in equal.items()
    ]
    return tuple(found)


def _operation(wire: bytes, origin: bytes, record: WireRecord) -> Operation:
    """Read one record of the update section (RFC 2136 3.4.1.3)."""
    _check_zone(record, origin)
    owner, number, klass = record.owner, record.type, record.class_
    is_data = is_data_type(number)
    if klass == IN and is_data:
        ttl = record.ttl if record.ttl <= MAX_TTL else 0  # RFC 2181 8
        return Operation(Action.ADD, owner, number, _rdata(wire, record), ttl)
    if record.ttl:
        raise FormError("a deletion with a TTL")
    if klass == NONE and is_data:
        return Operation(Action.DELETE_RECORD, owner, number, _rdata(wire, record))
    if klass == ANY and record.rdata == record.end and (is_data or number == ANY):
        if number == ANY:
            return Operation(Action.DELETE_NAME, owner)
        return Operation(Action.DELETE_RRSET, owner, number)
    raise FormError("an update of another class, or of a type that no zone holds")


def _check_zone(record: WireRecord, origin: bytes) -> None:
    if not is_subdomain(record.owner, origin):
        raise UpdateError(NOTZONE)


def _rdata(wire: bytes, record: WireRecord) -> bytes:
    """Return rdata without compression, which any type of RFC 1035 may have (RFC 3597 4)."""
    at, size = record.rdata, record.end - record.rdata
    if record.type == A or record.type == AAAA:
        if size != (4 if record.type == A else 16):
            raise FormError("an address of another size")
        return wire[at : record.end]
    try:
        number = dns.rdatatype.RdataType.make(record.type)
        parsed = dns.rdata.from_wire(dns.rdataclass.IN, number, wire, at, size)
        return parsed.to_wire() or b""
    except (dns.exception.DNSException, ValueError, struct.error):
        raise FormError("malformed rdata") from None
