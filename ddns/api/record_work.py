"""The operations' work on records of any type: synchronous functions of a transaction."""

from __future__ import annotations

from ddns.api.caller import Caller
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.serializers import Json, rrset_json
from ddns.model import names, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.records import CNAME, NS, SOA, RRset
from ddns.policy.addresses import allowed
from ddns.policy.registration import HOST_TYPES, Rules
from ddns.store.interfaces import IReading, ITransaction

OPERATOR_TTL = 3600
"""Seconds; what records of the operator's get where no TTL is given."""

_BESIDE_CNAME = frozenset({records.RRSIG, records.NSEC, 25})
"""What DNSSEC puts beside an alias (RFC 4035 2.5; 25 is KEY)."""


def record_show(reading: IReading, caller: Caller, owner: bytes) -> Json:
    """What stands at an owner name."""
    zone, _, _ = _place(reading, caller, owner)
    found = reading.rrsets(zone.origin, owner)
    return {"owner": names.to_text(owner), "records": [rrset_json(rrset) for rrset in found]}


def record_set(
    transaction: ITransaction,
    caller: Caller,
    rules: Rules,
    owner: bytes,
    number: int,
    rdatas: tuple[bytes, ...],
    ttl: int | None,
) -> Json:
    """Replace an RRset. Without a TTL the old one stays; new ones get the host's, or an hour."""
    zone, host, whole = _place(transaction, caller, owner)
    if not rdatas:
        raise Invalid("a record needs rdata")
    if not records.fits(records.pack_rdatas(rdatas)):
        raise Invalid("these are more records than a message can hold")
    if number == SOA and owner != zone.origin:
        raise Invalid("only a zone's origin has an SOA")
    if number in (SOA, CNAME, records.DNAME) and len(rdatas) > 1:
        raise Invalid(f"there can be only one {records.type_to_text(number)} record at a name")
    if number == CNAME and owner == zone.origin:
        raise Invalid("a zone's origin cannot be an alias")
    there = {rrset.type: rrset for rrset in transaction.rrsets(zone.origin, owner)}
    if CNAME in {number, *there} and {number, *there} - _BESIDE_CNAME - {CNAME}:
        raise Conflict(f"{names.to_text(owner)} cannot be an alias and have other records")
    if ttl is not None:
        ttl = checked_ttl(caller, rules, ttl)
    elif number in there:
        ttl = there[number].ttl
    else:
        ttl = host.ttl if host is not None else OPERATOR_TTL
    rrset = RRset(owner, number, ttl, rdatas)
    if not caller.operator:
        _check_type(number, whole)
        _check_count(transaction, rules, rrset, None if whole else host)
        if not allowed(zone.addresses, (rrset,)):
            raise Invalid(f"zone {names.to_text(zone.origin)} allows public addresses only")
    transaction.put_rrset(zone.origin, rrset)
    return rrset_json(rrset)


def record_delete(
    transaction: ITransaction, caller: Caller, owner: bytes, number: int | None
) -> Json:
    """Delete an RRset or all of a name; SOA and the last NS of an origin stay."""
    zone, _, whole = _place(transaction, caller, owner)
    if number is not None:
        _check_type(number, whole)
    gone = []
    for rrset in transaction.rrsets(zone.origin, owner):
        if number not in (None, rrset.type):
            continue
        if number is None and not whole and rrset.type not in HOST_TYPES:
            continue
        if owner == zone.origin and rrset.type in (SOA, NS):
            if number is None:
                continue
            raise Invalid("a zone needs its SOA and NS records")
        transaction.put_rrset(zone.origin, RRset(owner, rrset.type, rrset.ttl, ()))
        gone.append(rrset_json(rrset))
    if not gone:
        raise NotFound(f"{names.to_text(owner)} has no such records")
    return {"deleted": gone}


def checked_ttl(caller: Caller, rules: Rules, ttl: int) -> int:
    """A TTL that the caller may set, in seconds."""
    if not caller.operator and not rules.min_ttl <= ttl <= rules.max_ttl:
        raise Invalid(f"a TTL is {rules.min_ttl} to {rules.max_ttl} seconds here")
    return ttl


def _place(reading: IReading, caller: Caller, owner: bytes) -> tuple[ZoneInfo, Host | None, bool]:
    """The zone of an owner name, the host of the zone that it belongs to, if any, and whether the
    caller may have records of every type there: has the whole zone and not just the host."""
    zone = reading.zone_of(owner)
    if zone is None and caller.operator:
        raise NotFound(f"{names.to_text(owner)} is in no zone of this server")
    host = reading.host(names.host_of(owner)) or reading.host(owner)
    if host is not None and zone is not None and host.zone != zone.origin:
        host = None
    whole = zone is not None and caller.owns(zone.account)
    if zone is None or not (whole or (host is not None and caller.owns(host.account))):
        raise NotFound(f"{names.to_text(owner)} is no name of yours")
    return zone, host, whole


def _check_type(number: int, whole: bool) -> None:
    if not whole and number not in HOST_TYPES:
        types = ", ".join(map(records.type_to_text, HOST_TYPES))
        raise Forbidden(f"a host may have records of these types: {types}")


def _check_count(reading: IReading, rules: Rules, rrset: RRset, host: Host | None) -> None:
    """How many records people may give to one host; to one RRset in a zone of their own."""
    count = len(rrset.rdatas)
    if host is not None:
        count += sum(
            len(other.rdatas)
            for owner in names.with_below(host.name)
            for other in reading.rrsets(host.zone, owner)
            if (other.owner, other.type) != (rrset.owner, rrset.type)
        )
    if count > rules.records_per_host:
        raise Exceeded(f"there may be {rules.records_per_host} records, and not {count}")
