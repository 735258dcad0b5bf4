"""The rate limit and cookies on real sockets, and from the settings to the server."""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.query
import pytest
from twisted.internet.task import Clock

from ddns.config.load import ConfigError, load_settings
from ddns.model.names import from_text
from ddns.server.core import Core
from ddns.server.service import DdnsService
from ddns.zone.cookies import Cookies
from ddns.zone.engine import Engine
from ddns.zone.rrl import RateLimiter
from ddns.zone.zone import Zones
from tests.net.dns_fakes import ask, listening, tcp_client, udp_client
from tests.net.reactors import PATIENCE, RunningReactor, running_reactor
from tests.programs import program, run
from tests.zone.building import zone_of

LIMIT = 20
HOSTS = ["127.0.0.1", "::1"]
ZONE = "@ SOA ns h 1 3600 600 86400 30\n@ NS ns\nhost A 192.0.2.2\nother A 192.0.2.3"


def make_engine(clock: Callable[[], float] = lambda: 0.0) -> Engine:
    return Engine(
        Zones([zone_of("example.net", ZONE)]),
        limiter=RateLimiter(clock, secrets.token_bytes, per_second=LIMIT),
        cookies=Cookies(time.time, secrets.token_bytes),
    )


@pytest.fixture(scope="module")
def running() -> Any:
    with running_reactor() as running:
        yield running


def flood(client: socket.socket, wires: list[bytes]) -> list[bytes]:
    """The replies to questions of which the last is known to be answered, in full and last."""
    for wire in wires:
        client.send(wire)
    replies: list[bytes] = []
    while not replies or replies[-1][:2] != wires[-1][:2]:
        replies.append(client.recv(4096))
    return replies


def question(number: int, name: str = "host.example.net") -> bytes:
    return dns.message.make_query(name, "A", id=number, use_edns=False).to_wire()


@pytest.mark.parametrize("batch", [None, False])
@pytest.mark.parametrize("host", HOSTS)
def test_a_flood_over_udp(running: RunningReactor, host: str, batch: bool | None) -> None:
    with (
        listening(running, make_engine().respond, host, udp_batch=batch) as listener,
        udp_client(*listener.addresses[0]) as client,
    ):
        sent = [question(number) for number in range(100)] + [question(999, "other.example.net")]
        replies = flood(client, sent)
        messages = [dns.message.from_wire(reply) for reply in replies]
        cut = [bool(message.flags & dns.flags.TC) for message in messages]
        # In order: the rate in full, then every second one cut short, and the other name in full.
        assert cut == [False] * LIMIT + [True] * ((100 - LIMIT) // 2) + [False]
        assert [message.id for message in messages][LIMIT:-1] == list(range(LIMIT + 1, 100, 2))
        assert all(len(reply) == len(sent[0]) for reply in replies[LIMIT:-1])
        # Whoever is told so comes back over TCP.
        with tcp_client(*listener.addresses[0]) as stream:
            for number in range(2 * LIMIT):
                assert dns.message.from_wire(ask(stream, question(number))).answer


def test_a_cookie_shows_that_the_address_is_not_forged(running: RunningReactor) -> None:
    with listening(running, make_engine().respond, "127.0.0.1") as listener:
        host, port = listener.addresses[0]
        cookie = dns.edns.CookieOption(b"a client", b"")
        for _ in range(5 * LIMIT):
            query = dns.message.make_query("host.example.net", "A", options=[cookie])
            reply = dns.query.udp(query, host, PATIENCE, port, raise_on_truncation=True)
            assert reply.answer
            (cookie,) = [o for o in reply.options if isinstance(o, dns.edns.CookieOption)]
            assert len(cookie.server) == 16


def test_dig_finds_its_cookie_good(running: RunningReactor) -> None:
    path = program("dig")
    with listening(running, make_engine().respond, "127.0.0.1") as listener:
        where = ["@127.0.0.1", "-p", str(listener.addresses[0][1])]
        what = ["host.example.net", "A", "+tries=1", "+time=20"]
        first = run([path, *where, *what, "+cookie=0123456789abcdef"]).stdout
        found = re.search("; COOKIE: (0123456789abcdef[0-9a-f]{32}) [(]good[)]", first)
        assert found, first
        second = run([path, *where, *what, f"+cookie={found[1]}"]).stdout
        assert f"; COOKIE: {found[1]} (good)" in second
        assert "192.0.2.2" in second
        # dig asks for a cookie without a question with +header-only (RFC 7873 5.4).
        alone = run([path, *where, "+header-only", "+cookie=0123456789abcdef", *what[2:]]).stdout
        assert "status: NOERROR" in alone
        assert "(good)" in alone


# From the settings


def service(tmp_path: Path, text: str) -> Core:
    """A server that is never started, with a zone of its own, on a clock that stands still."""
    file = tmp_path / "ddns.toml"
    file.write_text(f'database = "{tmp_path / "ddns.sqlite"}"\n{text}')
    made = DdnsService(load_settings(file), Clock()).core
    made.zones.add(zone_of("example.net", ZONE))
    return made


def answered(made: Core, times: int, source: bytes = b"\x7f\0\0\1") -> int:
    replies = [made.engine.respond(question(n), source, False) for n in range(times)]
    return sum(reply is not None and bool(reply[7]) for reply in replies)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("", 200),
        ("[dns.rate_limit]\nresponses_per_second = 7", 7),
        ("[dns.rate_limit]\nresponses_per_second = 0", 1000),
    ],
)
def test_the_rate_that_is_set(tmp_path: Path, text: str, full: int) -> None:
    assert answered(service(tmp_path, text), 1000) == full


