"""What a key sees of zones: that which it may change, and what else tools want to find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ddns.api.records import with_serial
from ddns.model import names
from ddns.model.account import Host, Key, ZoneInfo
from ddns.model.records import NS, SOA, RRset
from ddns.policy.authorize import has_whole_zone, lacks_persist, may_change
from ddns.store.interfaces import IReading
from ddns.store.paging import Page
from ddns.tools.base import ToolError
from ddns.tools.powerdns.zone_ids import dotted


@dataclass(frozen=True, slots=True)
class Sight:
    """What a key sees. What it does not, does not exist for it.

    :param operator: whether it is an operator's key, which sees all zones.
    """

    key: Key
    operator: bool

    def has_whole(self, zone: ZoneInfo) -> bool:
        """Return whether all of a zone is seen, if its types are."""
        return self.operator or has_whole_zone(self.key, zone)

    def zone(self, reading: IReading, origin: bytes) -> ZoneInfo:
        """Return a zone.

        :raises ToolError: where nothing of it is seen.
        """
        zone = reading.zone(origin)
        if zone is None or not self._sees_of(reading, zone):
            raise ToolError(404, f"Could not find domain '{dotted(origin)}'")
        return zone

    def zones(self, reading: IReading, only: bytes | None = None) -> list[ZoneInfo]:
        """Return the zones of which something is seen, in the order of their origins; or at most
        one, that with the origin *only*."""
        if only is not None:
            zone = reading.zone(only)
            return [zone] if zone is not None and self._sees_of(reading, zone) else []
        zones = [one for one in reading.zones() if not one.catalog]
        if self.operator:
            return zones
        origins = {host.zone for host in self._hosts(reading, None, b"", None)}
        return [one for one in zones if one.origin in origins or self.has_whole(one)]

    def _sees_of(self, reading: IReading, zone: ZoneInfo) -> bool:
        """Return whether anything of a zone is seen. Catalogs are not: tools that keep all zones as
        they have them somewhere would empty them."""
        if zone.catalog:
            return False
        return self.has_whole(zone) or any(self._hosts(reading, zone.origin, b"", 1))

    def rrsets_at(self, reading: IReading, zone: ZoneInfo, owner: bytes) -> list[RRset]:
        """Return what is seen at an owner name. The SOA has the zone's serial."""
        host = None if self.has_whole(zone) else reading.host(names.host_of(owner))
        if host is not None and host.zone != zone.origin:
            host = None
        return list(self._seen_at(reading, zone, owner, host))

    def page(
        self, reading: IReading, zone: ZoneInfo, after: bytes, most: int
    ) -> tuple[list[RRset], bytes | None]:
        """Return the RRsets of the next names, or hosts, of a zone, *most* of them at most and its
        origin's first, and what the next page has to come *after*, None at the end. The first page
        comes after ``b""``. Copies of a wildcard's RRsets are the server's own: tools that keep all
        of a zone as they have it somewhere would delete them."""
        found = [] if after else self.rrsets_at(reading, zone, zone.origin)
        if self.has_whole(zone):
            below = reading.rrsets_below(zone.origin, Page(most, after or None))
            found += (one for one in below if self._sees(one, zone, None))
            owners = {rrset.owner for rrset in below}
            return found, below[-1].owner if len(owners) == most else None
        hosts = list(self._hosts(reading, zone.origin, after, most))
        for host in hosts:
            for owner in names.with_below(host.name):
                found += self._seen_at(reading, zone, owner, host)
        return found, hosts[-1].name if len(hosts) == most else None

    def _seen_at(
        self, reading: IReading, zone: ZoneInfo, owner: bytes, host: Host | None
    ) -> Iterator[RRset]:
        for rrset in reading.rrsets(zone.origin, owner):
            if self._sees(rrset, zone, host):
                yield with_serial(rrset, zone)

    def _sees(self, rrset: RRset, zone: ZoneInfo, host: Host | None) -> bool:
        """Return whether an RRset is seen: tools want a zone to have SOA and NS, whoever asks."""
        if rrset.owner == zone.origin and rrset.type in (SOA, NS):
            return True
        if self.operator:
            return not lacks_persist(self.key, rrset.owner)
        return may_change(self.key, rrset.owner, rrset.type, zone, host)

    def _hosts(
        self, reading: IReading, origin: bytes | None, after: bytes, most: int | None
    ) -> Iterator[Host]:
        """Yield the hosts whose records are seen, in one zone or all, in an order of their own."""
        key = self.key
        if key.hosts is None:
            page = None if most is None else Page(most, after or None)
            found = iter(reading.hosts(key.account, origin, page))
        else:
            named = (reading.host(name) for name in sorted(key.hosts) if name > after)
            found = (one for one in named if one is not None and origin in (None, one.zone))
        mine = (one for one in found if one.account == key.account)
        return islice((one for one in mine if key.grant.covers(one.name, one.zone)), most)
