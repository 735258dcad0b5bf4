"""Random names, zones and questions: small alphabets, so that things meet."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import AAAA, ANY, CNAME, DNAME, DS, MX, NS, SOA, SRV, TXT, A, RRset

ORIGINS = [from_text(text) for text in ("t", "a.t", "b.a.t", "u")]
LONG = b"\x3f" + b"l" * 63

label = st.sampled_from([b"\x01a", b"\x01b", b"\x01c", b"\x01*", b"\x01*", LONG])


@st.composite
def names(draw: st.DrawFn, origins: list[bytes] = ORIGINS, deepest: int = 4) -> bytes:
    """An owner name at or below one of the origins."""
    prefix = b"".join(draw(st.lists(label, max_size=deepest)))
    name = prefix + draw(st.sampled_from(origins))
    return name if len(name) <= 255 else name[-len(name.split(LONG)[-1]) :]


targets = st.one_of(names(), names(), st.just(from_text("elsewhere.invalid")))


@st.composite
def rrsets(draw: st.DrawFn, origin: bytes) -> RRset:
    """An RRset of a zone, whether or not it makes sense there."""
    rtype = draw(
        st.sampled_from([A, A, AAAA, TXT, CNAME, CNAME, DNAME, DNAME, NS, NS, MX, SRV, DS])
    )
    owner = draw(names([origin], 3))
    number = draw(st.integers(1, 250))
    if rtype == A:
        rdatas = {bytes((10, 0, 0, number)), bytes((10, 0, 0, number // 2))}
    elif rtype == AAAA:
        rdatas = {bytes(15) + bytes((number,))}
    elif rtype == TXT:
        rdatas = {b"\x01" + bytes((number,))}
    elif rtype == DS:
        rdatas = {bytes((0, number, 8, 2)) + bytes(32)}
    elif rtype in (CNAME, DNAME):
        rdatas = {draw(targets)}
    else:
        before = {NS: b"", MX: b"\0\x0a", SRV: bytes(6)}[rtype]
        rdatas = {before + draw(targets) for _ in range(draw(st.integers(1, 2)))}
    return RRset(owner, rtype, draw(st.sampled_from([10, 3600])), tuple(sorted(rdatas)))


def soa(origin: bytes, minimum: int = 30, serial: int = 1) -> RRset:
    numbers = struct.pack("!5I", serial, 3600, 600, 86400, minimum)
    return RRset(origin, SOA, 3600, (b"\x02ns" + origin + b"\x01h" + origin + numbers,))


@st.composite
def zones(draw: st.DrawFn, origin: bytes, most: int = 8) -> list[RRset]:
    """The RRsets of a zone: SOA and NS at the apex, one RRset for each owner and type, no CNAME
    beside other data, no DNAME beside a cut. Data below cuts and DNAMEs there may well be."""
    found = {(origin, SOA): soa(origin), (origin, NS): RRset(origin, NS, 10, (b"\x02ns" + origin,))}
    for rrset in draw(st.lists(rrsets(origin), max_size=most)):
        there = {rtype for owner, rtype in found if owner == rrset.owner}
        if rrset.type in there or CNAME in there or (rrset.type == CNAME and there):
            continue
        if {rrset.type} | there >= {NS, DNAME} and rrset.owner != origin:
            continue
        found[rrset.owner, rrset.type] = rrset
    return list(found.values())


@st.composite
def servers(draw: st.DrawFn) -> dict[bytes, list[RRset]]:
    """One to all of the origins with a zone each."""
    origins = draw(st.lists(st.sampled_from(ORIGINS), min_size=1, max_size=4, unique=True))
    return {origin: draw(zones(origin)) for origin in origins}


qtypes = st.sampled_from([A, A, A, AAAA, TXT, CNAME, DNAME, NS, MX, SRV, DS, SOA, ANY, 65, 65280])


def query(name: bytes, rtype: int, opt: bytes = b"", flags: int = 0) -> bytes:
    header = struct.pack("!6H", 0xBEEF, flags, 1, 0, 0, bool(opt))
    return header + name + struct.pack("!HH", rtype, 1) + opt


def opt(size: int = 1232) -> bytes:
    return struct.pack("!BHHIH", 0, 41, size, 0, 0)
