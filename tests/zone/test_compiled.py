"""The compiled fast path does what the one in Python does: octets, counts, state, for anything."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import mmap
import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.model.names import from_text
from ddns.model.records import CNAME, TXT, A, RRset
from ddns.zone.cookies import Cookies
from ddns.zone.engine import Engine
from ddns.zone.rrl import RateLimiter
from ddns.zone.zone import Zone, Zones
from tests.compiling import require_compiled
from tests.zone.limiting import CLIENT, HERE, ZONES, cookie_opt
from tests.zone.strategies import ORIGINS, names, opt, qtypes, query, rrsets, servers, soa
from tests.zone.test_engine import GOOD

SOURCES = [
    HERE,
    bytes((192, 0, 2, 77)),
    bytes((198, 51, 100, 1)),
    b"\x20\x01" + bytes(14),
    bytes(16),
]


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    require_compiled()


def counting() -> Callable[[int], bytes]:
    """Octets that differ each time, the same for everybody who asks as often."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "little")


class Pair:
    """An engine with the compiled fast path and one without, on the same zones."""

    def __init__(
        self, zones: Zones, per_second: int = 3, octets: int = 300, slip: int = 2, slots: int = 16
    ) -> None:
        self.now = 1.7e9
        self.zones = zones
        self.limiters: list[RateLimiter] = []
        self.engines = []
        for compiled in (True, False):
            random = counting()
            limiter = RateLimiter(
                lambda: self.now,
                random,
                per_second=per_second,
                octets_per_second=octets,
                slip=slip,
                slots=slots,
            )
            cookies = Cookies(lambda: self.now, random)
            engine = Engine(zones, limiter=limiter, cookies=cookies, compiled=compiled)
            self.engines.append(engine)
            self.limiters.append(limiter)
        assert self.engines[0].compiled is not None
        assert self.engines[1].compiled is None
        self.fast = self.engines[0].compiled

    def ask(self, wire: bytes, source: bytes = HERE, tcp: bool = False) -> bytes | None:
        """The answer of both, which is the same."""
        one, other = (engine.respond(wire, source, tcp) for engine in self.engines)
        assert one == other
        return one  # type: ignore[return-value]

    def compare(self) -> None:
        """What is left behind is the same too."""
        one, other = (
            {key: of for key, of in vars(limiter).items() if key not in ("_clock", "_random")}
            for limiter in self.limiters
        )
        assert one == other


def cookies_of(pair: Pair) -> Cookies:
    """Cookies with the first secret of both engines, to make valid ones."""
    random = counting()
    random(16)
    return Cookies(lambda: pair.now, random)


@st.composite
def tails(draw: st.DrawFn) -> bytes:
    """An OPT, mostly as clients send it."""
    size = draw(st.sampled_from([0, 100, 511, 512, 513, 600, 1232, 1233, 4096, 65535]))
    if draw(st.booleans()):
        return opt(size)
    cookie = draw(st.one_of(st.binary(max_size=41), st.just(CLIENT), st.just(CLIENT * 3)))
    more = draw(st.sampled_from([b"", b"", b"\0\3\0\0", b"\0\x0a\0\x08another!", b"\0"]))
    return cookie_opt(cookie, size, more)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """A query, whole or with something done to it."""
    name = draw(names(deepest=7))
    if draw(st.booleans()):
        name = bytes(octet ^ 32 if 97 <= octet <= 122 else octet for octet in name)
    flags = draw(
        st.sampled_from([0, 0x0100, 0x0130, 0x0120, 0x0010, 0x8000, 0x0200, 0x2800, 0x0040])
    )
    wire = query(name, draw(qtypes), draw(st.one_of(st.just(b""), tails())), flags)
    if draw(st.integers(0, 3)):
        return wire
    changed = bytearray(wire)
    for at, octet in draw(st.lists(st.tuples(st.integers(2, 90), st.integers(0, 255)), max_size=3)):
        changed[at % len(changed)] = octet
    end = draw(st.integers(0, len(changed)))
    return draw(st.sampled_from([bytes(changed), bytes(changed[:end]), bytes(changed) + b"\0"]))


Step = Callable[[Pair], object]


@st.composite
def changes(draw: st.DrawFn) -> Step:
    """Something else than a packet: time goes by, a zone changes, comes or goes."""
    kind = draw(st.sampled_from(["time", "time", "rrset", "rrset", "soa", "add", "remove"]))
    origin = draw(st.sampled_from(ORIGINS))
    if kind == "time":
        seconds = draw(st.sampled_from([0.1, 0.5, 1.0, 1.5, 3.0, -1.0, 2000.0, 90000.0]))
        return lambda pair: setattr(pair, "now", pair.now + seconds)
    if kind == "add":
        return lambda pair: pair.zones.add(Zone(origin))
    if kind == "remove":
        return lambda pair: pair.zones.remove(origin)
    rrset = soa(origin, draw(st.integers(1, 9))) if kind == "soa" else draw(rrsets(origin))
    if draw(st.booleans()):
        rrset = RRset(rrset.owner, rrset.type, rrset.ttl, ())

    def put(pair: Pair) -> None:
        if (zone := pair.zones.get(origin)) is not None:
            zone.put(rrset)

    return put


def asking(wire: bytes, source: bytes, tcp: bool) -> Step:
    return lambda pair: pair.ask(wire, source, tcp)


questions = st.builds(
    asking, packets(), st.sampled_from(SOURCES), st.sampled_from([False, False, False, True])
)


