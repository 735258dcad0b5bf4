"""Master files (RFC 1035 5) to rows and back, by way of dnspython."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.tokenizer
import dns.zonefile

from ddns.model import names, records
from ddns.model.records import SOA
from ddns.model.rows import Row
from ddns.policy import rrset_rules


class BadMasterFile(ValueError):
    """The file is not a zone; ``str()`` names file and line where they are known."""


@dataclass(frozen=True, slots=True)
class MasterFile:
    """A zone that was read: its origin, its serial, its rows in owner order.

    ``ignored`` counts records outside the zone, which a master file may not add to it.
    """

    origin: bytes
    serial: int
    rows: list[Row]
    ignored: int


def read(path: str | Path, progress: Callable[[int], None] = lambda octets: None) -> MasterFile:
    """Read a file; its SOA's owner is the origin. *progress* is told how much has been read.

    :raises BadMasterFile: with file and line, in one line.
    """
    collected = _Collected()
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            tokenizer = _Tokenizer(
                _Counted(file, progress),
                str(path),
                dns.name.IDNA_2008_Strict,
            )
            reader = dns.zonefile.Reader(
                tokenizer,
                dns.rdataclass.IN,
                collected,  # type: ignore[arg-type]
                allow_include=True,
            )
            collected.reader = reader
            reader.read()
    except OSError as error:
        raise BadMasterFile(f"{error.filename or path}: {error.strerror}") from error
    except (dns.exception.DNSException, ValueError, UnicodeError, RecursionError) as error:
        text = str(error) or type(error).__name__
        place = "" if text.startswith(str(path)) else f"{path}: "
        raise BadMasterFile(f"{place}{text}") from error
    try:
        return collected.zone()
    except BadMasterFile as error:
        raise BadMasterFile(f"{path}: {error}") from None


class _Tokenizer(dns.tokenizer.Tokenizer):
    """Knows where an entry began, which is the line that an error is about; the end of that line
    has often been read when it is found."""

    _began = 1

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        if want_leading:  # the first token of an entry
            self._began = self.line_number
        return super().get(want_leading, want_comment)

    def where(self) -> tuple[str, int]:
        return self.filename, self._began


class _Counted:
    """A file that tells how far it has been read, every 64 Ki characters."""

    def __init__(self, file: TextIO, progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress
        self._count = 0

    def read(self, size: int = -1) -> str:
        text = self._file.read(size)
        self._count += len(text)
        if self._count >= 65536:
            self._progress(self._count)
            self._count = 0
        return text


class _Collected:
    """What dnspython's reader takes for a transaction: it only ever adds to it."""

    def __init__(self) -> None:
        self.manager = self
        self.reader: Any = None
        self._origin_given = False
        self._names: dict[dns.name.Name, bytes] = {}
        self._rrsets: dict[tuple[bytes, int], tuple[int, dict[bytes, None]]] = {}
        self._origin: bytes | None = None

    def origin_information(self) -> tuple[dns.name.Name, bool, dns.name.Name]:
        return dns.name.root, False, dns.name.root

    def check_put_rdataset(self, check: object) -> None:
        """The rule about aliases is checked at the end, once for each name."""

    def add_unicode(self, form: str) -> None:
        pass

    def _set_origin(self, origin: dns.name.Name) -> None:
        self._origin_given = True

    def add(self, name: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata) -> None:
        owner = self._names.get(name)
        if owner is None:
            owner = self._names[name] = name.to_digestable()
        number = int(rdata.rdtype)
        if number == SOA:
            self._found_soa(owner, name)
        known_ttl, rdatas = self._rrsets.setdefault((owner, number), (ttl, {}))
        rdatas[rdata.to_wire() or b""] = None
        if ttl < known_ttl:  # RFC 2181 5.2: they must not differ
            self._rrsets[owner, number] = (ttl, rdatas)

    def _found_soa(self, owner: bytes, name: dns.name.Name) -> None:
        if self._origin not in (None, owner):
            raise dns.exception.SyntaxError("a second SOA, with another owner")
        if not self._origin_given:
            if owner == names.ROOT:
                raise dns.exception.SyntaxError(
                    "the SOA's owner is relative and there is no $ORIGIN before it"
                )
            self.reader.current_origin = name
        self._origin = owner

    def zone(self) -> MasterFile:
        """What was collected, checked as a whole."""
        origin = self._origin
        if origin is None:
            raise BadMasterFile("there is no SOA record")
        inside = {
            key: value for key, value in self._rrsets.items() if names.is_subdomain(key[0], origin)
        }
        types: dict[bytes, set[int]] = {}
        for (owner, number), (_, rdatas) in inside.items():
            types.setdefault(owner, set()).add(number)
            if rrset_rules.has_too_many(number, len(rdatas)):
                what = f"{records.type_to_text(number)} records at {names.to_text(owner)}"
                raise BadMasterFile(f"several {what}")
        for owner, numbers in types.items():
            if rrset_rules.has_cname_and_other_data(numbers):
                raise BadMasterFile(f"{names.to_text(owner)} is an alias and has other records")
        (soa,) = inside[origin, SOA][1]
        rows = sorted(
            (owner, number, ttl, records.pack_rdatas(rdatas))
            for (owner, number), (ttl, rdatas) in inside.items()
        )
        return MasterFile(origin, records.soa_serial(soa), rows, len(self._rrsets) - len(inside))


def write(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of a master file with absolute names, in the order of the rows (the SOA first)."""
    for owner, number, ttl, packed in rows:
        if owner == names.ROOT and number == SOA:
            yield "$ORIGIN ."  # without it, nobody could tell "." from a name that is relative
        name = names.to_text(owner)
        absolute = name if name == "." else f"{name}."
        kind = records.type_to_text(number)
        for rdata in records.unpack_rdatas(packed):
            yield f"{absolute}\t{ttl}\tIN\t{kind}\t{records.rdata_to_text(number, rdata)}"