def test_slip_and_prefixes_that_are_set(tmp_path: Path) -> None:
    made = service(
        tmp_path,
        "[dns.rate_limit]\nresponses_per_second = 7\nslip = 0\ntable_size = 5000\n"
        "ipv4_prefix = 32\nipv6_prefix = 128",
    )
    replies = [made.engine.respond(question(n), b"\x7f\0\0\1", False) for n in range(50)]
    assert sum(reply is not None for reply in replies) == 7
    assert answered(made, 50, b"\x7f\0\0\2") == 7
    assert answered(made, 50, bytes(15) + b"\1") == 7
    assert answered(made, 50, bytes(15) + b"\2") == 7


def test_cookies_that_are_set(tmp_path: Path) -> None:
    old, new = "0f" * 16, "E0" * 16
    cookie = dns.edns.CookieOption(b"a client", b"")
    wire = dns.message.make_query("host.example.net", "A", options=[cookie]).to_wire()

    def cookie_of(text: str) -> bytes:
        reply = service(tmp_path, text).engine.respond(wire, b"\x7f\0\0\1", False)
        assert reply is not None
        return b"".join(option.to_wire()[8:] for option in dns.message.from_wire(reply).options)

    def is_accepted(cookie: bytes, secret: str, accepted: str = "") -> bool:
        checking = Cookies(
            time.time, bytes, secret=bytes.fromhex(secret), accepted=bytes.fromhex(accepted)
        )
        return checking.renew(b"a client", cookie, b"\x7f\0\0\1")[1]

    assert len(cookie_of("")) == 16
    assert cookie_of("")[8:] != cookie_of("")[8:]
    assert cookie_of("[dns]\ncookies = false") == b""
    assert is_accepted(cookie_of(f'[dns]\ncookie_secret = "{old}"'), old)
    both = f'[dns]\ncookie_secret = "{new}"\ncookie_secret_accepted = "{old}"'
    assert is_accepted(cookie_of(both), new)
    made = service(tmp_path, both + "\n[dns.rate_limit]\nresponses_per_second = 1")
    theirs = Cookies(time.time, bytes, secret=bytes.fromhex(old)).renew(
        b"a client", b"", b"\x7f\0\0\1"
    )[0]
    sent = dns.edns.CookieOption(b"a client", theirs)
    wire = dns.message.make_query("host.example.net", "A", options=[sent]).to_wire()
    assert all(made.engine.respond(wire, b"\x7f\0\0\1", False) for _ in range(50))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[dns.rate_limit]\nresponses_per_second = -1", "dns.rate_limit.responses_per_second"),
        ("[dns.rate_limit]\noctets_per_response = -1", "dns.rate_limit.octets_per_response"),
        ("[dns.rate_limit]\nslip = -2", "dns.rate_limit.slip"),
        ("[dns.rate_limit]\ntable_size = 0", "dns.rate_limit.table_size"),
        ("[dns.rate_limit]\ntable_size = 100000000", "dns.rate_limit.table_size"),
        ("[dns.rate_limit]\nipv4_prefix = 20", "dns.rate_limit.ipv4_prefix"),
        ("[dns.rate_limit]\nipv4_prefix = 40", "dns.rate_limit.ipv4_prefix"),
        ("[dns.rate_limit]\nipv6_prefix = 136", "dns.rate_limit.ipv6_prefix"),
        ("[dns]\nrate_limit = 3", "dns.rate_limit"),
        ("[dns]\ncookie_secret = 'geheim'", "dns.cookie_secret"),
        ("[dns]\ncookie_secret = '" + "0" * 30 + "'", "dns.cookie_secret"),
        ("[dns]\ncookie_secret_accepted = '" + "0" * 32 + "'", "dns.cookie_secret_accepted"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"ddns.toml: {re.escape(key)}: expected") as caught:
        service(tmp_path, text)
    assert "geheim" not in str(caught.value)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    made = service(tmp_path, "[dns]\ncookie_secret = '" + "ab" * 16 + "'")
    assert made.engine.respond(question(1), b"\x7f\0\0\1", False)
    assert "abab" not in repr(load_settings(tmp_path / "ddns.toml"))


def test_names_are_counted_in_lower_case() -> None:
    engine = make_engine()
    name = from_text("host.example.net")
    spellings = [name, name.upper(), name.title()]
    wires = [question(n).replace(name, spellings[n % 3]) for n in range(2 * LIMIT)]
    replies = [engine.respond(wire, b"\x7f\0\0\1", False) for wire in wires]
    assert sum(reply is not None and bool(reply[7]) for reply in replies) == LIMIT
