"""Requests to secondaries over loopback, and which replies are taken for theirs."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from twisted.internet.defer import Deferred

from ddns.model import names
from ddns.model.secondaries import Secondary
from ddns.net.dns.notify import TIMEOUT, SecondaryClient, _source
from ddns.updates.notifier import Unanswered
from ddns.zone.requests import Reply
from ddns.zone.tsig import TsigKey
from tests.net.reactors import RunningReactor
from tests.zone.test_requests import KEY, ORIGIN, TEXT, keyring, soa

Answers = Callable[[bytes], list[bytes]]


@contextmanager
def secondary(answers: Answers, host: str = "127.0.0.1") -> Iterator[tuple[str, int]]:
    """A socket that sends back what *answers* makes of each message; its address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))

        def serve() -> None:
            while True:
                wire, source = sock.recvfrom(4096)
                if not wire:
                    return
                for answer in answers(wire):
                    sock.sendto(answer, source)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield sock.getsockname()[:2]
        finally:
            sock.sendto(b"", sock.getsockname())
            thread.join()


def good(wire: bytes, key: TsigKey | None = None, rcode: int = 0) -> bytes:
    """The reply of a secondary that has our SOA."""
    reply = dns.message.make_response(dns.message.from_wire(wire, keyring=keyring(key)))
    reply.set_rcode(dns.rcode.Rcode(rcode))
    reply.answer.append(dns.rrset.from_text("example.net.", 10, "IN", "SOA", TEXT))
    return reply.to_wire()


@pytest.fixture
def client(running: RunningReactor) -> Iterator[SecondaryClient]:
    client = SecondaryClient(running.reactor, {KEY.name: KEY}.get, time.time)
    client.sources = ["0.0.0.0", "192.0.2.53", "127.0.0.1", "::1"]
    yield client
    running.call(client.stop)


def ask(
    running: RunningReactor, client: SecondaryClient, *to: object, record: bytes = b""
) -> Reply:
    found: Reply = running.call(lambda: client.ask(Secondary(*to), ORIGIN, record))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "signed"])
@pytest.mark.parametrize("record", [b"", soa()], ids=["query", "notify"])
def test_a_reply(
    running: RunningReactor, client: SecondaryClient, host: str, key: TsigKey | None, record: bytes
) -> None:
    with secondary(lambda wire: [good(wire, key)], host) as at:
        assert ask(running, client, *at, key and key.name, record=record) == Reply(70)
    assert len(client._sockets) == 1


def test_what_is_no_reply_to_it_is_passed_over(
    running: RunningReactor, client: SecondaryClient
) -> None:
    def answers(wire: bytes) -> list[bytes]:
        right = good(wire)
        other = bytes((right[0] ^ 1,)) + right[1:]
        question = right[:13] + b"f" + right[14:]
        return [b"", b"x", wire, other, question, right[:-1], right, right]

    with secondary(answers) as at:
        assert ask(running, client, *at) == Reply(70)


def test_replies_of_others_are_passed_over(
    running: RunningReactor, client: SecondaryClient
) -> None:
    """From another port, with all that is right otherwise."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        asker: list[int] = []

        def answers(wire: bytes) -> list[bytes]:
            port = next(iter(client._sockets.values())).transport.getHost().port
            asker.append(stranger.sendto(good(wire), ("127.0.0.1", port)))
            return []

        with secondary(answers) as at, pytest.raises(Unanswered, match="no answer"):
            ask(running, client, *at)
        assert len(asker) == 1
    assert client._waiting == {}


def test_one_that_is_slow(running: RunningReactor, client: SecondaryClient) -> None:
    started = running.reactor.seconds()
    with secondary(lambda wire: []) as at, pytest.raises(Unanswered, match="no answer"):
        ask(running, client, *at)
    assert running.reactor.seconds() - started >= TIMEOUT


def test_errors_are_replies(running: RunningReactor, client: SecondaryClient) -> None:
    with secondary(lambda wire: [good(wire, None, 5)]) as at:
        assert ask(running, client, *at, record=soa()) == Reply(None, "REFUSED")


def test_what_cannot_be_sent(running: RunningReactor, client: SecondaryClient) -> None:
    with pytest.raises(Unanswered, match="there is no key none"):
        ask(running, client, "127.0.0.1", 53, names.from_text("none.example"))
    client.sources = ["192.0.2.53"]  # which is not this machine's
    with pytest.raises(Unanswered, match=r"192\.0\.2\.53"):
        ask(running, client, "198.51.100.1", 53)


def test_the_end_waits_for_nobody(running: RunningReactor, client: SecondaryClient) -> None:
    with secondary(lambda wire: []) as (host, port):

        async def both() -> None:
            asked = Deferred.fromCoroutine(client.ask(Secondary(host, port), ORIGIN))
            await client.stop()
            with pytest.raises(Unanswered):
                await asked

        running.call(both)
    assert client._waiting == client._sockets == {}


@pytest.mark.parametrize(
    ("to", "source"),
    [
        ("192.0.2.1", "192.0.2.53"),
        ("127.0.0.9", "127.0.0.1"),
        ("::1", "::1"),
        ("2001:db8::1", "::"),
    ],
)
def test_where_requests_come_from(to: str, source: str) -> None:
    listening = ["0.0.0.0", "127.0.0.1", "192.0.2.53", "::", "::1"]
    assert _source(ipaddress.ip_address(to), listening) == source
    assert _source(ipaddress.ip_address("192.0.2.1"), []) == "0.0.0.0"
