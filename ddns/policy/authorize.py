"""Whether a client may change a host, decided against committed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ddns.model import names
from ddns.model.account import Grant, Host, ZoneInfo
from ddns.model.records import ADDRESS_TYPES, DNAME, NS, RRset
from ddns.model.update import Change, Replace, Status


def authorize(
    change: Change,
    grant: Grant,
    host: Host | None,
    zone: ZoneInfo | None,
    rrsets: Callable[[], list[RRset]],
) -> Status | None:
    """None if the change may be made, else what to answer.

    *host* and *zone* are what the name belongs to, *rrsets* reads what stands at it. The owner of a
    whole zone updates the apex and whatever name has an address there already (DonDNS seed 2.2: the
    record, once created, is the activation); a mistyped name must not create one.
    """
    if change.name is None:
        return Status.NOTFQDN
    if host is not None:
        mine = host.account == grant.account and grant.covers(host.name)
        return None if mine else Status.NOTYOURS
    if zone is None or zone.account is None or zone.account != grant.account:
        return Status.NOHOST
    if not grant.covers(change.name):
        return Status.NOTYOURS
    if change.name == zone.origin or any(rrset.type in ADDRESS_TYPES for rrset in rrsets()):
        return None
    return Status.NOHOST


def activated(change: Change, host: Host | None, rrsets: Iterable[RRset]) -> bool:
    """Whether a name has a record of each type that a change sets, or had it before it went
    offline.

    Creating the record is how DonDNS is switched on for it (DonDNS seed 2.2). A host that never had
    an address may have any.
    """
    there = {rrset.type for rrset in rrsets}.intersection(ADDRESS_TYPES)
    if host is not None:
        there |= host.dormant
        if not there:
            return True
    return there.issuperset(edit.type for edit in change.edits if isinstance(edit, Replace))


def is_occluded(name: bytes, origin: bytes, rrsets: Callable[[bytes], Iterable[RRset]]) -> bool:
    """Whether a delegation or a DNAME keeps our DNS from answering a name of the zone itself.

    *rrsets* reads what stands at an owner name. A name at or below a cut is the child zone's
    (RFC 1034 4.2.1), one below a DNAME is another name's alias (RFC 6672 2.3).
    """
    for owner in names.ancestors(name):
        types = {rrset.type for rrset in rrsets(owner)}
        if (NS in types and owner != origin) or (DNAME in types and owner != name):
            return True
        if owner == origin:
            break
    return False
