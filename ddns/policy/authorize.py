"""Authorization of updates, decided against committed data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ddns.model import names
from ddns.model.account import Account, Grant, Host, Key, Right, ZoneInfo
from ddns.model.records import ADDRESS_TYPES, DNAME, NS, TXT, RRset
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
        mine = host.account == grant.account and grant.covers(host.name, host.zone)
        return None if mine and _has_types(grant, change) else Status.NOTYOURS
    if zone is None or zone.account is None or zone.account != grant.account:
        return Status.NOHOST
    if not grant.covers(change.name, zone.origin) or not _has_types(grant, change):
        return Status.NOTYOURS
    if change.name == zone.origin or any(rrset.type in ADDRESS_TYPES for rrset in rrsets()):
        return None
    return Status.NOHOST


def _has_types(grant: Grant, change: Change) -> bool:
    """Return whether a grant is for all types that a change edits."""
    return grant.types is None or all(edit.type in grant.types for edit in change.edits)


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


def may_change(key: Key, owner: bytes, number: int, zone: ZoneInfo, host: Host | None) -> bool:
    """Return whether a key with the right to change records may change an RRset of a zone.

    :param host: the one in the zone that the owner name belongs to, if any.

    A key of the zone's owner, or one to which the operator has given a zone of his, changes
    everything in it; one that is limited to hosts, or whose account only has hosts there, changes
    their addresses and the TXT record of ACME's challenge. Types that it was given replace these.
    What certificates are issued for as long as it is there takes a right of its own.
    """
    if lacks_persist(key, owner):
        return False
    if has_whole_zone(key, zone):
        return key.types is None or number in key.types
    if host is None or host.account != key.account or not key.grant.covers(host.name, host.zone):
        return False
    if key.types is not None:
        return number in key.types
    if owner == host.name:
        return number in ADDRESS_TYPES
    return number == TXT and owner in (names.ACME + host.name, names.PERSIST + host.name)


def lacks_persist(key: Key | None, owner: bytes) -> bool:
    """Return whether an owner name takes the right to have certificates issued for as long as a
    record is there, and a client with this key, or without one, does not have it."""
    return owner.startswith(names.PERSIST) and (key is None or Right.PERSIST not in key.rights)


def is_still_good(key: Key, found: Key | None, account: Account | None, now: float) -> bool:
    """Return whether a key that was let in a moment ago is good for anything now: it is the one
    that was *found* committed, and its account may change something (at *now*, seconds since
    1970)."""
    if account is None or (account.block is not None and account.block.holds(now)):
        return False
    return key == found and key.enabled


def has_operator_rights(key: Key, account: Account) -> bool:
    """Return whether a key of an account changes everything, as an operator does."""
    return account.operator and Right.OPERATOR in key.rights


def has_whole_zone(key: Key, zone: ZoneInfo) -> bool:
    """Return whether a key's rights are for all of a zone: it is its owner's, or the operator has
    given it the zone, which is his; and it is not limited to hosts or other zones."""
    if key.hosts is not None:
        return False
    if key.zones is None:
        return zone.account == key.account
    return zone.origin in key.zones and zone.account in (None, key.account)


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
