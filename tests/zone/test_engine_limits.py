"""The engine with a rate limit: which replies count together, and what goes out."""

from __future__ import annotations

import struct

import dns.flags
import dns.rcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import ANY, MX, TXT, A, RRset
from ddns.zone.engine import Engine
from tests.zone.building import read
from tests.zone.limiting import (
    CLIENT,
    ELSEWHERE,
    HERE,
    LIMIT,
    ZONES,
    asking,
    cookie_opt,
    cookies,
    limited,
    limiter,
    outcome,
    outcomes,
)
from tests.zone.strategies import names, opt, qtypes, query, servers, soa
from tests.zone.test_reference import engine_of

# What counts together

ONE_THING = [
    ("a name", "host.example", A),
    ("NODATA", "host.example", MX),
    ("an empty non-terminal", "ent.example", A),
    ("a name by ANY", "host.example", ANY),
    ("a wildcard", "x{}.w.example", A),
    ("a wildcard, deeper", "y.x{}.w.example", A),
    ("NODATA at a wildcard", "x{}.w.example", MX),
    ("a wildcard alias", "x{}.wc.example", A),
    ("a DNAME", "x{}.d.example", A),
    ("a cut", "x{}.cut.example", A),
    ("an alias", "alias.example", A),
    ("NXDOMAIN", "x{}.example", A),
    ("NXDOMAIN, deeper", "a.b.c.d.e.f.g.x{}.example", A),
    ("NXDOMAIN at the end of an alias", "lost.example", A),
    ("REFUSED", "x{}.test", A),
]


@pytest.mark.parametrize(
    ("name", "rtype"), [case[1:] for case in ONE_THING], ids=[case[0] for case in ONE_THING]
)
def test_a_flood_about_one_thing_is_limited(name: str, rtype: int) -> None:
    beyond = outcomes(limited(), asking(name, rtype), LIMIT + 6)[LIMIT:]
    slipped = "full" if name.endswith(".test") else "TC"  # an error is as short as it can be
    assert beyond == ["nothing", slipped] * 3


def exhausted(name: str, rtype: int = A) -> Engine:
    engine = limited()
    outcomes(engine, asking(name, rtype), LIMIT + 20)
    return engine


@pytest.mark.parametrize(
    ("flood", "name", "answered"),
    [
        ("host.example", "other.example", True),
        ("x{}.example", "host.example", True),
        ("x{}.example", "q.w.example", True),
        ("x{}.example", "q.net", True),
        ("x{}.example", "lost.example", False),
        ("host.example", "x.example", True),
        ("x{}.w.example", "host.example", True),
        ("x{}.w.example", "x.w.example", False),
        ("x{}.cut.example", "cut.example", False),
        ("q{}.test", "host.example", True),
        ("q{}.test", "q.invalid", False),
        ("host.example", "HOST.Example", False),
        ("host.example", "alias.example", True),
    ],
)
def test_what_counts_apart(flood: str, name: str, answered: bool) -> None:
    engine = exhausted(flood)
    labels = [bytes((len(part),)) + part.encode() for part in name.split(".")]
    reply = engine.respond(query(b"".join(labels) + b"\0", A), HERE, False)
    assert (reply is not None and outcome(reply) == "full") == answered


def test_errors_of_all_kinds_count_together() -> None:
    good = query(from_text("host.example"), A)
    bad = [
        good[:-1],  # FORMERR
        query(from_text("x.test"), A),  # REFUSED
        good[:2] + b"\x10" + good[3:],  # STATUS: NOTIMP
        good[:2] + b"\x20" + good[3:],  # NOTIFY: NOTAUTH
        good[:2] + b"\x28" + good[3:],  # UPDATE: REFUSED
        query(from_text("host.example"), 252),  # AXFR: REFUSED
        good[:-1] + b"\3",  # class CH
        query(from_text("host.example"), A, struct.pack("!BHHIH", 0, 41, 1232, 1 << 16, 0)),
    ]
    engine = limited()
    replies = [engine.respond(wire, HERE, False) for wire in bad * 3]
    assert all(reply is not None for reply in replies[:LIMIT])
    assert [reply is None for reply in replies[LIMIT:]] == ([True, False] * len(bad) * 3)[
        : len(bad) * 3 - LIMIT
    ]


