"""Responders that stand in for the engine, and clients that speak DNS's framing."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ddns.config.settings import DnsSettings
from ddns.net.dns.listener import DnsListener
from ddns.net.dns.tcp_factory import DnsTcpFactory
from tests.net.reactors import PATIENCE, RunningReactor

DEFAULTS = DnsSettings()

Reader = dict[str, Any]
"""Options of a listener that choose how it reads UDP; there is a fixture that gives all of them."""


def echo(wire: bytes, source: bytes, tcp: bool) -> bytes | None:
    """Answers with what it was told; ``drop``, ``raise`` and ``big N`` are obeyed."""
    if wire.startswith(b"drop"):
        return None
    if wire.startswith(b"raise"):
        raise RuntimeError("the responder was told to fail")
    if wire.startswith(b"big"):
        return b"B" * int(wire[3:])
    return b"|".join((wire, source.hex().encode(), b"tcp" if tcp else b"udp"))


@contextmanager
def listening(
    running: RunningReactor,
    respond: Callable[..., Any],
    *hosts: str,
    limits: DnsSettings = DEFAULTS,
    write_time: float = PATIENCE * 2,
    closing_time: float = DnsTcpFactory.closing_time,
    **options: Any,
) -> Iterator[DnsListener]:
    """A started listener on a free port of each host, stopped without leftovers."""
    listener = DnsListener(
        running.reactor, respond, [(host, 0) for host in hosts], limits=limits, **options
    )
    listener.tcp.write_time, listener.tcp.closing_time = write_time, closing_time
    listener.limit(limits)
    listener.bind()
    running.call(listener.start)
    try:
        yield listener
    finally:
        running.call(listener.stop)
    assert running.leftovers() == set()


def udp_client(host: str, port: int, source: str | None = None) -> socket.socket:
    """A connected socket: the kernel discards what does not come from that very address."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    client = socket.socket(family, kind)
    client.settimeout(PATIENCE)
    if source:
        client.bind((source, 0))
    client.connect(address)
    return client


def tcp_client(host: str, port: int, source: str | None = None) -> socket.socket:
    return socket.create_connection(
        (host, port), timeout=PATIENCE, source_address=(source, 0) if source else None
    )


def framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


def read_exactly(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = client.recv(size - len(got))
        assert more, f"closed after {len(got)} of {size} octets"
        got += more
    return got


def read_message(client: socket.socket) -> bytes:
    return read_exactly(client, int.from_bytes(read_exactly(client, 2), "big"))


def ask(client: socket.socket, wire: bytes) -> bytes:
    client.sendall(framed(wire))
    return read_message(client)


def seconds_until_closed(client: socket.socket) -> float:
    """Read until the server closes, orderly or not; how long that took."""
    begun = time.monotonic()
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - begun


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed, without waiting; answers not yet read count as open."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    finally:
        client.settimeout(PATIENCE)
