"""Rows: what was packed reads back, and nothing else gets through."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.records import MAX_TTL, pack_rdatas, unpack_rdatas
from ddns.model.rows import BadRows, pack_rows, unpack_rows
from tests.model.strategies import wire_names

rows = st.tuples(
    wire_names,
    st.integers(0, 65535),
    st.integers(0, MAX_TTL),
    st.lists(st.binary(max_size=40), min_size=1, max_size=3).map(pack_rdatas),
)
ROW = (b"\x01a\x00", 1, 10, b"\x00\x04abcd")
GOOD = pack_rows([ROW])


@given(st.lists(rows, max_size=5))
def test_rows_read_back(given_rows: list[tuple[bytes, int, int, bytes]]) -> None:
    assert list(unpack_rows(pack_rows(given_rows))) == given_rows


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda tail: GOOD + tail)))
@example(GOOD + b"\xff")
@example(b"\x00" + bytes(10))
def test_any_octets_are_rows_or_bad_rows(octets: bytes) -> None:
    try:
        found = list(unpack_rows(octets))
    except BadRows:
        return
    assert pack_rows(found) == octets
    for owner, _, ttl, packed in found:
        assert names.is_wire_form(owner)
        assert 0 <= ttl <= MAX_TTL
        assert pack_rdatas(unpack_rdatas(packed)) == packed != b""


@given(st.integers(1, len(GOOD) - 1))
def test_rows_that_end_early(length: int) -> None:
    with pytest.raises(BadRows):
        list(unpack_rows(GOOD[:length]))


@pytest.mark.parametrize(
    "row",
    [
        (b"\x01A\x00", 1, 10, ROW[3]),
        (b"\x01a", 1, 10, ROW[3]),
        (b"\x02a\x00", 1, 10, ROW[3]),
        (b"\xc0\x0c", 1, 10, ROW[3]),
        (b"\x01a\x00", 1, 2**31, ROW[3]),
        (b"\x01a\x00", 1, 10, b""),
        (b"\x01a\x00", 1, 10, b"\x00"),
        (b"\x01a\x00", 1, 10, b"\x00\x05abcd"),
        (b"\x01a\x00", 1, 10, b"\x00\x03abcd"),
    ],
)
def test_bad_rows(row: tuple[bytes, int, int, bytes]) -> None:
    with pytest.raises(BadRows):
        list(unpack_rows(pack_rows([ROW, row])))
