"""The hops of X-Forwarded-For and Forwarded, read from the end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.net.proxy.forwarded import forwarded, x_forwarded_for


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1, 192.0.2.2 ,\t192.0.2.3", ["192.0.2.3", "192.0.2.2", "192.0.2.1"]),
        ("192.0.2.1:4711", ["192.0.2.1"]),
        ("2001:DB8::0:1", ["2001:db8::1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("[2001:db8::1]:4711", ["2001:db8::1"]),
        ('"[2001:db8::1]:4711"', ["2001:db8::1"]),
        ("::ffff:192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1,unknown", [None]),
        ("192.0.2.1,_hidden", [None]),
        ("192.0.2.1,", [None]),
        ("192.0.2.1,,192.0.2.2", ["192.0.2.2", None]),
        ("192.0.2.1, unix:", [None]),
        ("192.0.2.1 192.0.2.2", [None]),
        ("192.0.2.1:", [None]),
        ("192.0.2.1:x", [None]),
        ("192.0.2.1:999999", [None]),
        ("192.0.2.010", [None]),
        ("192.0.2.256", [None]),
        ("192.0.2", [None]),
        ("0x7f000001", [None]),
        ("fe80::1%eth0", [None]),
        ("[2001:db8::1", [None]),
        ("2001:db8::1]", [None]),
        ("1:2:3:4:5:6:7:8:9", [None]),
        ('"192.0.2.1', [None]),
        ('"', [None]),
        ("", [None]),
        ("192.0.2.1" + "0" * 70, [None]),
        ("١٩٢.0.2.1", [None]),
    ],
)
def test_x_forwarded_for(value: str, hops: list[str | None]) -> None:
    assert list(x_forwarded_for(value)) == hops


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        # The examples of RFC 7239 4 and 7.1.
        ('for="_gazonk"', [None]),
        ('For="[2001:db8:cafe::17]:4711"', ["2001:db8:cafe::17"]),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60"]),
        ("for=192.0.2.43, for=198.51.100.17", ["198.51.100.17", "192.0.2.43"]),
        ('for=192.0.2.43, for="[2001:db8:cafe::17]"', ["2001:db8:cafe::17", "192.0.2.43"]),
        ("for=192.0.2.43,for=unknown", [None]),
        ("for=_hidden, for=_SEVKISEK", [None]),
        # And others.
        ('for="192.0.2.43:47011"', ["192.0.2.43"]),
        ('for="192.0.2.43:_obfuscated"', ["192.0.2.43"]),
        ("FOR=192.0.2.43", ["192.0.2.43"]),
        ("proto=http ; for=192.0.2.43 ;", ["192.0.2.43"]),
        ('host="a,for=192.0.2.66";for=192.0.2.1', ["192.0.2.1"]),
        ('for=192.0.2.1;host="a,for=192.0.2.66"', ["192.0.2.1"]),
        ('for=192.0.2.1;host="a\\", for=192.0.2.66"', ["192.0.2.1"]),
        ('for=192.0.2.1;host="\\\\"', ["192.0.2.1"]),
        ("for=[2001:db8::1]:80", ["2001:db8::1"]),
        ("for=192.0.2.1;by=unknown", ["192.0.2.1"]),
        ("for=192.0.2.66,proto=https", [None]),
        ("for=192.0.2.66,", [None]),
        ("for=192.0.2.66, ,for=192.0.2.1", ["192.0.2.1", None]),
        ("for=192.0.2.1;for=192.0.2.2", [None]),
        ("for=192.0.2.1;for", [None]),
        ("for=192.0.2.1;=x", [None]),
        ("for = 192.0.2.1", [None]),
        ("for=192.0.2.1 192.0.2.2", [None]),
        ('for="192.0.2.1', [None]),
        ('for=192.0.2.1"', [None]),
        ('for=x"192.0.2.1"', [None]),
        ('"192.0.2.1"', [None]),
        ('"', [None]),
        ("for=", [None]),
        ("for", [None]),
        ("", [None]),
        (";", [None]),
        ("192.0.2.1", [None]),
    ],
)
def test_forwarded(value: str, hops: list[str | None]) -> None:
    assert list(forwarded(value)) == hops


@given(st.text(st.sampled_from('for=192.0.2.1:[]";,\\ \t_by')))
def test_anything_ends(value: str) -> None:
    for read in (x_forwarded_for, forwarded):
        hops = list(read(value))
        assert None not in hops[:-1]
        assert len(hops) <= value.count(",") + 1


@pytest.mark.parametrize(
    "part", [",", "1.1.1.1,", "for=1.1.1.1,", ";", '"', '\\"', '="\\"', "[", "1", ".", ":", "x=;"]
)
def test_no_header_costs_much(part: str) -> None:
    """It may be 16 KiB long."""
    value = part * (16384 // len(part))
    began = time.process_time()
    for read in (x_forwarded_for, forwarded):
        for end in (value, value + '"', value + ",for=1.1.1.1", value + ';for="1.1.1.1"'):
            list(read(end))
    assert time.process_time() - began < 1.0
