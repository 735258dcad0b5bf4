"""nsupdate.info: ``manage.py dumpdata main`` of a server of one's own, Django's JSON of its tables.

Hosts are names in a domain, of which they tell the number. Related hosts are names below a host,
with an interface identifier. Addresses are in DNS alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ddns.moving.listing import BadList, ListedHost, Listing
from ddns.moving.reading import number_at, objects_of, text_at

_DOMAIN, _HOST, _RELATED = "main.domain", "main.host", "main.relatedhost"


def read(files: Iterable[bytes], listing: Listing) -> None:
    """Add the hosts and related hosts of dumps; other tables say nothing of hosts."""
    items = [item for octets in files for item in objects_of(octets)]
    domains = {pk: text_at(fields, "name") for pk, fields in _rows(items, _DOMAIN)}
    whole: dict[object, str] = {}
    for pk, fields in _rows(items, _HOST):
        name, domain = text_at(fields, "name"), domains.get(number_at(fields, "domain"))
        if domain is None:
            listing.leave_out(name, "the dump has no domain of this host")
            continue
        whole[pk] = f"{name}.{domain}"
        listing.add(whole[pk])
    for _, fields in _rows(items, _RELATED):
        name, main = text_at(fields, "name"), whole.get(number_at(fields, "main_host"))
        if main is None:
            listing.leave_out(name, "the dump has no main host of this related host")
        else:
            _follow(listing.add(f"{name}.{main}"), listing.add(main), fields, listing)


def _follow(
    host: ListedHost | None, leader: ListedHost | None, fields: dict[str, Any], listing: Listing
) -> None:
    """Have a related host follow its main host, where both are imported."""
    if host is None or leader is None:
        return
    if of_ipv4 := fields.get("interface_id_ipv4"):
        listing.leave_out(f"{host.name} {of_ipv4}", "hosts follow IPv6 prefixes only")
    if of_ipv6 := fields.get("interface_id_ipv6"):
        host.interface_id, host.follows = str(of_ipv6), leader.name


def _rows(items: Iterable[dict[str, Any]], model: str) -> Iterable[tuple[object, dict[str, Any]]]:
    """Yield the rows of a table: their number and their fields."""
    for item in items:
        if item.get("model") == model:
            pk, fields = item.get("pk"), item.get("fields")
            if not isinstance(pk, int) or not isinstance(fields, dict):
                raise BadList(f"this is not a dump: a row of {model} has no pk or no fields")
            yield pk, fields
