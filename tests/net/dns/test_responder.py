"""What the listeners put up with from a responder that does not keep its word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import globalLogPublisher

from tests.net.dns_fakes import Reader, ask, framed, listening, tcp_client, udp_client
from tests.net.reactors import RunningReactor

WRONG: dict[bytes, Any] = {
    b"text": "a str",
    b"number": 7,
    b"list": [1, 2, 3],
    b"words": ["a", "b"],
    b"true": True,
    b"object": object(),
}


def wrong(wire: bytes, source: bytes, tcp: bool) -> Any:
    return WRONG.get(wire, wire)


@pytest.fixture
def failures() -> Iterator[list[str]]:
    found: list[str] = []

    def observe(event: dict[str, Any]) -> None:
        if event.get("log_failure") is not None:
            found.append(event["log_namespace"])

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_over_udp_only_that_packet_is_lost(
    running: RunningReactor, failures: list[str], reader: Reader, host: str
) -> None:
    with (
        listening(running, wrong, host, **reader) as listener,
        udp_client("127.0.0.1", listener.addresses[0][1]) as client,
    ):

        def send() -> None:  # in the reactor's thread, so that they are in one batch
            for wire in (b"one", *WRONG, b"two", *WRONG, b"three"):
                client.send(wire)

        running.call(send)
        assert [client.recv(100) for _ in range(3)] == [b"one", b"two", b"three"]
        running.call(lambda: None)
        assert failures == ["ddns.net.dns.listener"]  # one for all: it is not the log's flood


def test_over_tcp_only_that_message_is_lost(running: RunningReactor, failures: list[str]) -> None:
    with (
        listening(running, wrong, "127.0.0.1") as listener,
        tcp_client(*listener.addresses[0]) as client,
    ):
        client.sendall(b"".join(framed(wire) for wire in WRONG))
        assert ask(client, b"two") == b"two"
        assert failures == ["ddns.net.dns.listener"]
