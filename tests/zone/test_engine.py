"""The engine under input that nobody meant well, and replies that do not fit."""

from __future__ import annotations

import struct
import sys

import dns.flags
import dns.rcode
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import AAAA, CNAME, MX, NS, TXT, A, RRset
from ddns.zone.engine import Engine
from ddns.zone.zone import Zone, Zones
from tests.zone.building import read, records, zone_of
from tests.zone.strategies import opt, query, soa

ZONE = zone_of(
    "example.",
    """
@       SOA ns h 1 3600 600 86400 30
@       NS ns
ns      A 192.0.2.1
host    A 192.0.2.2
host    TXT "x"
a.ent   CNAME host
*.w     MX 10 host
cut     NS ns.cut
ns.cut  A 192.0.2.3
d       DNAME w
""",
)
PLAIN = zone_of("net.", "@ SOA ns h 1 3600 600 86400 30\n@ NS ns\nhost A 192.0.2.2\nb.a TXT x")
ENGINE = Engine(Zones([ZONE, PLAIN]))

GOOD = [
    query(from_text(name), rtype, extra, flags)
    for name in ("host.example", "x.w.example", "q.cut.example", "y.d.example", "host.net", "c.net")
    for rtype in (A, MX, 255)
    for extra, flags in ((b"", 0), (opt(), 0x0100), (opt(512), 0x0010))
]


def check(wire: bytes) -> None:
    """Whatever came in: silence, or a reply that is a message and says whose it is."""
    for tcp in (False, True):
        reply = ENGINE.respond(wire, b"", tcp)
        assert reply == ENGINE.respond_in_full(wire, b"", tcp)
        if len(wire) < 12 or wire[2] & 0x80:
            assert reply is None
            continue
        assert reply is not None
        assert reply[:2] == wire[:2]
        assert reply[2] & 0x80
        assert (reply[2] ^ wire[2]) & 0x78 == 0  # opcode
        known = reply[3] & 15 != dns.rcode.NOTIMP
        assert reply[2] & 1 == (wire[2] & 1 if known else 0)  # RD
        assert reply[3] & 0x10 == 0  # CD
        assert reply[3] & 0xE0 == 0  # RA, Z, AD
        assert len(reply) <= 1232
        if reply[2] >> 3 & 15 != 5:  # dnspython reads UPDATE's sections as an update
            read(reply)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=80))
def test_random_octets(wire: bytes) -> None:
    check(wire)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([0, 0x0100, 0x2000, 0x2800]), st.integers(0, 2))
def test_random_octets_behind_a_plain_header(rest: bytes, flags: int, additional: int) -> None:
    check(struct.pack("!6H", 1, flags, 1, 0, 0, additional) + rest)


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(2, 60), st.integers(0, 255)), max_size=3),
    st.integers(0, 60),
    st.binary(max_size=4),
)
@example(GOOD[0], [], 60, b"\0")
def test_good_questions_gone_bad(
    wire: bytes, flips: list[tuple[int, int]], cut: int, tail: bytes
) -> None:
    changed = bytearray(wire)
    for at, octet in flips:
        if at < len(changed):
            changed[at] = octet
    check(bytes(changed[:cut]) + bytes(changed[cut:])[: len(wire) - cut - len(tail)] + tail)
    check(bytes(changed[:cut]))


def test_every_truncation_of_a_question() -> None:
    for wire in GOOD:
        for end in range(len(wire)):
            reply = ENGINE.respond(wire[:end], b"", False)
            assert (reply is None) == (end < 12)
            if reply is not None:
                assert read(reply).rcode() == dns.rcode.FORMERR


