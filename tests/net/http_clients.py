"""A site on loopback with a pipeline that answers whatever a test wants, and clients of octets."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import IResource

from ddns.config.settings import HttpSettings
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect
from ddns.model.update import Outcome, Result, Status, Update
from ddns.net.http.limits import HttpLimits
from ddns.net.http.site import LimitedSite
from ddns.net.http.updates import UpdateResource
from ddns.net.proxy.listener import ProxiedFactory
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.net.tls import Certificate, TlsFactory
from tests.net.pipelines import opened
from tests.net.reactors import PATIENCE, RunningReactor

LOGIN = "Authorization: Basic " + base64.b64encode(b"alice:right").decode()
DEFAULTS = HttpLimits()
TARGET = "/nic/update?hostname=home.example.net&myip=198.51.100.7"


class Pipeline:
    """Takes the place of the updater: ``alice:right`` may, and every change is good."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.gate: Deferred[None] | None = None  # what updates wait for
        self.fails = False
        self.begun = threading.Event()

    async def perform(self, update: Update) -> Outcome:
        self.updates.append(update)
        self.begun.set()
        if self.gate is not None:
            await self.gate
        if self.fails:
            raise ValueError("topsecret")
        if update.credentials is None:
            return Outcome(Status.UNAUTHENTICATED)
        if (update.credentials.user, update.credentials.secret) != ("alice", "right"):
            return Outcome(Status.BADAUTH)
        if update.refusal is not None:
            return Outcome(update.refusal)
        return Outcome(
            results=tuple(Result(change, Status.GOOD, (update.peer,)) for change in update.changes)
        )


@dataclass
class Serving:
    """A site that listens."""

    running: RunningReactor
    site: LimitedSite
    pipeline: Pipeline
    port: int
    before: ProxiedFactory | None = None

    def connect(self) -> Client:
        return Client(socket.create_connection(("127.0.0.1", self.port), PATIENCE))

    def connections(self) -> int:
        count: int = self.running.call(self.site.connections)
        return count


@contextmanager
def serving(
    running: RunningReactor,
    limits: HttpSettings = DEFAULTS,
    dialects: tuple[Dialect, ...] = DIALECTS,
    interface: str = "127.0.0.1",
    certificate: Certificate | None = None,
    proxies: Proxies = NOBODY,
    proxied: bool = False,
    beside: Mapping[bytes, IResource] | None = None,
) -> Iterator[Serving]:
    """A site on a free port, behind TLS with a certificate, and if it is *proxied* behind a PROXY
    header; its connections have ended when this has. *beside* is what else it has."""
    pipeline = Pipeline()
    resource = UpdateResource(opened(pipeline.perform), dialects, beside)
    site = LimitedSite(resource, running.reactor, limits, proxies)
    factory: Any = site
    if certificate is not None:
        factory = TlsFactory(certificate, False, site, running.reactor)
    if proxied:
        waits = {"timeout": limits.request_time, "total": limits.connections}
        factory = ProxiedFactory(factory, proxies, running.reactor, **waits)
    port: Any = running.call(lambda: running.reactor.listenTCP(0, factory, interface=interface))
    try:
        yield Serving(running, site, pipeline, port.getHost().port, factory if proxied else None)
    finally:
        if proxied:
            running.call(factory.abort_connections)
        running.call(site.abort_connections)
        running.call(port.stopListening)


def until(true: Callable[[], bool]) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@dataclass
class Answer:
    """A reply, as it arrived."""

    version: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of a header."""
        found = [value for known, value in self.headers if known == name.lower()]
        assert len(found) < 2
        return found[0] if found else None


class Client:
    """A blocking socket that speaks HTTP a line at a time."""

    def __init__(self, socket_: socket.socket) -> None:
        self.socket = socket_
        self.socket.settimeout(PATIENCE)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *about: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def ask(self, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> Answer:
        """An HTTP/1.1 request and its answer."""
        self.send(request(target, *headers, method=method, body=body))
        return self.answer(body=method != "HEAD")

    def answer(self, body: bool = True) -> Answer:
        """The next answer. It has to have a length, or this fails."""
        line = self._file.readline().decode()
        assert line, "the server has closed the connection"
        version, status, _ = line.split(" ", 2)
        headers = []
        while (line := self._file.readline().decode().rstrip("\r\n")) != "":
            name, _, value = line.partition(": ")
            headers.append((name.lower(), value))
        answer = Answer(version, int(status), headers, b"")
        length = answer.header("content-length")
        assert length is not None
        assert answer.header("transfer-encoding") is None
        if body:
            answer.body = self._file.read(int(length))
            assert len(answer.body) == int(length)
        return answer

    def interim(self) -> int:
        """The status of an interim answer (RFC 9110 15.2), which has neither headers nor body."""
        status = int(self._file.readline().split()[1])
        assert self._file.readline() == b"\r\n"
        return status

    def ended(self) -> bool:
        """Whether the server closes the connection without another word."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


def request(target: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "User-Agent: test/1.0", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
