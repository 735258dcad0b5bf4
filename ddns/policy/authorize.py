"""Authorization of updates, decided against committed data."""

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
    """Return None if the change is allowed, else the status to refuse it with.

    *host* and *zone* are those that the name belongs to; *rrsets* reads the RRsets of the name. The
    owner of a whole zone may update its apex and any name that already has an address (DonDNS seed
    2.2: creating the record activates it); a mistyped name must not create a record.
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
    """Return whether a name has a record of each type that a change sets, or had before it went
    offline.

    Creating a record activates DonDNS for its type (DonDNS seed 2.2). A host that has never had an
    address is active for all types.
    """
    there = {rrset.type for rrset in rrsets}.intersection(ADDRESS_TYPES)
    if host is not None:
        there |= host.dormant
        if not there:
            return True
    return there.issuperset(edit.type for edit in change.edits if isinstance(edit, Replace))


def is_occluded(name: bytes, origin: bytes, rrsets: Callable[[bytes], Iterable[RRset]]) -> bool:
    """Return whether a delegation or DNAME occludes a name of the zone.

    *rrsets* reads the RRsets of an owner name. A name at or below a zone cut belongs to the child
    zone (RFC 1034 4.2.1); a name below a DNAME is redirected (RFC 6672 2.3).
    """
    for owner in names.ancestors(name):
        types = {rrset.type for rrset in rrsets(owner)}
        if (NS in types and owner != origin) or (DNAME in types and owner != name):
            return True
        if owner == origin:
            break
    return False