@pytest.mark.parametrize(
    "wire",
    [
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a" * 32000,
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a" * 32000 + b"\0\0\1\0\1",
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xff" * 65000 + b"\0\0\1\0\1",
        query(from_text("host.net"), A)[:10]
        + b"\x17\x70"
        + b"\4host\3net\0\0\1\0\1"
        + b"\0" * 65000,
        query(from_text("host.net"), A, opt())[:-2] + b"\xff\x00" + b"\0\3\0\0" * 16320,
    ],
    ids=["no end", "long name", "no labels", "6000 records", "16320 options"],
)
def test_what_fills_a_tcp_message_is_not_walked(wire: bytes) -> None:
    """Its octets may be copied, but the number of steps in Python must not grow with them."""
    steps = 0

    def count(frame: object, event: str, arg: object) -> object:
        nonlocal steps
        steps += 1
        return count

    sys.settrace(count)
    try:
        ENGINE.respond(wire, b"", True)
    finally:
        sys.settrace(None)
    assert 0 < steps < 3000


def zone_with(*rrsets: RRset) -> Engine:
    zone = Zone(b"\x01t\0")
    for rrset in (soa(b"\x01t\0"), *rrsets):
        zone.put(rrset)
    return Engine(Zones([zone]))


def txt(number: int, size: int) -> bytes:
    """TXT rdata of about that many octets, different for each number."""
    text = b"%05d" % number + b"x" * max(0, size - 5)
    return b"".join(
        bytes((len(text[at : at + 255]),)) + text[at : at + 255] for at in range(0, len(text), 255)
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=12),
    st.integers(0, 4),
    st.sampled_from([None, 0, 512, 700, 1232, 4096]),
    st.booleans(),
)
def test_truncation(sizes: list[int], hops: int, size: int | None, tcp: bool) -> None:
    """Aliases and an RRset of 0 to 5 KB: whole RRsets in order, TC exactly where one is missing."""
    origin = b"\x01t\0"
    owners = [b"\x02c%d" % n + origin for n in range(hops + 1)]
    chain = [RRset(owners[n], CNAME, 10, (owners[n + 1],)) for n in range(hops)]
    last = RRset(owners[-1], TXT, 10, tuple(txt(n, size) for n, size in enumerate(sizes)))
    engine = zone_with(*chain, last)
    wire = query(owners[0], TXT, b"" if size is None else opt(size))
    reply = engine.respond(wire, b"", tcp)
    assert reply is not None
    assert reply == engine.respond_in_full(wire, b"", tcp)
    limit = 65535 if tcp else max(512, min(size or 0, 1232))
    assert len(reply) <= limit
    message = read(reply)
    got = records(message.answer)
    assert len(got) == len(message.answer)
    counts = [1] * hops + [len(sizes)]
    whole = [sum(counts[:n]) for n in range(len(counts) + 1)]
    assert len(got) in whole
    assert bool(message.flags & dns.flags.TC) == (len(got) != whole[-1])
    # What is missing would really not have fitted: put its records behind what is there.
    missing = [*chain, last][whole.index(len(got)) :]
    if missing:
        rest = sum(12 + len(rdata) for rdata in missing[0].rdatas)
        assert len(reply) + rest > limit
    assert (message.edns == 0) == (size is not None)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([None, 512, 1232]))
def test_referrals_that_do_not_fit(own: int, sibling: int, size: int | None) -> None:
    """Glue of the child is required, glue of a sibling is not (RFC 9471 3)."""
    origin = b"\x01t\0"
    addresses = [bytes(15) + bytes((n,)) for n in range(60)]
    engine = zone_with(
        RRset(b"\x01d" + origin, NS, 10, (b"\x02ns\x01d" + origin, b"\x02ns\x01e" + origin)),
        RRset(b"\x02ns\x01d" + origin, AAAA, 10, tuple(addresses[:own])),
        RRset(b"\x02ns\x01e" + origin, AAAA, 10, tuple(addresses[:sibling])),
    )
    reply = engine.respond(query(b"\x01x\x01d" + origin, A, opt(size) if size else b""), b"", False)
    assert reply is not None
    assert len(reply) <= (size or 512)
    message = read(reply)
    assert len(message.authority) == 2
    owners = [owner for owner, *_ in records(message.additional)]
    assert owners.count("ns.d.t.") in (0, own)
    assert owners.count("ns.e.t.") in (0, sibling)
    assert bool(message.flags & dns.flags.TC) == (owners.count("ns.d.t.") != own)
    if owners.count("ns.d.t.") != own:
        assert owners.count("ns.e.t.") == 0


