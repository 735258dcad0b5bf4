"""Floods from a few clients: the others are served, memory stays, and UDP is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.attackers import (
    FRAMED,
    Attack,
    asks_dns,
    asks_http,
    asks_miniupdate,
    attacking,
    latencies,
    resident,
    served,
)
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.faults.wrapping import filled, wrapped
from tests.processes import Server

GOOD = b"GET /ip HTTP/1.1\r\nHost: x\r\n\r\n"
LARGEST = b"GET /api/openapi.json HTTP/1.1\r\n\r\n"
"""The largest answer that a stranger can have, of 70 KB."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = "[api]\ncalls_per_minute = 0\n[dns.rate_limit]\nresponses_per_second = 0\n"
    server = Server(tmp_path_factory.mktemp("attacked"), "--no-sample").with_miniupdate()
    server.with_settings(settings).start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    server.update(f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}", HOST)
    yield server
    server.clean_up()


def port_of(server: Server, name: str) -> int:
    port: int = getattr(server, f"{name}_port")
    return port


# The numbers are those of connections that the defaults allow.
HOLDING = {
    "http: after a good one": ("http", asks_http, Attack(5, 100, GOOD, b"GET /ip HT")),
    "http: behind a good one": ("http", asks_http, Attack(5, 100, GOOD + b"GET /ip HT")),
    "http: asking without end": ("http", asks_http, Attack(5, 100, feed=GOOD)),
    "dns: asking without end": ("dns", asks_dns, Attack(3, 50, feed=FRAMED)),
    "dns: after a good one": ("dns", asks_dns, Attack(3, 50, FRAMED, b"\0")),
    "dns: never read": ("dns", asks_dns, Attack(3, 50, feed=FRAMED * 50, reads=False)),
    "miniupdate: nothing": ("miniupdate", asks_miniupdate, Attack(10, 20)),
    "miniupdate: half a line": ("miniupdate", asks_miniupdate, Attack(10, 20, b"AGENT x\nVER")),
}


@pytest.mark.parametrize("what", HOLDING)
def test_those_that_hold_all_connections_keep_nobody_out(server: Server, what: str) -> None:
    name, asks, attack = HOLDING[what]
    port = port_of(server, name)
    assert served(asks, port, 1) == 1
    with attacking(attack, port):
        assert served(asks, port) >= 11


def test_descriptors_are_left_when_all_connections_are_taken(make_server: Launch) -> None:
    """Of the usual limit, where it cannot be raised: for honest clients, the command and the store,
    and without a line in the log for each connection."""
    server = wrapped(make_server().with_miniupdate(), "sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")
    login = filled(server)
    attacks = [
        attacking(Attack(10, 90, GOOD, b"GET /ip HT"), server.http_port),
        attacking(Attack(3, 60, b"\0"), server.dns_port),
        attacking(Attack(15, 20), server.miniupdate_port),
    ]
    with ExitStack() as stack:
        for attack in attacks:
            stack.enter_context(attack)
        assert served(asks_http, server.http_port) >= 11
        assert served(asks_dns, server.dns_port) >= 11
        assert served(asks_miniupdate, server.miniupdate_port) >= 11
        assert server.ddns("status")["zones"] == 1
        assert server.ddns("backup", "copy")["zones"] == 1
        assert server.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"
    assert "the limit of 1024 open files is too low" in server.log
    assert server.log.count("\n") < 100


@pytest.mark.parametrize(
    "attack",
    [
        Attack(1, 100, LARGEST * 150, reads=False, again=False),
        Attack(100, 1, LARGEST * 150, reads=False, again=False),
        Attack(5, 100, LARGEST * 150, reads=False),
    ],
)
def test_pipelined_requests_whose_answers_nobody_reads(make_server: Launch, attack: Attack) -> None:
    """To a server of its own, whose memory has held nothing yet."""
    server = make_server().start()
    assert served(asks_http, server.http_port, 1) == 1
    assert server.process is not None
    rest = resident(server.process.pid)
    with attacking(attack, server.http_port):
        assert served(asks_http, server.http_port) >= 11
        assert resident(server.process.pid) < rest + 40


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        ("http", Attack(1, 1, feed=GOOD * 50)),
        ("http", Attack(1, 50, feed=GOOD * 50)),
        ("dns", Attack(1, 50, feed=FRAMED * 50)),
        ("dns", Attack(3, 50, feed=FRAMED * 50, reads=False)),
    ],
)
def test_udp_is_answered_between_what_clients_of_streams_ask(
    server: Server, name: str, attack: Attack
) -> None:
    """Bounded loosely, for other tests run beside this one: without turns it is 100 ms and more."""
    with attacking(attack, port_of(server, name)):
        assert latencies(server.dns_port, 2.0)[0] < 40
