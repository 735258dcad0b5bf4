"""Ids of zones in paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names
from ddns.tools.powerdns.zone_ids import dotted, from_id, to_id


@pytest.mark.parametrize(
    ("origin", "name", "zone_id"),
    [
        (b"\x07example\x03net\x00", "example.net.", "example.net."),
        (b"\x00", ".", "=2E"),
        (b"\x040/25\x012\x00", "0/25.2.", "0=2F25.2."),
        (b"\x06_tcp-x\x00", "_tcp-x.", "=5Ftcp-x."),
        (b"\x03a.b\x00", r"a\.b.", "a=5C.b."),
    ],
)
def test_both_ways(origin: bytes, name: str, zone_id: str) -> None:
    assert dotted(origin) == name
    assert to_id(origin) == zone_id
    assert from_id(zone_id) == origin


@pytest.mark.parametrize("text", ["example.net", "EXAMPLE.net.", "example=2Enet=2e"])
def test_ids_as_tools_write_them(text: str) -> None:
    assert from_id(text) == b"\x07example\x03net\x00"


@pytest.mark.parametrize("text", ["", "..", "a" * 64, "a=2E=2Eb"])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(names.BadName):
        from_id(text)


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=5))
def test_any_name_comes_back(labels: list[bytes]) -> None:
    origin = b"".join(bytes((len(one),)) + one.lower() for one in labels) + b"\x00"
    assert from_id(to_id(origin)) == origin
