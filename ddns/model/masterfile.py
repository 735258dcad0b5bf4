"""Text of master files (RFC 1035 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ddns.model import names, records
from ddns.model.rows import Row


def write(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a master file, with absolute names, in the order of *rows* (SOA first)."""
    for owner, number, ttl, packed in rows:
        name = names.to_text(owner)
        absolute = name if name == "." else f"{name}."
        kind = records.type_to_text(number)
        for rdata in records.unpack_rdatas(packed):
            yield f"{absolute}\t{ttl}\tIN\t{kind}\t{records.rdata_to_text(number, rdata)}"
