"""The header of the PROXY protocol: what is taken, what is refused, and how soon."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.records import address_from_text
from ddns.net.proxy.header import MAX_HEADER, MAX_LINE, BadHeader, ProxyHeader, read
from tests.net.proxy_headers import SIGNATURE, version_1, version_2

V4 = socket.inet_aton("198.51.100.7") + socket.inet_aton("192.0.2.1") + struct.pack("!2H", 1, 2)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") * 2 + struct.pack("!2H", 1, 2)
UNIX = b"/some/socket".ljust(108, b"\x00") * 2
LONGEST = b"PROXY UNKNOWN " + b"f" * (MAX_LINE - 16) + b"\r\n"

GOOD = [
    (version_1("198.51.100.7"), "198.51.100.7"),
    (version_1("2001:db8::7"), "2001:db8::7"),
    (b"PROXY TCP4 198.51.100.7 192.0.2.1 0 65535\r\n", "198.51.100.7"),
    (b"PROXY TCP6 ::ffff:198.51.100.7 ::ffff:192.0.2.1 1 2\r\n", "198.51.100.7"),
    (b"PROXY TCP6 2001:DB8:0::7 ::1 1 2\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN 198.51.100.7 192.0.2.1 1 2\r\n", None),
    (b"PROXY UNKNOWN \x00\xff\r or else\r\n", None),
    (LONGEST, None),
    (version_2("198.51.100.7"), "198.51.100.7"),
    (version_2("2001:db8::7"), "2001:db8::7"),
    (version_2("::ffff:198.51.100.7"), "198.51.100.7"),
    (SIGNATURE + b"\x21\x12\x00\x0c" + V4, "198.51.100.7"),
    (SIGNATURE + b"\x21\x22\x00\x24" + V6, "2001:db8::7"),
    (SIGNATURE + b"\x21\x11\x00\x14" + V4 + b"\x04\x00\x05hello", "198.51.100.7"),  # a TLV
    (SIGNATURE + b"\x21\x11\x00\x0e" + V4 + b"\xff\xff", "198.51.100.7"),  # and half of one
    (SIGNATURE + b"\x21\x31\x00\xd8" + UNIX, None),
    (SIGNATURE + b"\x21\x32\x00\xd8" + UNIX, None),
    (SIGNATURE + b"\x21\x00\x00\x00", None),
    (SIGNATURE + b"\x21\x00\x00\x03abc", None),
    (SIGNATURE + b"\x20\x00\x00\x00", None),
    (SIGNATURE + b"\x20\x11\x00\x0c" + V4, None),  # LOCAL: its addresses are to be ignored
    (SIGNATURE + b"\x20\xff\x00\x00", None),
    (SIGNATURE + b"\x21\x11\x0f\xf0" + V4 + bytes(MAX_HEADER - 28), "198.51.100.7"),
]
BAD = [
    b"GET / HTTP/1.1\r\n",
    b"x",
    b"\n",
    b"\r\r",
    b"PROXX",
    b"proxy TCP4",
    b"PROXY\r\n",
    b"PROXY \r\n",
    b"PROXY  TCP4 198.51.100.7 192.0.2.1 1 2\r\n",
    b"PROXY TCP5 198.51.100.7 192.0.2.1 1 2\r\n",
    b"PROXY UDP4 198.51.100.7 192.0.2.1 1 2\r\n",
    b"PROXY UNKNOWNX\r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP4 198.51.100.7\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 1\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 1 2 3\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 1 2 \r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 1 65536\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 99999 2\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 -1 2\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 01 2\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 x 2\r\n",
    b"PROXY TCP4 198.51.100.007 192.0.2.1 1 2\r\n",
    b"PROXY TCP4 198.51.100.256 192.0.2.1 1 2\r\n",
    b"PROXY TCP4 2001:db8::7 192.0.2.1 1 2\r\n",
    b"PROXY TCP6 198.51.100.7 ::1 1 2\r\n",
    b"PROXY TCP6 2001:db8::g ::1 1 2\r\n",
    b"PROXY TCP6 2001:db8::7%eth0 ::1 1 2\r\n",
    b"PROXY TCP6 [2001:db8::7] ::1 1 2\r\n",
    b"PROXY TCP4 \xff\xfe 192.0.2.1 1 2\r\n",
    b"PROXY TCP4 <b> 192.0.2.1 1 2\r\n",
    b"PROXY TCP4 198.51.100.7 192.0.2.1 1 2\n\r\n",
    b"PROXY " + b"x" * 101,
    b"PROXY UNKNOWN " + b"f" * 93,
    b"PROXY UNKNOWN " + b"f" * (MAX_LINE - 15) + b"\r\n",
    SIGNATURE + b"\x11\x11\x00\x0c" + V4,  # version 1
    SIGNATURE + b"\x31\x11\x00\x0c" + V4,  # version 3
    SIGNATURE + b"\x22\x11\x00\x0c" + V4,  # no such command
    SIGNATURE + b"\x21\x01\x00\x0c" + V4,
    SIGNATURE + b"\x21\x10\x00\x0c" + V4,
    SIGNATURE + b"\x21\x13\x00\x0c" + V4,
    SIGNATURE + b"\x21\x41\x00\x0c" + V4,
    SIGNATURE + b"\x21\x11\x00\x0b" + V4,
    SIGNATURE + b"\x21\x21\x00\x23" + V6,
    SIGNATURE + b"\x21\x31\x00\xd7" + UNIX,
    SIGNATURE + b"\x21\x11\x00\x00",
    SIGNATURE + b"\x21\x11\x0f\xf1",
    SIGNATURE + b"\x20\x00\xff\xff",
]


@pytest.mark.parametrize(("header", "client"), GOOD)
def test_good_ones_in_any_pieces(header: bytes, client: str | None) -> None:
    for end in range(len(header)):
        assert read(header[:end]) is None
    expected = ProxyHeader(client, len(header))
    assert read(header) == read(header + b"PROXY TCP4 GET /\r\n\r\n") == expected


@pytest.mark.parametrize("header", BAD)
def test_bad_ones(header: bytes) -> None:
    with pytest.raises(BadHeader):
        read(header)


@pytest.mark.parametrize("begin", [b"", b"PROXY ", b"PROXY UNKNOWN ", SIGNATURE])
@given(rest=st.binary(max_size=300))
def test_any_octets(begin: bytes, rest: bytes) -> None:
    """A header that is not there yet never becomes longer than the longest, and none is refused
    that could still have become a good one."""
    data = begin + rest
    try:
        found = read(data)
    except BadHeader:
        with pytest.raises(BadHeader):
            read(data + b"\r\n")
        return
    if found is None:
        assert len(data) < (MAX_LINE if data[:1] == b"P" else MAX_HEADER)
    else:
        assert 0 < found.size <= len(data)
        assert read(data[: found.size]) == found


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_any_address(address: object) -> None:
    text = str(address).partition("%")[0]
    for header in (version_1(text), version_2(text)):
        found = read(header)
        assert found is not None
        assert address_from_text(found.client or "") == address_from_text(text)