def test_another_prefix_has_its_own_rate() -> None:
    engine = exhausted("host.example")
    wire = query(from_text("host.example"), A)
    assert outcome(engine.respond(wire, ELSEWHERE, False)) == "full"
    assert engine.respond(wire, HERE[:3] + b"\xff", False) is None


def test_tcp_is_neither_limited_nor_counted() -> None:
    engine = limited()
    wire = query(from_text("host.example"), A)
    assert all(engine.respond(wire, HERE, True) is not None for _ in range(5 * LIMIT))
    assert outcome(engine.respond(wire, HERE, False)) == "full"
    assert outcome(exhausted("host.example").respond(wire, HERE, True)) == "full"


@pytest.mark.parametrize("name", ["host.example", "x.example", "alias.example", "x.test"])
def test_a_good_cookie_is_neither_limited_nor_counted(name: str) -> None:
    engine = limited()
    owner = from_text(name)
    reply = engine.respond(query(owner, A, cookie_opt(CLIENT)), HERE, False)
    assert reply is not None
    wire = query(owner, A, cookie_opt(reply[-24:]))
    replies = {engine.respond(wire, HERE, False) for _ in range(5 * LIMIT)}
    assert len(replies) == 1
    assert replies == {reply}
    # One was counted, the first.
    assert outcomes(engine, asking(name), LIMIT)[-2:] == ["full", "nothing"]
    assert engine.respond(wire, HERE, False) == reply
    # Good for whom it was given to.
    assert engine.respond(wire, HERE[:3] + b"\2", False) != reply


def test_without_a_limiter_nothing_is_limited() -> None:
    engine = Engine(ZONES)
    for name in ("host.example", "x{}.example", "x{}.test"):
        assert set(outcomes(engine, asking(name), 1000)) == {"full"}


# What goes out

NAMES = (
    *("host.example", "x.example", "big.example", "x.w.example", "q.d.example"),
    *("q.cut.example", "alias.example", "lost.example", "x.test", "ns.example"),
)


def questions(name: str) -> list[bytes]:
    return [
        query(from_text(name), rtype, extra, flags)
        for rtype in (A, TXT, ANY)
        for extra in (b"", opt(), opt(512), cookie_opt(CLIENT), cookie_opt(CLIENT + b"c" * 16))
        for flags in (0, 0x0110)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_is_header_and_question_and_perhaps_a_bare_opt(name: str) -> None:
    for wire in questions(name):
        engine = limited(slip=1)
        full, *_, slip = [engine.respond(wire, HERE, False) for _ in range(LIMIT + 1)]
        assert full is not None
        assert slip is not None
        end = wire.index(b"\0", 12) + 5
        has_opt = len(wire) > end
        assert slip[:2] == wire[:2]
        assert slip[12:end] == wire[12:end]
        assert len(slip) == end + 11 * has_opt
        message = read(slip)
        assert message.edns == (0 if has_opt else -1)
        assert not message.options
        assert not message.answer
        assert not message.authority
        assert message.rcode() == read(full).rcode()
        refused = message.rcode() == dns.rcode.REFUSED
        assert bool(message.flags & dns.flags.TC) != refused
        assert message.flags & ~dns.flags.TC == read(full).flags & ~dns.flags.TC


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([wire for name in NAMES for wire in questions(name)]),
    st.lists(st.tuples(st.integers(2, 70), st.integers(0, 255)), max_size=3),
    st.integers(0, 3),
)
def test_beyond_the_rate_no_more_goes_out_than_comes_in(
    wire: bytes, flips: list[tuple[int, int]], slip: int
) -> None:
    """Whatever is sent: each reply beyond the rate is at most as long as its query."""
    changed = bytearray(wire)
    for at, octet in flips:
        if at < len(changed):
            changed[at] = octet
    engine = limited(slip)
    for number in range(LIMIT + 6):
        reply = engine.respond(bytes(changed), HERE, False)
        if number >= LIMIT:
            assert len(reply or b"") <= len(changed)


