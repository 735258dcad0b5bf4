"""What hosts that follow another one take from updates of it: the prefixes of its LAN."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Network

from ddns.model.account import Host
from ddns.model.records import AAAA, RRset
from ddns.model.update import Change, Edit, Renumber, Replace, Status
from ddns.policy.authorize import is_occluded
from ddns.policy.edits import Lookup, decide

MAX_FOLLOWERS = 100
"""Hosts that may follow one: an update of it moves all of them in one transaction."""

LAN_LENGTH = 64
"""The length of a LAN's prefix, where only an address in it is known (RFC 4291 2.5.4)."""

Prefixes = tuple[IPv6Network, ...]


def prefixes_told(edits: Iterable[Edit]) -> Prefixes:
    """Return the prefixes that a client tells, in its order."""
    told = [each for edit in edits if isinstance(edit, Renumber) for each in edit.networks]
    return tuple(dict.fromkeys(told))


def addresses_set(edits: Iterable[Edit]) -> list[bytes]:
    """Return the packed IPv6 addresses that a client sets for a host."""
    return [
        rdata
        for edit in edits
        if isinstance(edit, Replace) and edit.type == AAAA and not edit.prefix
        for rdata in edit.rdatas
    ]


def prefixes_for(follower: Host, told: Prefixes, addresses: Iterable[bytes]) -> Prefixes:
    """Return the prefixes that a follower takes: those that were told of its leader, or else, if it
    follows these as well, those of its leader's packed *addresses*."""
    if told or not follower.follows_address:
        return told
    networks = (IPv6Network((address, LAN_LENGTH), strict=False) for address in addresses)
    return tuple(dict.fromkeys(networks))


def moved(
    follower: Host,
    prefixes: Prefixes,
    lookup: Lookup,
    usable: Callable[[bytes], bool] | None,
) -> list[RRset] | None:
    """Return the RRsets to write for a follower to be in *prefixes*: none if it is there already,
    None if it cannot be.

    :param lookup: reads RRsets of its zone.
    :param usable: says which packed addresses its zone lets it have, None for all.
    """
    name = follower.name
    if not prefixes or is_occluded(name, follower.zone, lookup):
        return None
    change = Change("", name, (Renumber(prefixes),))
    decision = decide(change, name, follower.ttl, lookup, usable, follower.interface_id)
    return None if isinstance(decision, Status) else decision[0]
