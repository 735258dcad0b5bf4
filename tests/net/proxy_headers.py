"""Headers of the PROXY protocol, as proxies send them."""

from __future__ import annotations

import socket
import struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
"""What HAProxy's looks whether a server is alive begin with."""


def version_1(client: str) -> bytes:
    """That of a client at this address."""
    kind, server = ("TCP6", "2001:db8::1") if ":" in client else ("TCP4", "192.0.2.1")
    return f"PROXY {kind} {client} {server} 4711 443\r\n".encode()


def version_2(client: str, rest: bytes = b"") -> bytes:
    """The same in octets, with further fields."""
    if ":" in client:
        family = b"\x21"
        addresses = socket.inet_pton(socket.AF_INET6, client) + bytes(16)
    else:
        family = b"\x11"
        addresses = socket.inet_aton(client) + bytes(4)
    body = addresses + struct.pack("!2H", 4711, 443) + rest
    return SIGNATURE + b"\x21" + family + struct.pack("!H", len(body)) + body
