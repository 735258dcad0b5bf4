"""Turn the edits of a change into the RRsets to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, IPv6Network

from ddns.model import names, records
from ddns.model.records import AAAA, ADDRESS_TYPES, MX, RRset
from ddns.model.update import Change, Edit, Mail, Remove, Renumber, Replace, Status
from ddns.policy import rrset_rules

BACKUP_PREFERENCE = 5
EXCHANGE_PREFERENCE = 10

Lookup = Callable[[bytes], Iterable[RRset]]
"""Reads all RRsets of an owner name."""


def decide(
    change: Change,
    name: bytes,
    ttl: int,
    lookup: Lookup,
    usable: Callable[[bytes], bool] | None = None,
    interface_id: IPv6Address | None = None,
) -> tuple[list[RRset], tuple[str, ...]] | Status:
    """Return the RRsets to write, where an empty one is deleted, and the host's new addresses.

    New RRsets get *ttl* seconds; existing ones keep theirs. Nothing to write means ``nochg``. The
    addresses are those of the families that the change edits, or all if it edits none. A Status is
    returned if the change is impossible; an alias, for example, has no address to update.

    Only packed addresses that are *usable* are set; a family without any stays as it is, and the
    change is impossible if none of those that it is to set is left. In a network the host has its
    *interface_id*, or those of its present addresses.
    """
    before: dict[tuple[bytes, int], RRset] = {}
    owners_read: set[bytes] = set()

    def current(owner: bytes, number: int) -> RRset:
        if owner not in owners_read:
            owners_read.add(owner)
            before.update({(rrset.owner, rrset.type): rrset for rrset in lookup(owner)})
        return before.get((owner, number)) or RRset(owner, number, ttl, ())

    after: dict[tuple[bytes, int], RRset] = {}
    sets = unset = 0  # edits that set addresses, and that have none to set
    for edit in change.edits:
        if isinstance(edit, Renumber) and not edit.itself:
            continue
        try:
            rrset = _edited(
                edit,
                name,
                interface_id,
                lambda owner, number: after.get((owner, number)) or current(owner, number),
            )
        except names.BadName:
            return Status.NOTFQDN
        if _sets_addresses(edit):
            sets += 1
            if usable:
                rrset = rrset.with_rdatas(tuple(filter(usable, rrset.rdatas)))
            if not rrset.rdatas:
                unset += 1
                continue
        after[rrset.owner, rrset.type] = rrset
    if sets and sets == unset:
        return Status.BADADDRESS
    present = [key for key, rrset in {**before, **after}.items() if rrset.rdatas]
    for changed in {owner for owner, _ in after}:
        types = {number for owner, number in present if owner == changed}
        if rrset_rules.has_cname_and_other_data(types):
            return Status.NOHOST
    spoken = {number for owner, number in after if owner == name and number in ADDRESS_TYPES}
    shown = [
        records.address_to_text(rdata)
        for number in ADDRESS_TYPES
        if number in (spoken or ADDRESS_TYPES)
        for rdata in (after.get((name, number)) or current(name, number)).rdatas
    ]
    written = [
        rrset
        for rrset in after.values()
        if set(rrset.rdatas) != set(current(rrset.owner, rrset.type).rdatas)
    ]
    return written, tuple(shown)


def _sets_addresses(edit: Edit) -> bool:
    """Return whether an edit says which addresses a host is to have."""
    return isinstance(edit, Renumber) or (
        isinstance(edit, Replace) and edit.type in ADDRESS_TYPES and bool(edit.rdatas)
    )


def _edited(
    edit: Edit,
    name: bytes,
    interface_id: IPv6Address | None,
    current: Callable[[bytes, int], RRset],
) -> RRset:
    """Apply one edit. Without an interface identifier and an AAAA there is nothing to renumber."""
    if isinstance(edit, Replace):
        rrset = current(names.below(edit.prefix, name), edit.type)
        return rrset.with_rdatas(tuple(dict.fromkeys(edit.rdatas)))
    if isinstance(edit, Remove):
        return current(names.below(edit.prefix, name), edit.type).with_rdatas(())
    if isinstance(edit, Renumber):
        rrset = current(name, AAAA)
        identifiers = rrset.rdatas if interface_id is None else (interface_id.packed,)
        moved = (_renumbered(one, network) for network in edit.networks for one in identifiers)
        return rrset.with_rdatas(tuple(dict.fromkeys(moved)))
    return _mail(edit, name, current(name, MX))


def _renumbered(rdata: bytes, network: IPv6Network) -> bytes:
    """Replace the prefix of an address by the network's (FRITZ!Box's LAN prefix)."""
    host_bits = int.from_bytes(rdata, "big") & int(network.hostmask)
    return (int(network.network_address) | host_bits).to_bytes(16, "big")


def _mail(edit: Mail, name: bytes, rrset: RRset) -> RRset:
    """Apply dyndns2's ``mx`` and ``backmx``; with the latter the host itself is preferred."""
    others = [rdata for rdata in rrset.rdatas if rdata[2:] != name]
    backup = len(others) < len(rrset.rdatas) if edit.backup is None else edit.backup
    if edit.exchange is not None:
        others = [records.mx_rdata(EXCHANGE_PREFERENCE, edit.exchange)]
    elif not others:  # no exchange that could be a backup
        return rrset
    if backup and edit.exchange != name:
        others.insert(0, records.mx_rdata(BACKUP_PREFERENCE, name))
    return rrset.with_rdatas(tuple(others))
