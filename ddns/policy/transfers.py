"""Who may transfer a zone."""

from __future__ import annotations

from collections.abc import Iterable

from ddns.model.account import Key, Right, ZoneInfo
from ddns.model.records import address_from_text
from ddns.model.secondaries import Secondary
from ddns.policy.authorize import has_whole_zone


def may_transfer(
    zone: ZoneInfo, secondaries: Iterable[Secondary], address: bytes, key: Key | None
) -> bool:
    """Return whether a client may transfer a zone.

    :param secondaries: the zone's.
    :param address: the client's, 4 or 16 octets.
    :param key: the TSIG key that signed the request, verified; None without one.

    One of the zone's secondaries may, if it signs with the key that is named for it; so may whoever
    has a key with that right for the whole zone, from anywhere.
    """
    name = None if key is None or key.tsig is None else key.tsig.name
    for secondary in secondaries:
        if secondary.key in (None, name) and address_from_text(secondary.address) == address:
            return True
    if key is None or Right.TRANSFER not in key.rights:
        return False
    return has_whole_zone(key, zone)
