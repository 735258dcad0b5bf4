"""Which addresses are one host's on the Internet."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.account import Addresses
from ddns.model.records import AAAA, TXT, A, RRset
from ddns.policy.addresses import allowed, is_public

NAME = names.from_text("home.example.net")

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700::1",
    "2a00:1450::1",
    "2400::",
]
OTHERS = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "172.31.0.1"),
    *("192.0.0.1", "192.0.0.9", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7"),
    *("203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "100::1"),
    *("2001::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1"),
    *("fd00::1", "fe80::1", "fec0::1", "ff02::1"),
]


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    assert is_public(packed(text))


@pytest.mark.parametrize("text", OTHERS)
def test_others(text: str) -> None:
    assert not is_public(packed(text))


@given(st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)))
def test_public_is_within_what_python_calls_global(address: bytes) -> None:
    if is_public(address):
        assert ipaddress.ip_address(address).is_global


@pytest.mark.parametrize("policy", Addresses)
def test_what_a_zone_allows(policy: Addresses) -> None:
    private = RRset(NAME, A, 10, (packed("8.8.8.8"), packed("10.0.0.1")))
    public = RRset(NAME, AAAA, 10, (packed("2606:4700::1"),))
    text = RRset(NAME, TXT, 10, (b"\x03abc",))
    gone = RRset(NAME, A, 10, ())
    assert allowed(policy, [public, text, gone])
    assert allowed(policy, [public, private]) is (policy is Addresses.ANY)
