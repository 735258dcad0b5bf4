"""Master files (RFC 1035 5) to rows and back, by means of dnspython."""

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
    """The file is not a zone; ``str()`` is one line, with file and line number if known."""


@dataclass(frozen=True, slots=True)
class MasterFile:
    """A zone read from a master file.

    ``rows`` are in the order of owners. ``ignored`` counts RRsets outside the zone, left out of it.
    """

    origin: bytes
    serial: int
    rows: list[Row]
    ignored: int


def read(path: str | Path, progress: Callable[[int], None] = lambda octets: None) -> MasterFile:
    """Read a master file. The owner of its SOA is the origin.

    :param progress: called with the number of characters that have been read since the last call.
    :raises BadMasterFile: when it is not one.
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
    """A tokenizer that reports the line where an entry began. dnspython's own reports how far it
    has read, which often is the next line by the time an error is found."""

    _began = 1

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        if want_leading:  # the first token of an entry
            self._began = self.line_number
        return super().get(want_leading, want_comment)

    def where(self) -> tuple[str, int]:
        return self.filename, self._began


class _Counted:
    """A file that reports how much of it has been read, every 65,536 characters."""

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
    """Records of a file. dnspython's reader takes it for a transaction, and only adds to it."""

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
        """Accept everything: :meth:`zone` checks the CNAME rule at the end, once for each name."""

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
        """Check the records as a whole and return them as a zone.

        :raises BadMasterFile: when they are not one.
        """
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
    """Yield the lines of a master file, with absolute names, in the order of *rows* (SOA first)."""
    for owner, number, ttl, packed in rows:
        if owner == names.ROOT and number == SOA:
            yield "$ORIGIN ."  # the reader takes a SOA at the root for a relative name without it
        name = names.to_text(owner)
        absolute = name if name == "." else f"{name}."
        kind = records.type_to_text(number)
        for rdata in records.unpack_rdatas(packed):
            yield f"{absolute}\t{ttl}\tIN\t{kind}\t{records.rdata_to_text(number, rdata)}"