def test_names_behind_16_kilobytes_are_not_pointed_at() -> None:
    origin = b"\x01t\0"
    # 1,500 exchanges fill 30 KB; the addresses of the last stand behind what 14 bits can say.
    exchanges = [b"\x05%05d" % n + origin for n in range(1500)]
    engine = zone_with(
        RRset(origin, MX, 10, tuple(b"\0\1" + name for name in exchanges)),
        *[RRset(name, A, 10, (struct.pack("!I", n),)) for n, name in enumerate(exchanges)],
    )
    reply = engine.respond(query(origin, MX), b"", True)
    assert reply is not None
    assert len(reply) > 50000
    message = read(reply)
    assert not message.flags & dns.flags.TC
    assert len(message.answer) == 1500
    addresses = {(owner, rdata) for owner, _, _, rdata in records(message.additional)}
    assert ("01499.t.", "0.0.5.219") in addresses
    assert len(addresses) == 1500


def test_a_long_chain_to_a_long_answer() -> None:
    origin = b"\x01t\0"
    # The target stands within reach of pointers; the names of its 200 records are pointers to it.
    long = b"\x3f" + b"x" * 63
    engine = zone_with(
        *[
            RRset(
                b"\x02%02d" % n + long * 2 + origin,
                CNAME,
                10,
                (b"\x02%02d" % (n + 1) + long * 2 + origin,),
            )
            for n in range(19)
        ],
        RRset(b"\x0219" + long * 2 + origin, TXT, 10, tuple(txt(n, 250) for n in range(200))),
    )
    reply = engine.respond(query(b"\x0200" + long * 2 + origin, TXT), b"", True)
    assert reply is not None
    assert len(reply) > 50000
    assert len(read(reply).answer) == 219


@pytest.mark.parametrize("extra", [b"", opt()])
def test_an_rrset_that_no_message_can_hold(extra: bytes) -> None:
    name = b"\x03big\x01t\0"
    engine = zone_with(RRset(name, TXT, 10, tuple(txt(n, 250) for n in range(300))))
    reply = engine.respond(query(name, TXT, extra), b"", True)
    assert reply is not None
    message = read(reply)
    assert message.flags & dns.flags.TC
    assert message.answer == []


def test_the_largest_answer_that_fits_is_given() -> None:
    name = b"\x01n\x01t\0"
    fixed = len(query(name, TXT)) + 12 + 13  # header, question, the record's head, a text of 12
    for limit, size, extra in ((512, 512 - fixed, b""), (1232, 1232 - fixed - 11, opt())):
        texts = bytearray()
        while len(texts) < size:
            length = min(255, size - len(texts) - 1)
            texts += bytes((length,)) + b"y" * length
        for more, fits in ((0, True), (1, False)):
            first = b"\x0c" + b"z" * 12 if not more else b"\x0d" + b"z" * 13
            engine = zone_with(RRset(name, TXT, 10, (first + bytes(texts),)))
            reply = engine.respond(query(name, TXT, extra), b"", False)
            assert reply is not None
            assert bool(read(reply).flags & dns.flags.TC) != fits
            if fits:
                assert len(reply) == limit


def test_engine_with_another_payload() -> None:
    name = b"\x01n\x01t\0"
    zone = Zone(b"\x01t\0")
    zone.put(RRset(name, TXT, 10, (txt(0, 2000),)))
    zone.put(soa(b"\x01t\0"))
    engine = Engine(Zones([zone]), payload=4096)
    reply = engine.respond(query(name, TXT, opt(4096)), b"", False)
    assert reply is not None
    message = read(reply)
    assert message.payload == 4096
    assert len(message.answer) == 1
    reply = engine.respond(query(name, TXT, opt(1232)), b"", False)
    assert reply is not None
    assert read(reply).flags & dns.flags.TC


def test_source_address_changes_nothing() -> None:
    for wire in GOOD:
        assert ENGINE.respond(wire, b"\x7f\0\0\1", False) == ENGINE.respond(
            wire, b"\xfd" * 16, False
        )
