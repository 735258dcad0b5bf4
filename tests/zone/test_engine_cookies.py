"""Cookies in messages: who gets one, who may not send one, and what it takes."""

from __future__ import annotations

import struct

import dns.edns
import dns.rcode
import pytest

from ddns.model.names import from_text
from ddns.model.records import TXT, A
from ddns.zone.engine import Engine
from ddns.zone.zone import Zones
from tests.zone.building import read, zone_of
from tests.zone.limiting import CLIENT, HERE, ZONES, cookie_opt, cookies, outcome
from tests.zone.strategies import opt, query


def option_of(reply: bytes | None) -> bytes | None:
    assert reply is not None
    message = read(reply)
    found = [option for option in message.options if option.otype == dns.edns.COOKIE]
    assert len(found) + len(message.extended_errors()) == len(message.options) <= 2
    assert len(found) <= 1
    return found[0].to_wire() if found else None


@pytest.mark.parametrize("name", ["host.example", "x.example", "alias.example", "x.test"])
@pytest.mark.parametrize("tcp", [False, True])
def test_a_client_cookie_brings_a_server_cookie(name: str, tcp: bool) -> None:
    engine = Engine(ZONES, cookies=cookies())
    got = option_of(engine.respond(query(from_text(name), A, cookie_opt(CLIENT)), HERE, tcp))
    assert got is not None
    assert got[:8] == CLIENT
    assert cookies().renew(CLIENT, got[8:], HERE) == (got[8:], True)


@pytest.mark.parametrize("name", ["host.example", "x.example", "alias.example", "x.test"])
def test_a_cookie_that_is_not_good_is_answered_with_a_good_one(name: str) -> None:
    engine = Engine(ZONES, cookies=cookies())
    for sent in (b"w" * 8, b"w" * 16, b"\1" + b"w" * 15, b"w" * 32):
        wire = query(from_text(name), A, cookie_opt(CLIENT + sent))
        got = option_of(engine.respond(wire, HERE, False))
        assert got is not None
        assert cookies().renew(CLIENT, got[8:], HERE)[1]


@pytest.mark.parametrize("size", [0, 1, 7, 9, 15, 41, 100])
def test_a_cookie_of_a_length_that_none_has(size: int) -> None:
    wire = query(from_text("host.example"), A, cookie_opt(b"c" * size))
    reply = Engine(ZONES, cookies=cookies()).respond(wire, HERE, False)
    assert reply is not None
    assert read(reply).rcode() == dns.rcode.FORMERR
    assert option_of(reply) is None
    # To a server that knows no cookies it is an option like any.
    reply = Engine(ZONES).respond(wire, HERE, False)
    assert reply is not None
    assert read(reply).rcode() == dns.rcode.NOERROR


def test_the_first_of_several_cookies_counts_among_other_options() -> None:
    engine = Engine(ZONES, cookies=cookies())
    second = struct.pack("!HH", 10, 8) + b"another!"
    other = struct.pack("!HH", 3, 0)  # NSID
    for options in (
        cookie_opt(CLIENT, more=second),
        cookie_opt(CLIENT, more=other + second + b"\0\x0a\0\0"),
    ):
        got = option_of(engine.respond(query(from_text("host.example"), A, options), HERE, False))
        assert got is not None
        assert got[:8] == CLIENT


def test_a_cookie_may_be_asked_for_without_a_question() -> None:
    engine = Engine(ZONES, cookies=cookies())
    header = struct.pack("!6H", 7, 0, 0, 0, 0, 1)
    reply = engine.respond(header + cookie_opt(CLIENT), HERE, False)
    assert reply is not None
    assert read(reply).rcode() == dns.rcode.NOERROR
    assert reply[4:12] == struct.pack("!4H", 0, 0, 0, 1)
    got = option_of(reply)
    assert got is not None
    assert cookies().renew(CLIENT, got[8:], HERE)[1]
    for other, flags in ((opt(), 0), (cookie_opt(CLIENT), 0x2000), (cookie_opt(b"c"), 0)):
        wire = struct.pack("!6H", 7, flags, 0, 0, 0, 1) + other
        reply = engine.respond(wire, HERE, False)
        assert reply is not None
        assert read(reply).rcode() == dns.rcode.FORMERR


def test_a_version_that_is_not_ours_has_no_cookie() -> None:
    wire = query(from_text("host.example"), A, cookie_opt(CLIENT).replace(b"\0\0\0\0", b"\0\1\0\0"))
    reply = Engine(ZONES, cookies=cookies()).respond(wire, HERE, False)
    assert reply is not None
    assert read(reply).rcode() == dns.rcode.BADVERS
    assert option_of(reply) is None


@pytest.mark.parametrize("size", [512, 600, 700, 1232])
def test_a_cookie_takes_its_room(size: int) -> None:
    """Records that fit to the octet without a cookie do not beside one."""
    text = " ".join(f'"{"x" * 100}"' for _ in range(size // 101 - 1))
    fixed = len(query(from_text("t.example"), TXT)) + 12 + 11
    left = size - fixed - 101 * (size // 101 - 1) - 1
    zone = zone_of("example.", f'@ SOA ns h 1 1 1 1 1\nt TXT {text} "{"y" * left}"')
    for extra, fits in ((opt(size), True), (cookie_opt(CLIENT, size), False)):
        engine = Engine(Zones([zone]), cookies=cookies())
        reply = engine.respond(query(from_text("t.example"), TXT, extra), HERE, False)
        assert reply is not None
        assert len(reply) <= size
        assert outcome(reply) == ("full" if fits else "TC")
        assert len(reply) == size or not fits