@settings(max_examples=200, deadline=None)
@given(
    servers(),
    st.lists(st.one_of(questions, questions, questions, changes()), min_size=1, max_size=40),
    st.sampled_from([1, 3, 10**30]),
    st.sampled_from([0, 100, 10**30]),
    st.integers(0, 3),
    st.sampled_from([1, 2, 64]),
)
def test_whatever_comes_in_whatever_zone(
    server: dict[bytes, list[RRset]],
    steps: list[Step],
    per_second: int,
    octets: int,
    slip: int,
    slots: int,
) -> None:
    zones = Zones()
    for origin, found in server.items():
        zone = Zone(origin)
        for rrset in found:
            zone.put(rrset)
        zones.add(zone)
    pair = Pair(zones, per_second, octets, slip, slots)
    for step in steps:
        step(pair)
    pair.compare()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=540), st.sampled_from([0, 0x0100]), st.integers(0, 2))
def test_random_octets(rest: bytes, flags: int, additional: int) -> None:
    pair = Pair(ZONES)
    pair.ask(rest)
    pair.ask(struct.pack("!6H", 1, flags, 1, 0, 0, additional) + rest)


def test_what_it_is_for_it_answers_itself() -> None:
    """Or nothing here would be tested."""
    pair = Pair(ZONES, per_second=100)
    good = CLIENT + cookies_of(pair).renew(CLIENT, b"", HERE)[0]
    for name in ("host.example", "HOST.Example", "x.y.example", "ent.example", "q.w.example"):
        for extra in (b"", opt(), opt(77), cookie_opt(CLIENT), cookie_opt(good)):
            wire = query(from_text("x"), A, extra).replace(from_text("x"), spelt(name), 1)
            expected = pair.engines[1].respond_in_full(wire, HERE, True)
            assert pair.fast.respond(wire, HERE, True) == expected
    for rtype in (CNAME, TXT, 28, 1, 99, 257):
        assert pair.fast.respond(query(from_text("a.ent.example"), rtype), HERE, True)
    for name, rtype in (
        ("host.example", 255),
        ("alias.example", 1),
        ("x.invalid", 1),
        ("cut.example", 1),
    ):
        assert pair.fast.respond(query(from_text(name), rtype), HERE, True) is None


def spelt(name: str) -> bytes:
    """The wire form of a name as it is written."""
    return b"".join(bytes((len(part),)) + part.encode() for part in name.split(".")) + b"\0"


def test_a_flood_is_limited_and_a_good_cookie_is_not() -> None:
    pair = Pair(ZONES)
    bare = query(from_text("x.example"), A, opt())
    replies = [pair.ask(bare) for _ in range(9)]
    assert [reply and len(reply) <= len(bare) for reply in replies[3:]] == [None, True] * 3
    good = CLIENT + cookies_of(pair).renew(CLIENT, b"", HERE)[0]
    for _ in range(9):
        assert len(pair.ask(query(from_text("x.example"), A, cookie_opt(good))) or b"") > len(bare)
    for age in (1700, 100, 1801, 3600, -301):
        pair.now += age
        pair.ask(query(from_text("x.example"), A, cookie_opt(good)))
    pair.compare()


@pytest.mark.parametrize("labels", [1, 2, 63, 64, 119, 120, 121, 122, 126, 127])
def test_names_of_any_depth(labels: int) -> None:
    zone = Zone(from_text("example."))
    for rrset in (soa(zone.origin), RRset(b"\x01x" * 60 + zone.origin, A, 1, (bytes(4),))):
        zone.put(rrset)
    pair = Pair(Zones([zone]), per_second=10**6, octets=0)
    for origin in (from_text("example."), b"\0"):
        pair.ask(query(b"\x01x" * labels + origin, A, opt()))
        pair.ask(query(b"\x01y" + b"\x01x" * (labels - 1) + origin, A, opt()))


@contextlib.contextmanager
def end_of_memory() -> Iterator[Callable[[bytes], memoryview]]:
    """Puts octets where nothing that is behind them can be read."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    view = memoryview(memory)
    at = ctypes.addressof(ctypes.c_char.from_buffer(view)) + page
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    assert protect(at, page, 0) == 0

    def put(octets: bytes) -> memoryview:
        place = view[page - len(octets) : page]
        place[:] = octets
        return place

    try:
        yield put
    finally:
        assert protect(at, page, mmap.PROT_READ | mmap.PROT_WRITE) == 0


def test_nothing_behind_a_packet_is_read() -> None:
    pair = Pair(ZONES, per_second=10**6, octets=0)
    good = CLIENT + cookies_of(pair).renew(CLIENT, b"", HERE)[0]
    whole = [*GOOD, query(from_text("host.example"), A, cookie_opt(good)), b"\xff" * 600]
    whole.append(query(b"\x01x" * 127 + b"\0", A, opt()))
    whole.append(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x3f" * 300)
    whole.append(struct.pack("!6H", 1, 0, 1, 0, 0, 1) + b"\x01x" * 300)
    with end_of_memory() as put:
        for wire in whole:
            for end in range(len(wire) + 1):
                cut = wire[:end]
                octets: bytes = put(cut)  # type: ignore[assignment]
                assert pair.fast.respond(octets, HERE, True) in (
                    None,
                    pair.engines[1].respond(cut, HERE, True),
                )


def test_a_key_of_another_size_is_refused() -> None:
    """It is never read beyond its end."""
    limiter = RateLimiter(lambda: 0.0, lambda size: bytes(size - 1))
    engine = Engine(ZONES, limiter=limiter)
    with pytest.raises(ValueError):
        engine.respond(query(from_text("host.example"), A), HERE, False)
