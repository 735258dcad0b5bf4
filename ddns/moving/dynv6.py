"""dynv6: what ``/api/v2/zones`` and ``/api/v2/zones/{id}/records`` answer (REST API 0.2).

Records have names relative to their zone, of which they tell the number alone. In ``expandedData``
they have what DNS answers, where that is not ``data``: a name with its zone, or the address that a
prefix and an interface identifier give.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ddns.model import records
from ddns.moving.listing import ListedHost, Listing
from ddns.moving.reading import number_at, objects_of, text_at


def read(files: Iterable[bytes], listing: Listing) -> None:
    """Add the zones, each as a host, and the records of files, which may come in any order."""
    items = [item for octets in files for item in objects_of(octets)]
    zones = [item for item in items if "zoneID" not in item]
    called = {number_at(zone, "id"): text_at(zone, "name") for zone in zones}
    for zone in zones:
        _add_zone(zone, listing)
    for item in items:
        if "zoneID" in item:
            _add_record(item, called.get(number_at(item, "zoneID")), listing)


def _add_zone(zone: dict[str, Any], listing: Listing) -> None:
    """Add the host that a zone is. Its ``ipv6prefix`` is an address, a prefix or neither."""
    prefix = str(zone.get("ipv6prefix") or "")
    address, slash, _ = prefix.partition("/")
    packed = records.address_from_text(address)
    own = [address] if packed is not None and (not slash or any(packed[8:])) else []
    listing.add_addresses(zone["name"], filter(None, [str(zone.get("ipv4address") or ""), *own]))


def _add_record(record: dict[str, Any], zone: str | None, listing: Listing) -> None:
    name, kind = text_at(record, "name"), text_at(record, "type").upper()
    if zone is None:
        number = record["zoneID"]
        listing.leave_out(f"{name} {kind}", f"the files have no zone {number}; name zones.json too")
        return
    owner = zone if name in ("", "@") else f"{name}.{zone}"
    data, expanded = text_at(record, "data"), str(record.get("expandedData") or "")
    value = expanded or data
    if kind == "TXT":
        value = _strings(data)
    elif not value:
        listing.leave_out(f"{owner} {kind}", "it has no value of its own; its client will set one")
        listing.add(owner)
        return
    elif kind in ("CNAME", "MX"):
        value = f"{value.removesuffix('.')}."
    if kind == "MX":
        value = f"{record.get('priority') or 0} {value}"
    listing.add_record(owner, kind, value)
    if kind == "AAAA" and expanded:
        _follow(listing.add(owner), listing.add(zone), expanded)


def _follow(host: ListedHost | None, leader: ListedHost | None, address: str) -> None:
    """Have a host whose address has its zone's prefix follow the zone's own host."""
    if host is not None and leader is not None and host is not leader:
        host.interface_id, host.follows = address, leader.name


def _strings(text: str) -> str:
    """Return the rdata of a text, in strings of 255 octets at most (RFC 1035 3.3)."""
    size = 255 if text.isascii() else 63  # a character has four octets at most
    pieces = [text[at : at + size] for at in range(0, len(text), size)] or [""]
    escaped = (one.replace("\\", "\\\\").replace('"', '\\"') for one in pieces)
    return " ".join(f'"{one}"' for one in escaped)
