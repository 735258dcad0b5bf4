"""Master files that BIND reads, and what of: octets that are its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ddns.cli import masterfile
from ddns.model import names, records
from ddns.model.masterfile import write
from ddns.model.rows import Row
from tests.cli import bind

CASES = Path(__file__).parents[1] / "cases" / "masterfiles"
ZONES = sorted(path.stem for path in CASES.glob("*.zone"))


def expected(case: str) -> list[Row]:
    """The rows in ``CASE.octets``, made of what named-compilezone 9.18 writes."""
    found: dict[tuple[bytes, int], tuple[int, list[bytes]]] = {}
    for line in (CASES / f"{case}.octets").read_text().splitlines():
        owner, ttl, kind, _, _, octets = line.split()
        key = names.from_text(owner), int(kind.removeprefix("TYPE"))
        found.setdefault(key, (int(ttl), []))[1].append(bytes.fromhex(octets))
    return sorted((*key, ttl, packed(rdatas)) for key, (ttl, rdatas) in found.items())


def packed(rdatas: list[bytes] | tuple[bytes, ...]) -> bytes:
    return records.pack_rdatas(sorted(rdatas))


def read(path: Path, origin: str) -> list[Row]:
    rows = masterfile.read(path, origin=names.from_text(origin)).rows
    return [(*row[:3], packed(records.unpack_rdatas(row[3]))) for row in rows]


def origin_of(case: str) -> str:
    return "." if case == "root" else "example.net"


@pytest.mark.parametrize("case", ZONES)
def test_what_bind_reads_is_read(case: str) -> None:
    assert read(CASES / f"{case}.zone", origin_of(case)) == expected(case)


@pytest.mark.parametrize("case", [case for case in ZONES if case not in ("at_soa", "bom")])
def test_the_origin_is_the_owner_of_the_soa(case: str) -> None:
    zone = masterfile.read(CASES / f"{case}.zone")
    assert zone.origin == names.from_text(origin_of(case))
    assert [row[:3] for row in zone.rows] == [row[:3] for row in expected(case)]


@pytest.mark.parametrize("case", ZONES)
def test_what_is_written_is_what_was_read(tmp_path: Path, case: str) -> None:
    rows = masterfile.read(CASES / f"{case}.zone", origin=names.from_text(origin_of(case))).rows
    written = tmp_path / "zone"
    written.write_text("\n".join(write(rows)) + "\n")
    assert masterfile.read(written).rows == rows
    assert read(written, origin_of(case)) == expected(case)


@pytest.mark.skipif(not shutil.which("named-compilezone"), reason="BIND is not here")
@pytest.mark.parametrize("case", [case for case in ZONES if case != "bom"])
def test_these_are_the_octets_of_bind(tmp_path: Path, case: str) -> None:
    origin, ours = origin_of(case), tmp_path / "zone"
    assert bind.read(CASES / f"{case}.zone", origin, tmp_path / "raw") == expected(case)
    rows = masterfile.read(CASES / f"{case}.zone", origin=names.from_text(origin)).rows
    ours.write_text("\n".join(write(rows)) + "\n")
    assert bind.read(ours, origin, tmp_path / "raw") == expected(case)
