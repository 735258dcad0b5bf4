"""Zones in memory: a dictionary from owner names to nodes (:mod:`ddns.zone.node`).

Empty non-terminals (RFC 4592 2.2.2) are nodes without RRsets, ``b""``, so all ancestors of an
existing name exist, up to the apex. Occluded names below a zone cut or DNAME are ordinary nodes; a
look-up has to check :attr:`Zone.cuts` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ddns.model.names import ROOT, is_subdomain
from ddns.model.records import (
    DNAME,
    DS,
    IN,
    NS,
    SOA,
    RRset,
    pack_rdatas,
    soa_serial,
    soa_with_serial,
)
from ddns.model.rows import Row
from ddns.zone.node import QUESTION, RECORD, RRSET, label_starts, merged, pack, pick, split, unpack
from ddns.zone.snapshot import Snapshot


class Zone:
    """One zone. The cost of a change does not depend on the size of the zone.

    Names are lower-case wire form. Attributes are read-only for callers:

    - ``nodes``: from owner names to nodes; always includes the apex.
    - ``cuts``: the owner names of NS below the apex and of DNAME.
    - ``negative``: the SOA record for negative answers from its TYPE on (whoever packs it writes
      the owner name), None while the zone has no SOA.
    - ``labels``: the number of labels of the origin.
    - ``snapshots``: those that are being read (:class:`ddns.zone.snapshot.Snapshot`).
    """

    __slots__ = ("_children", "cuts", "labels", "negative", "nodes", "origin", "snapshots")

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.labels = len(label_starts(origin))
        self.nodes: dict[bytes, bytes] = {origin: b""}
        self.cuts: set[bytes] = set()
        self.negative: bytes | None = None
        self.snapshots: list[Snapshot] = []
        # The number of nodes directly below a name, if any: it tells an empty non-terminal from a
        # leaf. The apex is never removed and needs no count, so a flat zone pays nothing.
        self._children: dict[bytes, int] = {}

    def put(self, rrset: RRset) -> None:
        """Replace the RRset of that owner and type; remove it if *rrset* has no rdatas.

        :raises ValueError: if the owner name is not in the zone.
        """
        owner = rrset.owner
        if not is_subdomain(owner, self.origin):
            raise ValueError(f"{owner!r} is not in the zone {self.origin!r}")
        packed = b""
        if rrset.rdatas:
            packed = pack(rrset.type, rrset.ttl, pack_rdatas(rrset.rdatas))
        elif owner not in self.nodes:
            return
        else:
            self._uncut(owner, rrset.type)
        node = merged(self.nodes.get(owner, b""), rrset.type, packed)
        for snapshot in self.snapshots:
            snapshot.before_change(owner, other_names=not node or owner not in self.nodes)
        if node or owner in self._children or owner == self.origin:
            self._store(owner, node)
        else:
            self._drop(owner)
        if packed:
            self._note(owner, rrset.type)

    def load(self, rows: Iterable[Row]) -> None:
        """Add RRsets in bulk; may be called repeatedly with chunks.

        Not checked: every owner name must be lower-case wire form inside the zone. A row of one
        record directly below the apex, the usual case, costs about 0.7 us.
        """
        nodes = self.nodes
        origin = self.origin
        heads: dict[tuple[int, int, int], bytes] = {}
        for owner, rtype, ttl, packed in rows:
            size = len(packed)
            if packed[0] << 8 | packed[1] == size - 2:
                # One record: packed rdatas are RDLENGTH and RDATA as on the wire, and all octets
                # before them are the same for records of equal type, TTL and size.
                head = heads.get((rtype, ttl, size))
                if head is None:
                    record = QUESTION + RECORD.pack(rtype, IN, ttl)
                    head = RRSET.pack(rtype, 1, len(record) + size) + record
                    heads[rtype, ttl, size] = head
                packed = head + packed
            else:
                packed = pack(rtype, ttl, packed)
            if owner not in nodes:
                nodes[owner] = packed
                if owner[1 + owner[0] :] != origin:
                    self._hang(owner)
            else:
                nodes[owner] = merged(nodes[owner], rtype, packed)
            if rtype in _NOTED:
                self._note(owner, rtype)

    def may_be_cut(self, name: bytes) -> bool:
        """Return whether a zone cut or DNAME is at a name of the zone or above it."""
        while name not in self.cuts:
            if name == self.origin:
                return False
            name = name[1 + name[0] :]
        return True

    def rrset(self, owner: bytes, rtype: int) -> RRset | None:
        """Return the RRset of that owner and type, even if it is occluded."""
        packed = pick(self.nodes.get(owner, b""), rtype)
        return unpack(owner, packed) if packed else None

    def rrsets(self) -> Iterator[RRset]:
        """Iterate over all RRsets, grouped by owner and in ascending order of type."""
        for owner, node in self.nodes.items():
            for packed in split(node):
                yield unpack(owner, packed)

    @property
    def serial(self) -> int:
        """The serial of the SOA.

        :raises LookupError: if the zone has no SOA.
        """
        return soa_serial(self._soa().rdatas[0])

    def set_serial(self, serial: int) -> None:
        """Replace the serial of the SOA.

        :raises LookupError: if the zone has no SOA.
        """
        soa = self._soa()
        self.put(RRset(self.origin, SOA, soa.ttl, (soa_with_serial(soa.rdatas[0], serial),)))

    def _soa(self) -> RRset:
        soa = self.rrset(self.origin, SOA)
        if soa is None:
            raise LookupError(f"the zone {self.origin!r} has no SOA")
        return soa

    def _note(self, owner: bytes, rtype: int) -> None:
        """Update :attr:`cuts` and :attr:`negative` after an RRset was stored."""
        if rtype == DNAME or (rtype == NS and owner != self.origin):
            self.cuts.add(owner)
        elif rtype == SOA and owner == self.origin:
            soa = self._soa()
            rdata = soa.rdatas[0]
            # The TTL of the SOA in a negative answer is the lesser of its own TTL and MINIMUM, the
            # last of its numbers (RFC 2308 3, 5).
            ttl = min(soa.ttl, int.from_bytes(rdata[-4:], "big"))
            self.negative = RECORD.pack(SOA, IN, ttl) + pack_rdatas((rdata,))

    def _uncut(self, owner: bytes, rtype: int) -> None:
        """Update :attr:`cuts` and :attr:`negative` before an RRset is removed."""
        if rtype in (NS, DNAME) and owner in self.cuts:
            other = DNAME if rtype == NS else NS
            if not pick(self.nodes[owner], other) or (other == NS and owner == self.origin):
                self.cuts.discard(owner)
        elif rtype == SOA and owner == self.origin:
            self.negative = None

    def _store(self, owner: bytes, node: bytes) -> None:
        new = owner not in self.nodes
        self.nodes[owner] = node
        if new:
            self._hang(owner)

    def _hang(self, owner: bytes) -> None:
        """Count a new node at its parent; create missing empty non-terminals above it."""
        parent = owner[1 + owner[0] :]
        while parent != self.origin:
            self._children[parent] = self._children.get(parent, 0) + 1
            if parent in self.nodes:
                return
            self.nodes[parent] = b""
            parent = parent[1 + parent[0] :]

    def _drop(self, owner: bytes) -> None:
        """Delete a node without RRsets or children, and ancestors that are left the same."""
        while True:
            del self.nodes[owner]
            owner = owner[1 + owner[0] :]
            if owner == self.origin:
                return
            self._children[owner] -= 1
            if self._children[owner]:
                return
            del self._children[owner]
            if self.nodes[owner]:
                return


_NOTED = frozenset((NS, SOA, DNAME))


class Zones:
    """All zones that this server is authoritative for, by origin.

    ``awaited`` are the origins of those that are being loaded, or could not be; ``depth`` is the
    largest number of labels of an origin.
    """

    __slots__ = ("awaited", "depth", "origins")

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        self.origins: dict[bytes, Zone] = {}
        self.awaited: set[bytes] = set()
        self.depth = 0
        for zone in zones:
            self.add(zone)

    def __iter__(self) -> Iterator[Zone]:
        return iter(self.origins.values())

    def __len__(self) -> int:
        return len(self.origins)

    def add(self, zone: Zone) -> None:
        """Add a zone, or replace the one with the same origin."""
        self.origins[zone.origin] = zone
        self.depth = max(self.depth, zone.labels)

    def remove(self, origin: bytes) -> None:
        """Remove a zone, if it exists."""
        if self.origins.pop(origin, None) is not None:
            self.depth = max((zone.labels for zone in self), default=0)

    def get(self, origin: bytes) -> Zone | None:
        """Return the zone with exactly that origin."""
        return self.origins.get(origin)

    def find(self, name: bytes) -> Zone | None:
        """Return the zone nearest to a name, at or above it (RFC 1034 4.3.2, step 2)."""
        return self.nearest(name, label_starts(name))

    def nearest(self, name: bytes, starts: list[int], rtype: int = 0) -> Zone | None:
        """Like :meth:`find`, with known label starts, for a query of type *rtype*.

        DS belongs to the parent zone, so a query for it is answered from there if we serve the
        parent as well (RFC 4035 3.1.4.1).
        """
        apex = None
        # No origin has more than depth labels, so longer suffixes need not be tried.
        for start in starts[max(0, len(starts) - self.depth) :]:
            zone = self.origins.get(name[start:])
            if zone is not None:
                if start or rtype != DS:
                    return zone
                apex = zone
        return self.origins.get(ROOT) or apex

    def awaits(self, name: bytes, starts: list[int]) -> bool:
        """Return whether a name may be in a zone that is awaited; *starts* are its label starts."""
        if not self.awaited:
            return False
        return ROOT in self.awaited or any(name[start:] in self.awaited for start in starts)
