"""Load for the update benchmarks: a fixed number of requests in flight, on one core, no waiting.

Raw asyncio protocols instead of an HTTP or DNS library, so that the load costs little.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Tally:
    """The results of a run; times are in seconds."""

    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return responses per second."""
        return sum(self.answers.values()) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests stayed below, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def addresses() -> Iterator[str]:
    """IPv4 addresses without repetition for a long while."""
    number = 0
    while True:
        number += 1
        yield f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class _HttpClient(asyncio.Protocol):
    def __init__(self, run: HttpRun, hosts: list[str]) -> None:
        self._run = run
        self._hosts = hosts
        self._turn = 0
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        run = self._run
        if run.left <= 0:
            self._transport.close()  # type: ignore[attr-defined]
            return
        run.left -= 1
        if run.interval:
            loop = asyncio.get_running_loop()
            run.due = max(run.due + run.interval, loop.time())
            loop.call_at(run.due, self._send)
        else:
            self._send()

    def _send(self) -> None:
        run = self._run
        host = self._hosts[self._turn % len(self._hosts)]
        self._turn += 1
        address = next(run.addresses)
        self._sent = time.perf_counter()
        self._transport.write(run.request(host, address))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        run = self._run
        run.tally.latencies.append(time.perf_counter() - self._sent)
        word = run.word(body)
        run.tally.answers[word] = run.tally.answers.get(word, 0) + 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._run.closed()


class HttpRun:
    """Updates over keep-alive HTTP, one in flight a connection; *pace* is the most a second."""

    def __init__(
        self, port: int, user: str, key: str, requests: int, pace: float | None = None
    ) -> None:
        self.port = port
        self.left = requests
        self.authorization = "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()
        self.addresses = addresses()
        self.tally = Tally()
        self.interval = 1 / pace if pace else 0.0
        self.due = 0.0
        self._open = 0
        self._done = asyncio.Event()

    def request(self, host: str, address: str) -> bytes:
        """Return the request that updates a host."""
        return (
            f"GET /nic/update?hostname={host}&myip={address} HTTP/1.1\r\nHost: x\r\n"
            f"User-Agent: benchmark/1\r\nAuthorization: {self.authorization}\r\n\r\n".encode()
        )

    def word(self, answer: bytes) -> str:
        """Return what an answer counts as."""
        return answer.split()[0].decode()

    async def run(self, hosts: list[str], connections: int) -> Tally:
        """Spread the hosts over the connections and run until all requests are answered."""
        loop = asyncio.get_running_loop()
        begin = time.perf_counter()
        for number in range(connections):
            self._open += 1
            mine = hosts[number::connections]
            await loop.create_connection(
                lambda mine=mine: _HttpClient(self, mine), "127.0.0.1", self.port
            )  # type: ignore[misc]
        await self._done.wait()
        self.tally.seconds = time.perf_counter() - begin
        return self.tally

    def closed(self) -> None:
        """One connection has ended."""
        self._open -= 1
        if not self._open:
            self._done.set()


PATIENCE = 10.0
"""Seconds without an answer after which those that are missing are given up."""

LOST = "lost"
"""Counts among answers what was not answered."""


def unsigned(message: bytes) -> bytes:
    """Leave a message as it is."""
    return message


class UpdateRun(asyncio.DatagramProtocol):
    """RFC 2136 updates over UDP, a fixed number in flight; *sign* adds a TSIG to each."""

    def __init__(
        self, port: int, zone: str, requests: int, sign: Callable[[bytes], bytes] = unsigned
    ) -> None:
        self.port = port
        self._sign = sign
        self.left = requests
        self.addresses = addresses()
        self.tally = Tally()
        self._zone = _wire(zone)
        self._sent: dict[int, float] = {}
        self._number = 0
        self._done = asyncio.Event()

    async def run(self, hosts: list[str], in_flight: int) -> Tally:
        """Update the hosts in turn until all requests are answered."""
        self._hosts = [_wire(host) for host in hosts]
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, remote_addr=("127.0.0.1", self.port))
        begin = time.perf_counter()
        self._last = time.perf_counter()
        for _ in range(in_flight):
            self._ask()
        while not self._done.is_set() and time.perf_counter() < self._last + PATIENCE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), 1.0)
        if self._sent:
            self.tally.answers[LOST] = len(self._sent)
        self.tally.seconds = time.perf_counter() - begin
        return self.tally

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def _ask(self) -> None:
        if self.left <= 0:
            if not self._sent:
                self._done.set()
            return
        self.left -= 1
        self._number = (self._number + 1) & 0xFFFF
        owner = self._hosts[self._number % len(self._hosts)]
        address = bytes(map(int, next(self.addresses).split(".")))
        self._sent[self._number] = time.perf_counter()
        message = (
            struct.pack("!6H", self._number, 5 << 11, 1, 0, 2, 0)
            + self._zone
            + struct.pack("!HH", 6, 1)
            + owner
            + struct.pack("!HHIH", 1, 255, 0, 0)  # delete the RRset, 2.5.2
            + owner
            + struct.pack("!HHIH", 1, 1, 10, 4)  # add to it, 2.5.1
            + address
        )
        self._transport.sendto(self._sign(message))  # type: ignore[attr-defined]

    def datagram_received(self, data: bytes, addr: object) -> None:
        number, flags = struct.unpack_from("!HH", data)
        sent = self._sent.pop(number, None)
        if sent is None:
            return
        self._last = time.perf_counter()
        self.tally.latencies.append(self._last - sent)
        rcode = str(flags & 15)
        self.tally.answers[rcode] = self.tally.answers.get(rcode, 0) + 1
        self._ask()


def _wire(name: str) -> bytes:
    return b"".join(bytes((len(part),)) + part.encode() for part in name.split(".")) + b"\0"
