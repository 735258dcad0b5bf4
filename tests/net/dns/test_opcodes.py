"""Handlers of the engine by opcode, such as may answer later or with several messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import dns.message
import dns.opcode
import dns.rcode
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from ddns.zone.engine import Engine
from ddns.zone.message import NOTIFY, NXDOMAIN, QUERY, REFUSED, UPDATE, Answer, Query
from ddns.zone.zone import Zones
from tests.net.dns_fakes import ask, framed, listening, read_message, tcp_client, udp_client
from tests.net.reactors import RunningReactor

ADDRESS = b"\x7f\0\0\1"


def request(opcode: int, name: str = "example.net.") -> bytes:
    message = dns.message.make_query(name, "SOA", id=4711)
    message.set_opcode(dns.opcode.Opcode(opcode))
    return message.to_wire()


def rcode(wire: bytes) -> int:
    assert wire[:2] == (4711).to_bytes(2, "big")
    return wire[3] & 15


def test_what_has_no_handler() -> None:
    engine = Engine(Zones())
    assert set(engine.handlers) == {QUERY, NOTIFY, UPDATE}
    found = {
        opcode: dns.message.from_wire(engine.respond(request(opcode), ADDRESS, True)).rcode()  # type: ignore[arg-type]
        for opcode in (0, 1, 2, 4, 5)
    }
    assert found == {
        0: dns.rcode.REFUSED,
        1: dns.rcode.NOTIMP,
        2: dns.rcode.NOTIMP,
        4: dns.rcode.NOTAUTH,
        5: dns.rcode.REFUSED,
    }


@pytest.mark.parametrize("tcp", [True, False])
def test_an_answer_that_comes_later(running: RunningReactor, tcp: bool) -> None:
    engine = Engine(Zones())
    told: list[tuple[bytes, bytes, bool]] = []

    async def handle(query: Query, wire: bytes, source: bytes, tcp: bool) -> Answer:
        told.append((wire, source, tcp))
        await deferLater(running.reactor, 0.01)
        return Answer(NXDOMAIN)

    engine.handlers[UPDATE] = handle
    with listening(running, engine.respond, "127.0.0.1") as listener:
        connect = tcp_client if tcp else udp_client
        with connect(*listener.addresses[0]) as client:
            if tcp:
                reply = ask(client, request(UPDATE))
            else:
                client.send(request(UPDATE))
                reply = client.recv(1000)
            assert rcode(reply) == NXDOMAIN
    assert told == [(request(UPDATE), ADDRESS, tcp)]


def test_a_deferred(running: RunningReactor) -> None:
    engine = Engine(Zones())
    engine.handlers[NOTIFY] = lambda *about: deferLater(running.reactor, 0.01, Answer, NXDOMAIN)
    with (
        listening(running, engine.respond, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(request(NOTIFY)) + framed(request(UPDATE)))
        assert [rcode(read_message(client)) for _ in range(2)] == [NXDOMAIN, REFUSED]


def several(*about: Any) -> Iterator[Answer]:
    for _ in range(3):
        yield Answer(NXDOMAIN)


async def slowly(*about: Any) -> AsyncGenerator[Answer, None]:
    for _ in range(3):
        fired: Deferred[None] = Deferred()
        fired.callback(None)
        await fired
        yield Answer(NXDOMAIN)


@pytest.mark.parametrize("handler", [several, slowly])
def test_several_answers(running: RunningReactor, handler: Any) -> None:
    engine = Engine(Zones())
    engine.handlers[QUERY] = handler
    with (
        listening(running, engine.respond, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(framed(request(QUERY)) + framed(request(UPDATE)))
        codes = [rcode(read_message(client)) for _ in range(4)]
        assert codes == [NXDOMAIN] * 3 + [REFUSED]
