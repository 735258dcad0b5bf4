"""Tables of the fast path: the octets that identify common queries, and the fixed parts of replies.

They are computed once, and :class:`ddns.zone.engine.Engine` looks queries up in them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ddns.model.names import MAX_WIRE
from ddns.model.records import DS, HTTPS, IN, MX, NS, OPT, SRV, SVCB
from ddns.zone.cookies import CLIENT, SERVER
from ddns.zone.message import AA, NOERROR, NXDOMAIN, QR, TC, UDP_PLAIN
from ddns.zone.packing import cookie_option, opt_record
from ddns.zone.zone import Zones

if TYPE_CHECKING:
    from ddns.zone.compiled import FastPath

TYPES = frozenset(
    struct.pack("!H", rtype) for rtype in (*range(1, 128), 256, 257) if rtype not in (DS, OPT)
)
"""Query types without special look-up rules."""

ACCOMPANIED = frozenset(struct.pack("!H", rtype) for rtype in (NS, MX, SRV, SVCB, HTTPS))
"""Types of these that cause additional section processing."""

POINTERS = [struct.pack("!H", 0xC000 | at) for at in range(12 + MAX_WIRE + 1)]
"""Compression pointers by offset, for all offsets in the question."""

# Payload sizes that resolvers announce. Others take the full path.
_SIZES = (512, 1024, 1200, 1220, 1232, 1280, 1352, 1400, 1410, 1432, 1440, 1452, 1460, 1472, 1480)
_LARGE_SIZES = (1500, 2048, 3072, 4000, 4096, 8192, 16384, 32768, 65494, 65535)

Tails = dict[bytes, tuple[int, bytes, bool]]
"""By a query's class and OPT: octets available for header, name and answer (the limit without
type, class and our OPT), our OPT, and whether the client is exempt from rate limiting."""

CookieTails = dict[bytes, tuple[int, int, bytes]]
"""By class and OPT up to the client cookie: octets of the whole tail, octets available as above,
and our OPT up to the client cookie."""

COOKIE_AT = 17
"""Offset of the client cookie in a tail: after the class and the headers of OPT and option (RFC
6891 6.1.2)."""

Matched = tuple[bytes, bytes, bytes, bytes, Tails, CookieTails]
"""Parts of replies: octets between id and ANCOUNT of a positive answer; between id and question of
NODATA and NXDOMAIN; between ANCOUNT and question; and the tails valid with this header."""


def compiled_fast_path(zones: Zones, payload: int) -> FastPath | None:
    """Return the fast path that was compiled when this was installed, None where it was not."""
    try:
        from ddns.zone.compiled import FastPath
    except ImportError:
        return None
    return FastPath(zones, payload)


def fast_path_headers(payload: int) -> dict[bytes, Matched]:
    """Map octets 2 to 12 of a query: one question, an OPT or none, any of RD, AD and CD."""
    bare: Tails = {struct.pack("!H", IN): (UDP_PLAIN - 4, b"", False)}
    with_opt, with_cookie = _tails(payload)
    found = {}
    for rd in (0, 0x0100):
        for ad in (0, 0x0020):
            for cd in (0, 0x0010):
                for opts, tails in enumerate(((bare, {}), (with_opt, with_cookie))):
                    flags = QR | AA | rd  # CD is not of authorities (RFC 4035 3.1.6)
                    found[struct.pack("!5H", rd | ad | cd, 1, 0, 0, opts)] = (
                        struct.pack("!2H", flags, 1),
                        struct.pack("!5H", flags, 1, 0, 1, opts),
                        struct.pack("!5H", flags | NXDOMAIN, 1, 0, 1, opts),
                        struct.pack("!2H", 0, opts),
                        *tails,
                    )
    return found


def _tails(payload: int) -> tuple[Tails, CookieTails]:
    klass = struct.pack("!H", IN)
    with_opt: Tails = {}
    with_cookie: CookieTails = {}
    new, known = bytes(CLIENT), bytes(CLIENT + SERVER)
    for size in _SIZES + _LARGE_SIZES:
        for dnssec_ok in (False, True):
            limit = max(UDP_PLAIN, min(size, payload)) - 4
            opt = opt_record(payload, NOERROR, dnssec_ok)
            with_opt[klass + opt_record(size, NOERROR, dnssec_ok)] = (limit - len(opt), opt, False)
            opt = opt_record(payload, NOERROR, dnssec_ok, cookie_option(known))
            for cookie in (new, known):
                tail = klass + opt_record(size, NOERROR, dnssec_ok, cookie_option(cookie))
                with_cookie[tail[:COOKIE_AT]] = (
                    len(tail),
                    limit - len(opt),
                    opt[: COOKIE_AT - len(klass)],
                )
    return with_opt, with_cookie


def truncated(wire: bytes, head: bytes, end: int, opt: bytes) -> bytes:
    """Return a reply of the fast path without records and with TC.

    It is no longer than the query, so as not to amplify a flood; a server cookie would make it so.
    """
    bare = opt[:9] + b"\0\0" if opt else b""  # OPT up to RDLENGTH, which is 0
    flags = (int.from_bytes(head[:2], "big") | TC).to_bytes(2, "big")
    counts = b"\0\1\0\0\0\0\0\1" if opt else b"\0\1\0\0\0\0\0\0"
    return b"".join((wire[:2], flags, counts, wire[12 : end + 4], bare))
