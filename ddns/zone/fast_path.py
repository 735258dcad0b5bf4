"""Plain questions: the octets by which they are known, and what their replies begin and end with.

These tables are made once; :class:`ddns.zone.engine.Engine` looks queries up in them.
"""

from __future__ import annotations

import struct

from ddns.model.names import MAX_WIRE
from ddns.model.records import DS, IN, MX, NS, OPT, SRV
from ddns.zone.cookies import CLIENT, SERVER
from ddns.zone.message import AA, NOERROR, NXDOMAIN, QR, UDP_PLAIN
from ddns.zone.packing import cookie_option, opt_record

TYPES = frozenset(
    struct.pack("!H", rtype) for rtype in (*range(1, 128), 256, 257) if rtype not in (DS, OPT)
)
"""Types without a rule of their own about where they are looked for."""

ACCOMPANIED = frozenset(struct.pack("!H", rtype) for rtype in (NS, MX, SRV))
"""Those of them that bring addresses along in the additional section, where they are found."""

POINTERS = [struct.pack("!H", 0xC000 | at) for at in range(12 + MAX_WIRE + 1)]
"""Compression pointers to the question's octets."""

# Sizes that resolvers announce. A size that is not here only takes the long way.
_SIZES = (512, 1024, 1200, 1220, 1232, 1280, 1352, 1400, 1410, 1432, 1440, 1452, 1460, 1472, 1480)
_LARGE_SIZES = (1500, 2048, 3072, 4000, 4096, 8192, 16384, 32768, 65494, 65535)

Tails = dict[bytes, tuple[int, bytes, bool]]
"""From a query's class and OPT to the room that header, name and answer have together (the limit
less type, class and our OPT, in octets), to our OPT, and to whether no rate is for the client."""

CookieTails = dict[bytes, tuple[int, int, bytes]]
"""From class and OPT as far as the client's cookie to the octets of the whole tail, to the room as
above, and to our OPT as far as the client's cookie."""

COOKIE_AT = 17
"""Where the client's cookie stands in a tail that has one: behind the class and the OPT's and the
option's heads (RFC 6891 6.1.2)."""

Plain = tuple[bytes, bytes, bytes, bytes, Tails, CookieTails]
"""For a query's header: what stands in the reply between id and ANCOUNT; between id and question
for NODATA and NXDOMAIN; between ANCOUNT and question; and the tails that go with that header."""


def fast_path_headers(payload: int) -> dict[bytes, Plain]:
    """Octets 2 to 12 of plain queries: one question, no answers, an OPT or none, any RD, AD, CD."""
    bare: Tails = {struct.pack("!H", IN): (UDP_PLAIN - 4, b"", False)}
    with_opt, with_cookie = _tails(payload)
    found = {}
    for rd in (0, 0x0100):
        for ad in (0, 0x0020):
            for cd in (0, 0x0010):
                for opts, tails in enumerate(((bare, {}), (with_opt, with_cookie))):
                    flags = QR | AA | rd | cd
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
