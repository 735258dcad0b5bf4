"""Master files (RFC 1035 5) to rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.name

from ddns.cli.masterfile_reader import BadMasterFile, Reader
from ddns.cli.masterfile_text import Files
from ddns.model import names, presentation, records
from ddns.model.records import CNAME, NS, SOA
from ddns.model.rows import Row
from ddns.policy import rrset_rules

Place = tuple[str, int]
"""File and line."""


@dataclass(frozen=True, slots=True)
class MasterFile:
    """A zone read from a master file.

    ``rows`` are in the order of owners. ``ignored`` counts RRsets outside the zone, left out of it.
    ``warnings`` say what is amiss, though it does not keep the zone from being served.
    """

    origin: bytes
    serial: int
    rows: list[Row]
    ignored: int
    warnings: list[str]


def read(
    path: str | Path,
    progress: Callable[[int], None] = lambda octets: None,
    *,
    origin: bytes | None = None,
    folders: Sequence[str | Path] = (),
) -> MasterFile:
    """Read a master file.

    :param progress: called with the number of octets that have been read since the last call.
    :param origin: the zone's origin, and so that of the file until it says otherwise; without it
        the owner of the SOA is the origin.
    :param folders: where included files may be, beside and below the file's own folder.
    :raises BadMasterFile: when it is not a zone.
    """
    collected = _Collected(origin)
    apex = None if origin is None else dns.name.from_wire(origin, 0)[0]
    try:
        reader = Reader(Files(path, folders, progress), collected.add, apex)
        reader.read(path, open(path, "rb"))  # noqa: SIM115  (the reader closes it)
    except OSError as error:
        raise BadMasterFile(f"{error.filename or path}: {error.strerror}") from error
    return collected.zone(path)


class _Collected:
    """Records of a zone. *origin* is None until there is an SOA."""

    def __init__(self, origin: bytes | None) -> None:
        self._origin = origin
        self._names: dict[dns.name.Name, bytes] = {}
        self._rrsets: dict[tuple[bytes, int], tuple[int, dict[bytes, None]]] = {}
        self._singletons: dict[tuple[bytes, int], Place] = {}

    def add(self, name: dns.name.Name, number: int, ttl: int, rdata: bytes, place: Place) -> None:
        owner = self._names.get(name)
        if owner is None:
            owner = self._names[name] = name.to_digestable()
        if number == SOA and owner != (self._origin or owner):
            apex = names.to_text(self._origin or owner)
            raise dns.exception.SyntaxError(f"an SOA of {names.to_text(owner)} in zone {apex}")
        if number in rrset_rules.SINGLETON_TYPES:
            self._singletons[owner, number] = place
            if number == SOA:
                self._origin = owner
        known_ttl, rdatas = self._rrsets.setdefault((owner, number), (ttl, {}))
        rdatas[rdata] = None
        if ttl < known_ttl:  # RFC 2181 5.2: they must not differ
            self._rrsets[owner, number] = (ttl, rdatas)

    def zone(self, path: str | Path) -> MasterFile:
        """Check the records as a whole and return them as a zone.

        :raises BadMasterFile: when they are not one.
        """
        origin = self._origin
        if origin is None or (origin, SOA) not in self._rrsets:
            raise BadMasterFile(f"{path}: there is no SOA record")
        inside = {
            (owner, number): (ttl, presentation.distinct(number, tuple(rdatas)))
            for (owner, number), (ttl, rdatas) in self._rrsets.items()
            if names.is_subdomain(owner, origin)
        }
        types: dict[bytes, set[int]] = {}
        for owner, number in inside:
            if (owner, CNAME) in inside:
                types.setdefault(owner, set()).add(number)
        for (owner, number), (file, line) in self._singletons.items():
            wrong, shown = "", names.to_text(owner)
            if rrset_rules.has_too_many(number, len(inside.get((owner, number), (0, ()))[1])):
                wrong = f"several {records.type_to_text(number)} records at {shown}"
            elif number == CNAME and rrset_rules.has_cname_and_other_data(types.get(owner, ())):
                wrong = f"{shown} is an alias and has other records"
            if wrong:
                raise BadMasterFile(f"{file}:{line}: {wrong}")
        rows = sorted(
            (owner, number, ttl, records.pack_rdatas(rdatas))
            for (owner, number), (ttl, rdatas) in inside.items()
        )
        warnings = []
        if (origin, NS) not in inside:
            warnings.append(f"zone {names.to_text(origin)} has no NS records of its own")
        (soa,) = inside[origin, SOA][1]
        serial = records.soa_serial(soa)
        return MasterFile(origin, serial, rows, len(self._rrsets) - len(inside), warnings)
