"""Parse the header of the PROXY protocol, versions 1 and 2, without I/O
(https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt).

A proxy sends it before a client's own octets. Neither parser nor wrapper of Twisted's own
(``twisted.protocols.haproxy`` 26.10) can be used: it refuses ``PROXY UNKNOWN`` without addresses
and headers that arrive in small pieces, accepts lines of any length and any text for an address,
raises for invalid ports, and makes the protocol before the header has said who the client is.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

from ddns.model import records

MAX_LINE = 107
"""Octets of a header of version 1 at most, its CRLF included (2.1)."""

MAX_HEADER = 4096
"""Octets of a header of version 2 at most. With addresses it has up to 232; the rest are TLVs,
which are ignored."""

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21  # the upper four bits are the version
_LENGTHS = {
    0x00: 0,  # unspecified
    0x11: 12,  # IPv4, stream
    0x12: 12,  # datagram: the client may speak QUIC to the proxy
    0x21: 36,
    0x22: 36,
    0x31: 216,  # Unix
    0x32: 216,
}
"""Octets of the addresses by family and transport (2.2)."""

_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: .*)?\r\n", re.DOTALL)  # the rest is ignored (2.1)
_LINE = re.compile(
    rb"PROXY TCP(?:4 ([0-9.]+) ([0-9.]+)|6 ([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*) ([0-9A-Fa-f:.]+))"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n"
)


class BadHeader(Exception):
    """The first octets are no header of the PROXY protocol."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A complete header of ``size`` octets.

    ``client`` is the client's address; None if the proxy names none, for its own connections
    (health checks) and for clients whose address it does not know.
    """

    client: str | None
    size: int


def read(data: bytes) -> ProxyHeader | None:
    """Parse the header at the beginning of *data*; None while it is incomplete.

    :raises BadHeader: as soon as it cannot become one.
    """
    if data[:12] == _SIGNATURE[: len(data)]:
        return _read_2(data)
    if data[:6] == b"PROXY "[: len(data)]:
        return _read_1(data)
    raise BadHeader


def _read_1(data: bytes) -> ProxyHeader | None:
    size = data.find(b"\r\n", 0, MAX_LINE) + 2
    if size < 2:
        if len(data) >= MAX_LINE:
            raise BadHeader
        return None
    if _UNKNOWN.fullmatch(data, 0, size):
        return ProxyHeader(None, size)
    found = _LINE.fullmatch(data, 0, size)
    if found is None:
        raise BadHeader
    addresses = [_address(text) for text in found.group(1, 2, 3, 4) if text]
    if max(int(found[5]), int(found[6])) > 65535 or None in addresses:
        raise BadHeader
    return ProxyHeader(addresses[0], size)


def _address(text: bytes) -> str | None:
    packed = records.address_from_text(text.decode("ascii"))
    return None if packed is None else records.address_to_text(packed)


def _read_2(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(data)
    size = _FIXED.size + length
    if command not in (_LOCAL, _PROXY) or size > MAX_HEADER:
        raise BadHeader
    if command == _PROXY and (family not in _LENGTHS or length < _LENGTHS[family]):
        raise BadHeader
    if len(data) < size:
        return None
    if command == _LOCAL or family >> 4 not in (1, 2):
        return ProxyHeader(None, size)
    octets = 4 if family >> 4 == 1 else 16
    kind = socket.AF_INET if octets == 4 else socket.AF_INET6
    text = socket.inet_ntop(kind, data[_FIXED.size : _FIXED.size + octets])
    return ProxyHeader(_address(text.encode()), size)
