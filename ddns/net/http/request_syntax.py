"""What requests may look like, beyond what twisted.web sees to: old clients are let do what does no
harm."""

from __future__ import annotations

import re

from twisted.web.http_headers import Headers

CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header field has."""

BEGIN = frozenset(b"\r\n" + bytes(range(0x21, 0x7F)))
"""Octets that a request may begin with. One of TLS does not, and may have no end of line either."""

_UNESCAPED = re.compile(rb"[ \x80-\xff]")
# A host that may be empty, and a port (RFC 9110 7.2, RFC 3986 3.2.2).
_HOST = re.compile(rb"(\[[\w:.%~-]+\]|[\w.~!$&'()*+,;=%-]*)(:[0-9]*)?")


def escaped(line: bytes) -> bytes:
    """Return a request line with those spaces and octets of its target escaped that the client
    should have escaped: some write what people typed as it is."""
    if line.isascii() and line.count(b" ") <= 2:
        return line
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not target.startswith(b"/"):
        return line
    target = _UNESCAPED.sub(lambda found: b"%%%02X" % ord(found[0]), target)
    return b" ".join((method, target, version))


def are_unambiguous(headers: Headers) -> bool:
    """Return whether headers say once and properly, if at all, for which host a request is (old
    cameras send no Host with HTTP/1.1; a bad one is refused, RFC 9112 3.2), and once how its body
    is sent."""
    hosts = headers.getRawHeaders(b"host", (b"",))
    encodings = headers.getRawHeaders(b"transfer-encoding", ())
    return len(hosts) == 1 and len(encodings) <= 1 and bool(_HOST.fullmatch(hosts[0]))
