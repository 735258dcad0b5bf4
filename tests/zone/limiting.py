"""Zones, options and engines for the tests of rate limits and cookies."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator

import dns.flags

from ddns.model.names import from_text
from ddns.model.records import A
from ddns.zone.cookies import Cookies
from ddns.zone.engine import Engine
from ddns.zone.rrl import RateLimiter
from ddns.zone.zone import Zones
from tests.zone.building import read, zone_of
from tests.zone.strategies import query

HERE = bytes((192, 0, 2, 1))
ELSEWHERE = bytes((198, 51, 100, 1))
CLIENT = b"a client"
LIMIT = 3

ZONES = Zones(
    [
        zone_of(
            "example.",
            """
@       SOA ns h 1 3600 600 86400 30
@       NS ns
ns      A 192.0.2.1
host    A 192.0.2.2
other   A 192.0.2.3
big     TXT """
            + " ".join(f'"{number:0250}"' for number in range(4))
            + """
alias   CNAME host
lost    CNAME nowhere
*.w     A 192.0.2.4
*.wc    CNAME host
d       DNAME w
cut     NS ns.cut
ns.cut  A 192.0.2.3
a.ent   TXT x
""",
        ),
        zone_of("net.", "@ SOA ns h 1 3600 600 86400 30\n@ NS ns\nhost A 192.0.2.2"),
    ]
)


def cookie_opt(cookie: bytes, size: int = 1232, more: bytes = b"") -> bytes:
    option = struct.pack("!HH", 10, len(cookie)) + cookie + more
    return struct.pack("!BHHIH", 0, 41, size, 0, len(option)) + option


# The key of the table is always the same here: whether two things meet in it is not left to chance.


def limiter(per_second: int = LIMIT, slip: int = 2, octets: int = 64_000) -> RateLimiter:
    return RateLimiter(
        lambda: 0.0, bytes, per_second=per_second, octets_per_second=octets, slip=slip
    )


def cookies(now: float = 1.7e9) -> Cookies:
    return Cookies(lambda: now, bytes, secret=b"s" * 16)


def limited(slip: int = 2) -> Engine:
    return Engine(ZONES, limiter=limiter(slip=slip), cookies=cookies())


def outcome(reply: bytes | None) -> str:
    if reply is None:
        return "nothing"
    return "TC" if read(reply).flags & dns.flags.TC else "full"


def asking(name: str, rtype: int = A) -> Iterator[bytes]:
    """One question again and again, or others where {} is a number."""
    return (query(from_text(name.format(number)), rtype) for number in itertools.count())


def outcomes(engine: Engine, questions: Iterator[bytes], times: int) -> list[str]:
    return [
        outcome(engine.respond(wire, HERE, False)) for wire in itertools.islice(questions, times)
    ]
