"""The option Update Lease in messages (RFC 9664)."""

from __future__ import annotations

import struct

import dns.edns
import dns.update
import pytest

from ddns.model.leases import Lease
from ddns.model.names import from_text
from ddns.model.records import A
from ddns.zone.engine import Engine
from ddns.zone.message import FORMERR, UPDATE, Answer, parse
from ddns.zone.packing import lease_option
from ddns.zone.update_message import UpdateError, read_lease
from tests.zone.building import read
from tests.zone.limiting import CLIENT, HERE, ZONES, cookie_opt, cookies
from tests.zone.strategies import query

FOUR, EIGHT = struct.pack("!I", 3600), struct.pack("!II", 60, 2**32 - 1)


def update(*options: tuple[int, bytes]) -> bytes:
    made = dns.update.UpdateMessage("example")
    made.add("host", 60, "A", "192.0.2.1")
    if options:
        made.use_edns(0, options=[dns.edns.GenericOption(*option) for option in options])
    return made.to_wire()


def test_what_is_asked_for() -> None:
    assert read_lease(FOUR) == Lease(3600)
    assert read_lease(EIGHT) == Lease(60, 2**32 - 1)
    for size in (0, 3, 5, 7, 9, 12):
        with pytest.raises(UpdateError) as raised:
            read_lease(bytes(size))
        assert raised.value.rcode == FORMERR


@pytest.mark.parametrize("data", [FOUR, EIGHT, b"odd"])
def test_the_first_option_counts_among_others(data: bytes) -> None:
    request = parse(update((3, b""), (2, data), (10, CLIENT), (2, b"more")))
    assert request is not None
    assert request.edns is not None
    assert (request.edns.lease, request.edns.cookie) == (data, CLIENT)


@pytest.mark.parametrize("lease", [Lease(3600), Lease(60, 2**32 - 1)])
def test_what_is_told(lease: Lease) -> None:
    """Beside a cookie; not to whom sends no OPT."""
    engine = Engine(ZONES, cookies=cookies())
    engine.handlers[UPDATE] = lambda *_: Answer(options=lease_option(lease))
    for options, told in (
        (((2, FOUR),), [2]),
        (((10, CLIENT), (2, FOUR)), [2, dns.edns.COOKIE]),
        ((), []),
    ):
        reply = engine.respond(update(*options), HERE, False)
        assert isinstance(reply, bytes)
        message = read(reply)
        assert [int(option.otype) for option in message.options] == told
        if told:
            assert read_lease(message.options[0].to_wire()) == lease


def test_a_query_with_the_option_is_answered_as_without() -> None:
    engine = Engine(ZONES, cookies=cookies())
    extra = cookie_opt(CLIENT, more=struct.pack("!HH", 2, 4) + FOUR)
    reply = engine.respond(query(from_text("host.example"), A, extra), HERE, False)
    assert isinstance(reply, bytes)
    message = read(reply)
    assert len(message.answer) == 1
    assert [option.otype for option in message.options] == [dns.edns.COOKIE]
