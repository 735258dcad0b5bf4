"""Clients that want to keep others out, in processes of their own, and what honest ones notice."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dns.message

from tests.programs import PATIENCE

QUESTION = dns.message.make_query("home.example.net", "A", id=7).to_wire()
FRAMED = len(QUESTION).to_bytes(2, "big") + QUESTION
ATTACKERS = "127.0.1.{}"
"""Addresses other than that of honest clients."""


@dataclass(frozen=True)
class Attack:
    """What is done to a port.

    :param addresses: number of addresses to come from.
    :param each: connections of each address.
    :param first: what a connection sends at once.
    :param then: what it sends after the first answer.
    :param feed: what it goes on sending for as long as the server reads.
    :param reads: whether it reads more than the first answer.
    :param again: whether it comes back once it is cut.
    """

    addresses: int
    each: int
    first: bytes = b""
    then: bytes = b""
    feed: bytes = b""
    reads: bool = True
    again: bool = True


def _attack(attack: Attack, port: int, ready: object) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    selector = selectors.DefaultSelector()
    told: set[int] = set()

    def connect(address: str) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not attack.reads:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            sock.bind((address, 0))
            sock.connect(("127.0.0.1", port))
            sock.setblocking(False)
            if attack.first:
                sock.send(attack.first)
        except OSError:
            sock.close()
            lost.append(address)
            return
        told.discard(sock.fileno())
        interest = selectors.EVENT_READ if attack.reads or attack.then else 0
        if attack.feed:
            interest |= selectors.EVENT_WRITE
        if interest:
            selector.register(sock, interest, address)
        else:
            silent.append(sock)

    def serve(sock: socket.socket, events: int) -> None:
        if events & selectors.EVENT_READ:
            if not sock.recv(65536):
                raise ConnectionResetError
            if attack.then and sock.fileno() not in told:
                told.add(sock.fileno())
                sock.send(attack.then)
        if events & selectors.EVENT_WRITE:
            with suppress(BlockingIOError):
                sock.send(attack.feed)

    lost: list[str] = []
    silent: list[socket.socket] = []
    for number in range(attack.addresses):
        for _ in range(attack.each):
            connect(ATTACKERS.format(number + 1))
    ready.set()  # type: ignore[attr-defined]
    while True:
        for key, events in selector.select(0.05):
            sock: socket.socket = key.fileobj  # type: ignore[assignment]
            try:
                serve(sock, events)
            except OSError:
                selector.unregister(sock)
                sock.close()
                lost.append(key.data)
        if attack.again:
            back, lost = lost[:50], lost[50:]
            for address in back:
                connect(address)


@contextmanager
def attacking(attack: Attack, port: int, cpu: int | None = None) -> Iterator[None]:
    """Attack a port of 127.0.0.1, from when all attackers have connected to the end of this."""
    spawned = multiprocessing.get_context("spawn")
    ready = spawned.Event()
    process = spawned.Process(target=_attack, args=(attack, port, ready), daemon=True)
    process.start()
    if cpu is not None:
        os.sched_setaffinity(process.pid or 0, {cpu})
    try:
        assert ready.wait(60)
        time.sleep(0.3)
        yield
    finally:
        process.kill()
        process.join()


# Honest clients --------------------------------------------------------------------------------


def asks_http(port: int) -> bool:
    """Whether an honest client of HTTP is served."""
    return _asks(port, b"GET /ip HTTP/1.1\r\nHost: x\r\n\r\n", lambda got: b"200 OK" in got)


def asks_dns(port: int) -> bool:
    """Whether an honest client of DNS over TCP is answered."""
    return _asks(port, FRAMED, lambda got: len(got) > len(FRAMED))


def asks_miniupdate(port: int) -> bool:
    """Whether an honest client of miniupdate gets the banner and an answer to a command."""
    return _asks(
        port,
        b"AGENT x\nVERSION\n",
        lambda got: got.count(b"\nOK") == 2,
    )


def _asks(port: int, octets: bytes, is_served: Callable[[bytes], bool]) -> bool:
    got = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        time.sleep(0.02)  # the way of the first packet
        sock.sendall(octets)
        while data := sock.recv(4096):
            got += data
            if is_served(got):
                return True
    return False


def served(asks: Callable[[int], bool], port: int, times: int = 12) -> int:
    """Of so many honest clients, how many are served."""
    return sum(asks(port) for _ in range(times))


def latencies(port: int, seconds: float) -> tuple[float, float]:
    """The median and the 99th percentile of answers over UDP, in milliseconds."""
    times = []
    end = time.monotonic() + seconds
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(PATIENCE)
        while (began := time.perf_counter()) and time.monotonic() < end:
            sock.send(QUESTION)
            sock.recv(4096)
            times.append(time.perf_counter() - began)
            time.sleep(0.001)
    cuts = statistics.quantiles(times, n=100)
    return 1000 * cuts[49], 1000 * cuts[98]


def resident(pid: int) -> float:
    """MiB of memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError
