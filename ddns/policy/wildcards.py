"""Which copies of wildcards' RRsets keep challenges from changing what a zone answers.

A record at ``_acme-challenge.foo.example.net`` makes ``foo.example.net`` exist, if only as an empty
non-terminal, and then ``*.example.net`` answers neither for that name nor for names below it
(RFC 4592 2.2.2, 3.3.1). So the wildcard's RRsets are copied to each name that exists because of
challenges alone, and to the wildcard below it: names that are no challenge's have the answers which
they would have without any challenge. Secondaries answer the same, since the copies are records.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Protocol

from ddns.model.account import ZoneInfo
from ddns.model.copies import Copy, Touched
from ddns.model.names import CHALLENGES, MAX_WIRE, WILDCARD, ancestors, is_subdomain, parent
from ddns.model.records import DNAME, NS, NSEC, RRSIG, SOA, RRset

NOT_COPIED = frozenset({NS, SOA, DNAME, RRSIG, NSEC})
"""Types that mean something else at another name, or at a wildcard (RFC 4592 4.2 to 4.5)."""


class View(Protocol):
    """What work on a store has changed, and what there is now; see :mod:`ddns.store.copies`."""

    def touched(self) -> Iterable[Touched]: ...
    def replaced(self) -> Collection[bytes]: ...
    def zone(self, origin: bytes) -> ZoneInfo | None: ...
    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]: ...
    def has_copies_at(self, zone: bytes, owner: bytes) -> bool: ...
    def copies_below(self, zone: bytes, name: bytes) -> list[Copy]: ...
    def copies_of(self, zone: bytes, source: bytes) -> list[Copy]: ...
    def owners_below(self, zone: bytes, name: bytes) -> list[bytes]: ...
    def challenges_below(self, zone: bytes, name: bytes) -> list[bytes]: ...


def keep_wildcards(view: View) -> list[Copy]:
    """Return the copies to put or delete after work that has put RRsets."""
    touched = [
        one
        for one in view.touched()
        if not (one.existed and one.exists) or one.owner.startswith(WILDCARD)
    ]
    if not touched and not view.replaced():
        return []  # as after nearly all updates
    trees = {zone: _Tree(view, zone) for zone in {one.zone for one in touched} | {*view.replaced()}}
    regions = {(zone, zone) for zone in view.replaced() if view.challenges_below(zone, zone)}
    there: list[Copy] = []
    wanted: list[Copy] = []
    for zone, owner, existed, exists in touched:
        if not (existed and exists):  # with neither, records may have been put over copies and gone
            region = trees[zone].affected(owner, exists)
            if region is not None:
                regions.add((zone, region))
        else:
            copies = view.copies_of(zone, owner)
            there += copies
            wanted += _copied(view, zone, owner, {copy.rrset.owner for copy in copies})
    for zone in {zone for zone, _ in regions}:
        tops = {region for of, region in regions if of == zone}
        there += trees[zone].present(tops)
        wanted = [
            one for one in wanted if one.zone != zone or not _is_within(one.rrset.owner, tops)
        ]
        wanted += trees[zone].wanted(tops)
    return _difference(there, wanted)


def challenged(owner: bytes, origin: bytes) -> bytes | None:
    """Return the name that a challenge's owner name stands below, None for any other owner name.

    >>> challenged(b"\\x0f_acme-challenge\\x01a\\x03net\\x00", b"\\x03net\\x00")
    b'\\x01a\\x03net\\x00'
    """
    found = None
    while len(owner) > len(origin):
        above = parent(owner)
        if owner.startswith(CHALLENGES):
            found = above
        owner = above
    return found


class _Tree:
    """The names of a zone as they would be without challenges. Work may change thousands of them:
    what takes a scan of the zone is read once for all.

    A region is a name with all names below it.
    """

    def __init__(self, view: View, origin: bytes) -> None:
        self._view = view
        self._origin = origin
        self._bare: dict[bytes, bool] = {}

    def affected(self, owner: bytes, exists: bool) -> bytes | None:
        """Return the name at and below which copies have to be looked at, if any, now that an owner
        name exists or does so no more."""
        if owner == self._origin or self._view.zone(self._origin) is None:
            return None
        if not is_subdomain(owner, self._origin):
            return None
        name = challenged(owner, self._origin)
        if name is not None:
            return self._affected_by_challenge(name, exists)
        if owner.startswith(WILDCARD):
            return self._affected_by_wildcard(parent(owner))
        top = self._top(owner)
        if exists:  # it has copies no more, nor have the names above that it has made exist
            while not self._has_copies(owner) and owner != top:
                owner = parent(owner)
            return top if self._has_copies(owner) else None
        return top if self._has(WILDCARD + parent(top)) and top in self._challenged else None

    def _affected_by_challenge(self, name: bytes, exists: bool) -> bytes | None:
        if name == self._origin or self._has(name):
            return None
        copied = self._has_copies(name)
        if copied is exists:
            return None
        top = self._top(name)
        return top if copied or self._has(WILDCARD + parent(top)) else None

    def _affected_by_wildcard(self, name: bytes) -> bytes | None:
        region = name if name == self._origin or self._has(name) else self._top(name)
        return region if self._has_bare(region) else None

    def _has_bare(self, region: bytes) -> bool:
        """Return whether any name in a region is challenged that has no records of its own."""
        if region not in self._bare:
            names = self._challenged.get(region, ())
            self._bare[region] = not all(self._has(name) for name in names)
        return self._bare[region]

    @functools.cached_property
    def _challenged(self) -> dict[bytes, set[bytes]]:
        """The challenged names below the origin, by each region that they are in."""
        found: dict[bytes, set[bytes]] = {}
        for owner in self._view.challenges_below(self._origin, self._origin):
            name = challenged(owner, self._origin)
            if name is not None and name != self._origin:
                for region in ancestors(name):
                    found.setdefault(region, set()).add(name)
        return found

    def present(self, regions: Collection[bytes]) -> list[Copy]:
        """Return the copies that there are in some regions."""
        copies = self._view.copies_below(self._origin, self._around(regions))
        return [copy for copy in copies if _is_within(copy.rrset.owner, regions)]

    def wanted(self, regions: Collection[bytes]) -> list[Copy]:
        """Return the copies that there should be in some regions. The name above each exists
        without them, or the region is the zone."""
        real, names = self._names(self._around(regions))
        sources: dict[bytes, set[bytes]] = {}
        for name in names:
            if not _is_within(name, regions):
                continue
            path = []
            while name not in real:
                path.append(name)
                name = parent(name)
            at = sources.setdefault(WILDCARD + name, set())
            at.update(path)
            at.update(WILDCARD + one for one in path if len(one) + 2 <= MAX_WIRE)
        return [
            copy
            for source, owners in sources.items()
            for copy in _copied(self._view, self._origin, source, owners)
        ]

    def _around(self, regions: Collection[bytes]) -> bytes:
        """Return a region that these are in: the zone, unless there is but one."""
        return next(iter(regions)) if len(regions) == 1 else self._origin

    def _names(self, region: bytes) -> tuple[set[bytes], set[bytes]]:
        """Return the names of a region that exist without challenges, with the one above it, and
        those that are challenged."""
        real, names = {self._origin}, set()
        if region != self._origin:
            real.add(parent(region))
        for owner in self._view.owners_below(self._origin, region):
            name = challenged(owner, self._origin)
            if name is not None:
                names.add(name)
                continue
            while owner not in real:
                real.add(owner)
                owner = parent(owner)
        return real, names

    def _top(self, name: bytes) -> bytes:
        """Return the highest of a name and those above it that may not exist by themselves: the one
        above has records of its own or a wildcard below it, or is the origin."""
        while True:
            above = parent(name)
            if above == self._origin or self._has(above) or self._has(WILDCARD + above):
                return name
            name = above

    def _has(self, owner: bytes) -> bool:
        return bool(self._view.rrsets(self._origin, owner))

    def _has_copies(self, owner: bytes) -> bool:
        """Return whether there are copies at a name or at the wildcard below it."""
        has_copies_at = self._view.has_copies_at
        return has_copies_at(self._origin, owner) or has_copies_at(self._origin, WILDCARD + owner)


def _copied(view: View, zone: bytes, source: bytes, owners: Iterable[bytes]) -> list[Copy]:
    """Return copies of a wildcard's RRsets at these names."""
    rrsets = [one for one in view.rrsets(zone, source) if one.type not in NOT_COPIED]
    return [
        Copy(zone, replace(rrset, owner=owner), source)
        for owner in sorted(owners)
        for rrset in rrsets
    ]


def _is_within(name: bytes, regions: Collection[bytes]) -> bool:
    return any(one in regions for one in ancestors(name))


def _difference(there: Iterable[Copy], wanted: Iterable[Copy]) -> list[Copy]:
    """Return what has to be put for the copies that are there to become those that are wanted."""
    before = {(copy.zone, copy.rrset.owner, copy.rrset.type): copy for copy in there}
    after = {(copy.zone, copy.rrset.owner, copy.rrset.type): copy for copy in wanted}
    gone = [
        copy._replace(rrset=copy.rrset.with_rdatas(()))
        for key, copy in before.items()
        if key not in after
    ]
    return gone + [copy for key, copy in after.items() if copy != before.get(key)]
