"""Rows of hosts, and what their columns mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from ddns.model.account import Host
from ddns.model.records import AAAA, A
from ddns.store.sqlite.row_objects import from_row

HOST_COLUMNS = (
    "host.name, zone.origin, host.account, host.ttl, host.created, host.dormant,"
    " host.expire_after, host.expires, host.interface_id, host.follows, host.follows_address,"
    " host.prefixes"
)
LETTERS = "substr(host.name, 2)"
"""What hosts are sorted by for people: without the length of the first label, which comes before
its letters."""

HOST = f"select {HOST_COLUMNS} from host join zone on zone.id = host.zone"


@from_row
def make_host(*row: Any) -> Host:
    """Return a host from its row and its zone's origin."""
    name, zone, account, ttl, created, dormant, *expiry, interface_id, follows, address, told = row
    host = Host(name, zone, account, ttl, created, _DORMANT[dormant], *expiry)
    if interface_id is None and follows is None and not told:
        return host  # as nearly all are
    return dataclasses.replace(
        host,
        interface_id=None if interface_id is None else IPv6Address(interface_id),
        follows=follows,
        follows_address=bool(address),
        prefixes=prefixes_of(told),
    )


_DORMANT = (frozenset[int](), frozenset({A}), frozenset({AAAA}), frozenset({A, AAAA}))


def prefixes_of(text: str) -> tuple[IPv6Network, ...]:
    """Return the prefixes that :func:`prefixes_text` wrote.

    :raises ValueError: if they are malformed.
    """
    return tuple(map(IPv6Network, text.split()))


def prefixes_text(prefixes: Iterable[IPv6Network]) -> str:
    """Return prefixes as they are stored."""
    return " ".join(map(str, prefixes))


def dormant_bits(types: frozenset[int]) -> int:
    """Return the types of a host's dormant addresses as they are stored: 1 for A, 2 for AAAA."""
    return _DORMANT.index(types)
