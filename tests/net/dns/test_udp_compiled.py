"""Every way of reading UDP gives the same answers and counts for the same traffic."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from ddns.model.names import from_text
from ddns.net.dns import mmsg
from ddns.zone.engine import Engine
from tests.compiling import require_compiled
from tests.net.dns_fakes import listening, udp_client
from tests.net.reactors import RunningReactor
from tests.zone.limiting import CLIENT, ZONES, cookie_opt, cookies, limiter
from tests.zone.strategies import opt, query

NAMES = ("host.example", "big.example", "alias.example", "x.w.example", "no.example", "no.invalid")
LAST = b"\xff\xff" + query(from_text("host.net"), 1)[2:]
PACKETS = 400


def traffic() -> list[bytes]:
    """Queries with and without answers by the fast path, broken ones, and what gets no answer."""
    chance = random.Random(1)
    found = []
    for number in range(PACKETS):
        extra = chance.choice((b"", opt(), opt(512), cookie_opt(CLIENT), cookie_opt(b"x")))
        wire = query(from_text(chance.choice(NAMES)), chance.choice((1, 28, 16, 255)), extra)
        wire = number.to_bytes(2, "big") + wire[2:]
        found.append(wire[: chance.choice((len(wire), len(wire), len(wire), 20, 5))])
    return found


def seen(
    running: RunningReactor, host: str, compiled: bool, batch: bool
) -> tuple[list[bytes], dict[str, Any]]:
    """What a client gets back, and what was counted."""
    engine = Engine(ZONES, limiter=limiter(20), cookies=cookies(), compiled=compiled)
    options = {"udp_batch": batch, "fast": engine.compiled}
    respond: Callable[..., Any] = engine.respond
    with (
        listening(running, respond, host, **options) as listener,
        udp_client("::1" if ":" in host else "127.0.0.1", listener.addresses[0][1]) as client,
    ):
        running.call(lambda: [client.send(wire) for wire in traffic()])
        client.send(LAST)
        got = [client.recv(4096)]
        while not got[-1].startswith(b"\xff\xff"):
            got.append(client.recv(4096))
        running.call(lambda: None)
        stats = listener.udp
        counts = {
            "rcodes": stats.rcodes,
            "unanswered": stats.unanswered,
            "in": stats.received_octets,
            "out": stats.sent_octets,
            "timed": sum(stats.latency.counts),
        }
    return got, counts


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_answers_and_counts_are_the_same(running: RunningReactor, host: str) -> None:
    require_compiled()
    if not mmsg.is_usable():
        pytest.skip("recvmmsg and sendmmsg do not work here")
    plain = seen(running, host, compiled=False, batch=False)
    assert len(plain[0]) > PACKETS // 4
    assert plain[1]["unanswered"] > PACKETS // 20
    for compiled, batch in ((True, True), (True, False), (False, True)):
        assert seen(running, host, compiled, batch) == plain
