"""What BIND reads in a master file, octet by octet."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from ddns.model import records
from ddns.model.rows import Row


def read(path: Path, origin: str, output: Path) -> list[Row]:
    """The rows that named-compilezone makes of a file; there may be a mistake in the zone."""
    subprocess.run(
        [
            *("named-compilezone", "-F", "raw", "-o", output, "-i", "none"),
            *(option for check in "kmMnrSTW" for option in (f"-{check}", "ignore")),
            *(origin, path.name),
        ],
        cwd=path.parent,
        check=True,
        capture_output=True,
    )
    raw = output.read_bytes()
    at = 24  # a header: format 2, version 1, four more numbers
    rows: list[Row] = []
    while at < len(raw):
        length, _, number, _, ttl, count = struct.unpack_from("!IHHHII", raw, at)
        rest = raw[at + 18 : at + length]
        end = 2 + int.from_bytes(rest[:2], "big")
        rdatas = records.unpack_rdatas(rest[end:])
        assert len(rdatas) == count
        rows.append((rest[2:end].lower(), number, ttl, records.pack_rdatas(sorted(rdatas))))
        at += length
    return sorted(rows)
