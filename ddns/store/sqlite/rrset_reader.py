"""Reading of RRsets; part of a :class:`ddns.store.sqlite.reader.Reader`."""

from __future__ import annotations

import sqlite3

from zope.interface import implementer

from ddns.model import names
from ddns.model.copies import Copy
from ddns.model.records import RRset, unpack_rdatas
from ddns.store.copies import IReadingCopies
from ddns.store.paging import Page

_NO_COPY = (
    "not exists (select 1 from wildcard_copy as copy where copy.zone = rrset.zone"
    " and copy.owner = rrset.owner and copy.type = rrset.type)"
)
"""SQL condition: an RRset is no copy."""

_OF_ZONE = "zone = (select id from zone where origin = :zone)"
_BELOW = "(owner = :name or substr(owner, -length(:name)) = :name)"
_IS_CHALLENGE = " or ".join(f"instr(owner, x'{one.hex()}')" for one in names.CHALLENGES)
_COPY = (
    "select owner, type, ttl, rdatas, source from wildcard_copy"
    f" join rrset using (zone, owner, type) where {_OF_ZONE}"
)


@implementer(IReadingCopies)
class RRsetReader:
    """One connection's view of RRsets. The caller begins and ends the transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def count_rrsets(self, zone: bytes) -> int:
        of = "select count(*) from rrset where zone = (select id from zone where origin = ?)"
        return int(self.execute(of, (zone,)).fetchone()[0])

    def rrset(self, zone: bytes, owner: bytes, number: int) -> RRset | None:
        row = self.execute(
            "select ttl, rdatas from rrset where owner = ? and type = ?"
            f" and zone = (select id from zone where origin = ?) and {_NO_COPY}",
            (owner, number, zone),
        ).fetchone()
        return None if row is None else RRset(owner, number, row[0], unpack_rdatas(row[1]))

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return self._stored(zone, owner, f" and {_NO_COPY}")

    def stored_rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        """Return all RRsets of an owner name, copies among them."""
        return self._stored(zone, owner, "")

    def _stored(self, zone: bytes, owner: bytes, condition: str) -> list[RRset]:
        rows = self.execute(
            "select type, ttl, rdatas from rrset where owner = ?"
            f" and zone = (select id from zone where origin = ?){condition} order by type",
            (owner, zone),
        )
        return [RRset(owner, number, ttl, unpack_rdatas(packed)) for number, ttl, packed in rows]

    def rrsets_below(self, zone: bytes, page: Page, copies: bool = False) -> list[RRset]:
        given: dict[str, object] = {"zone": zone, "after": page.after or b"", "most": page.limit}
        parts = {f"part{number}": part for number, part in enumerate(page.parts)}
        has_parts = "".join(f" and instr(owner, :{name})" for name in parts)
        within = _OF_ZONE if copies else f"{_OF_ZONE} and {_NO_COPY}"
        rows = self.execute(
            f"select owner, type, ttl, rdatas from rrset where {within} and owner in ("
            f"select distinct owner from rrset where {within} and owner > :after"
            f" and owner != :zone{has_parts} order by owner limit :most) order by owner, type",
            given | parts,
        )
        return [
            RRset(owner, number, ttl, unpack_rdatas(packed)) for owner, number, ttl, packed in rows
        ]

    def own_rrsets(self, zone: bytes, after: tuple[bytes, int] | None, limit: int) -> list[RRset]:
        owner, number = after or (b"", -1)
        rows = self.execute(
            "select owner, type, ttl, rdatas from rrset"
            " where zone = (select id from zone where origin = ?) and (owner, type) > (?, ?)"
            f" and not of_host and {_NO_COPY} order by owner, type limit ?",
            (zone, owner, number, limit),
        )
        return [RRset(name, kind, ttl, unpack_rdatas(packed)) for name, kind, ttl, packed in rows]

    # Copies of a wildcard's RRsets ------------------------------------------------------------

    def copies(self, zone: bytes, owner: bytes) -> list[Copy]:
        return self._copies(zone, "owner = :name", owner)

    def copies_below(self, zone: bytes, name: bytes) -> list[Copy]:
        found = self._copies(zone, _BELOW, name)
        return [one for one in found if names.is_subdomain(one.rrset.owner, name)]

    def copies_of(self, zone: bytes, source: bytes) -> list[Copy]:
        return self._copies(zone, "source = :name", source)

    def _copies(self, zone: bytes, condition: str, name: bytes) -> list[Copy]:
        rows = self.execute(
            f"{_COPY} and {condition} order by owner, type", {"zone": zone, "name": name}
        )
        return [
            Copy(zone, RRset(owner, number, ttl, unpack_rdatas(packed)), source)
            for owner, number, ttl, packed, source in rows.fetchall()
        ]

    def owners_below(self, zone: bytes, name: bytes) -> list[bytes]:
        return self._owners(zone, _NO_COPY, name)

    def challenges_below(self, zone: bytes, name: bytes) -> list[bytes]:
        return self._owners(zone, f"({_IS_CHALLENGE})", name)

    def _owners(self, zone: bytes, condition: str, name: bytes) -> list[bytes]:
        rows = self.execute(
            f"select distinct owner from rrset where {_OF_ZONE} and {_BELOW} and {condition}"
            " order by owner",
            {"zone": zone, "name": name},
        )
        return [owner for (owner,) in rows.fetchall() if names.is_subdomain(owner, name)]
