"""Which name servers follow which zone, in memory."""

from __future__ import annotations

from collections.abc import Iterator

from ddns.model.account import ZoneInfo
from ddns.model.secondaries import Secondary


class Secondaries:
    """The secondaries of all zones, kept up to date by the publisher.

    A zone has its own, and those of every catalog, since what a catalog lists is there to be
    transferred by whoever reads it. Of two with the same address and port its own one counts.
    """

    def __init__(self) -> None:
        self._zones: dict[bytes, ZoneInfo] = {}
        self._catalogs: dict[bytes, ZoneInfo] = {}

    def __iter__(self) -> Iterator[bytes]:
        """Yield the origins of all zones."""
        return iter(self._zones)

    def put(self, zone: ZoneInfo) -> None:
        """Add or replace a zone."""
        self._zones[zone.origin] = zone
        if zone.catalog:
            self._catalogs[zone.origin] = zone

    def remove(self, origin: bytes) -> None:
        """Remove a zone, if it exists."""
        self._zones.pop(origin, None)
        self._catalogs.pop(origin, None)

    def zone(self, origin: bytes) -> ZoneInfo | None:
        """Return a zone as it was last put; its serial is not kept up to date."""
        return self._zones.get(origin)

    def is_catalog(self, origin: bytes) -> bool:
        """Return whether the zone with this origin is a catalog."""
        return origin in self._catalogs

    def of(self, origin: bytes) -> list[Secondary]:
        """Return the secondaries of a zone, none for one that does not exist."""
        zone = self._zones.get(origin)
        if zone is None:
            return []
        found = {(one.address, one.port): one for one in zone.secondaries}
        for catalog in () if zone.catalog else self._catalogs.values():
            for one in catalog.secondaries:
                found.setdefault((one.address, one.port), one)
        return list(found.values())
