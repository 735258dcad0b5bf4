"""Keep the catalogs equal to the list of zones, in the transactions that change it."""

from __future__ import annotations

from ddns.api import zone_parsing
from ddns.api.access import WriteContext
from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.policy import catalog


def zone_added(context: WriteContext, zone: ZoneInfo) -> None:
    """List a new zone in all catalogs; one that is a catalog itself lists all other zones.

    :raises ddns.api.errors.Invalid: when a catalog's origin is too long for one.
    """
    transaction = context.transaction
    if not zone.catalog:
        for one in transaction.catalogs():
            transaction.put_rrset(one.origin, catalog.entry(one.origin, zone))
        return
    transaction.put_rrset(zone.origin, zone_parsing.catalog_version(zone.origin))
    for other in transaction.zones():
        if not other.catalog:
            transaction.put_rrset(zone.origin, catalog.entry(zone.origin, other))


def zone_removed(context: WriteContext, zone: ZoneInfo) -> None:
    """Take a zone out of all catalogs, with what the operator has said of it there."""
    transaction = context.transaction
    for one in () if zone.catalog else transaction.catalogs():
        owner = catalog.entry(one.origin, zone).owner
        for name in (owner, *(names.below(label, owner) for label in catalog.PROPERTIES)):
            for rrset in transaction.rrsets(one.origin, name):
                transaction.put_rrset(one.origin, rrset.with_rdatas(()))
