"""Whether a client may change a host, decided against committed rows."""

from __future__ import annotations

from collections.abc import Callable

from ddns.model.account import Grant, Host, ZoneInfo
from ddns.model.records import ADDRESS_TYPES, RRset
from ddns.model.update import Change, Status


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
