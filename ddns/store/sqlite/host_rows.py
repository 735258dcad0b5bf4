"""Rows of hosts, and what their columns mean."""

from __future__ import annotations

from typing import Any

from ddns.model.account import Host
from ddns.model.records import AAAA, A
from ddns.store.sqlite.row_objects import from_row

HOST_COLUMNS = (
    "host.name, zone.origin, host.account, host.ttl, host.created, host.dormant,"
    " host.expire_after, host.expires"
)
LETTERS = "substr(host.name, 2)"
"""What hosts are sorted by for people: without the length of the first label, which comes before
its letters."""

HOST = f"select {HOST_COLUMNS} from host join zone on zone.id = host.zone"


@from_row
def make_host(*row: Any) -> Host:
    """Return a host from its row and its zone's origin."""
    name, zone, account, ttl, created, dormant, *expiry = row
    return Host(name, zone, account, ttl, created, _DORMANT[dormant], *expiry)


_DORMANT = (frozenset[int](), frozenset({A}), frozenset({AAAA}), frozenset({A, AAAA}))


def dormant_bits(types: frozenset[int]) -> int:
    """Return the types of a host's dormant addresses as they are stored: 1 for A, 2 for AAAA."""
    return _DORMANT.index(types)
