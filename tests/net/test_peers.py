"""How the other end of a connection is written."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from ddns.net import peers


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (IPv4Address("TCP", "192.0.2.77", 4000), "192.0.2.77"),
        (IPv6Address("TCP", "2001:DB8::77", 4000), "2001:db8::77"),
        (IPv6Address("TCP", "::ffff:192.0.2.77", 4000), "192.0.2.77"),
        (IPv6Address("TCP", "fe80::1%eth0", 4000), "fe80::1"),
        (UNIXAddress(b"/socket"), "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_addresses(address: IAddress | None, text: str) -> None:
    assert peers.text_of(address) == text