@pytest.mark.parametrize("name", NAMES)
def test_a_flood_is_not_made_larger(name: str) -> None:
    """A second of one question at a hundred times the limit: replies, slips and silence."""
    for wire in questions(name):
        engine = limited()
        out = sum(len(engine.respond(wire, HERE, False) or b"") for _ in range(100 * LIMIT))
        assert out <= 100 * LIMIT * len(wire)


# Many names in turn: nothing is asked too often, but what is sent is large

LARGE = engine_of(
    {
        from_text("example"): [
            soa(from_text("example")),
            *(
                RRset(from_text(f"t{number}.example"), TXT, 60, ((b"\xff" + b"x" * 255) * 4,))
                for number in range(1000)
            ),
            *(RRset(from_text(f"t{number}.example"), A, 60, (bytes(4),)) for number in range(1000)),
        ]
    }
).zones


def large(**options: int) -> Engine:
    return Engine(LARGE, limiter=limiter(200, **options), cookies=cookies())


def flood(rtype: int, times: int, extra: bytes = b"") -> list[bytes]:
    owners = [from_text(f"t{number}.example") for number in range(1000)]
    return [query(owners[number % 1000], rtype, extra) for number in range(times)]


def test_a_flood_over_a_thousand_names_is_not_made_twice_as_large() -> None:
    engine = large()
    asked = flood(TXT, 3000, opt())
    replies = [engine.respond(wire, HERE, False) or b"" for wire in asked]
    assert sum(map(len, replies)) <= 2 * sum(map(len, asked))
    full = [len(reply) for reply in replies if len(reply) > 1000]
    assert 60 <= len(full) <= 70
    assert len(full) + replies.count(b"") < 3000  # the others slip
    assert replies[-1] == b"" != replies[-2]
    wire = query(from_text("t1.example"), TXT, opt())
    assert outcome(engine.respond(wire, ELSEWHERE, False)) == "full"


def test_usual_replies_are_not_counted() -> None:
    engine = large(octets=1)
    for extra in (b"", opt()):
        replies = [engine.respond(wire, HERE, False) for wire in flood(A, 3000, extra)]
        assert {outcome(reply) for reply in replies} == {"full"}


def test_large_replies_over_tcp_and_to_good_cookies_are_not_counted() -> None:
    engine = large(octets=1)
    reply = engine.respond(query(from_text("t1.example"), A, cookie_opt(CLIENT)), HERE, False)
    assert reply is not None
    for wire in flood(TXT, 100, cookie_opt(reply[-24:])):
        assert outcome(engine.respond(wire, HERE, False)) == "full"
    for wire in flood(TXT, 100, opt()):
        assert outcome(engine.respond(wire, HERE, True)) == "full"


# The short way and the long one

tails = st.one_of(
    st.sampled_from([b"", opt(), opt(512), opt(600)]),
    st.builds(
        cookie_opt,
        st.one_of(
            st.just(CLIENT),
            st.just(CLIENT + cookies().renew(CLIENT, b"", HERE)[0]),
            st.binary(max_size=41),
            st.binary(min_size=24, max_size=24),
        ),
        st.sampled_from([512, 600, 1232]),
        st.sampled_from([b"", b"", b"", b"\0\3\0\0", b"\0\x0a\0\1x", b"\0"]),
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    servers(),
    st.lists(st.tuples(names(deepest=7), qtypes, tails), min_size=1, max_size=8),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([1, 100, 1000]),
    st.booleans(),
)
def test_both_ways_count_and_answer_alike(
    server: dict[bytes, list[RRset]],
    questions: list[tuple[bytes, int, bytes]],
    slip: int,
    octets: int,
    tcp: bool,
) -> None:
    zones = engine_of(server).zones
    short, long = (
        Engine(zones, limiter=limiter(2, slip, octets), cookies=cookies()) for _ in range(2)
    )
    for name, rtype, tail in questions * 4:
        wire = query(name, rtype, tail)
        assert short.respond(wire, HERE, tcp) == long.respond_in_full(wire, HERE, tcp)
