"""Line protocols on loopback, with a pipeline that answers whatever a test wants."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.protocols.tls import TLSMemoryBIOFactory

from ddns.config.settings import MiniupdateSettings
from ddns.model.update import ChallengeResponse, Outcome, Result, Status, Update
from ddns.net.lines import LineFactory, MiniupdateFactory
from ddns.net.proxy.listener import ProxiedFactory
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.policy import secrets
from tests.clients.miniupdate_client import MiniupdateClient
from tests.net.pipelines import opened
from tests.net.reactors import PATIENCE, RunningReactor

SECRET = "topsecret"
DEFAULTS = MiniupdateSettings()
UPDATE = b"A_UPDATE online home.example.net 198.51.100.%d\n"

# Long enough that only the limit a test is about can be what ends a connection.
PATIENT = {"idle_time": 60.0, "session_time": 60.0}


class Pipeline:
    """Takes the place of the updater: alice's secret is known, and every change is good."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.gate: Deferred[None] | None = None  # what updates with changes wait for
        self.delay: Any = None  # makes a Deferred that every update waits for
        self.fails = False
        self.begun = threading.Event()
        self.running = 0
        self.most_running = 0

    async def perform(self, update: Update) -> Outcome:
        self.updates.append(update)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        if update.changes:
            self.begun.set()
            if self.gate is not None:
                await self.gate
        if self.delay is not None:
            await self.delay()
        self.running -= 1
        if self.fails:
            raise ValueError("it does not work")
        login = update.credentials
        assert isinstance(login, ChallengeResponse)
        known = secrets.responder(SECRET)
        if login.user != "alice" or not secrets.answers(login.response, login.challenge, known):
            return Outcome(Status.BADAUTH)
        results = tuple(Result(change, Status.GOOD) for change in update.changes)
        return Outcome(results=results, user="alice")


@dataclass
class Serving:
    """A factory that listens."""

    running: RunningReactor
    factory: LineFactory[Any]
    pipeline: Pipeline
    host: str
    port: int

    def connect(self) -> MiniupdateClient:
        return MiniupdateClient(self.host, self.port, patience=PATIENCE)

    def login(self) -> MiniupdateClient:
        """A client that has logged in."""
        client = self.connect()
        assert client.login("alice", SECRET) == "OK Authenticated"
        return client

    def begin(self) -> MiniupdateClient:
        """A client whose update waits at the gate."""
        self.pipeline.gate = Deferred()
        client = self.login()
        client.send(b"A_UPDATE online home.example.net 198.51.100.7\n")
        assert self.pipeline.begun.wait(PATIENCE)
        return client

    def open_gate(self) -> None:
        gate, self.pipeline.gate = self.pipeline.gate, None
        assert gate is not None
        self.running.call(lambda: gate.callback(None))

    def connections(self) -> int:
        count: int = self.running.call(self.factory.connections)
        return count


@contextmanager
def serving(
    running: RunningReactor,
    limits: Any = DEFAULTS,
    interface: str = "127.0.0.1",
    certificate: Any = None,
    proxies: Proxies = NOBODY,
    proxied: bool = False,
    linger_time: float = 60.0,
    kind: type[LineFactory[Any]] = MiniupdateFactory,
) -> Iterator[Serving]:
    """A factory on a free port, behind TLS with a certificate, and if it is *proxied* behind a
    PROXY header; its connections have ended when this has."""
    pipeline = Pipeline()
    made = iter(range(10**6))
    factory = kind(
        opened(pipeline.perform),
        running.reactor,
        limits,
        lambda size: hashlib.sha256(b"%d" % next(made)).digest()[:size],
        proxies=proxies,
    )
    factory.linger_time = linger_time
    factory.limit(limits)
    listening: Any = factory
    if certificate is not None:
        listening = TLSMemoryBIOFactory(certificate, False, factory, running.reactor)
    if proxied:
        waits = {"timeout": limits.idle_time, "total": limits.connections}
        listening = ProxiedFactory(listening, proxies, running.reactor, **waits)
    port: Any = running.call(lambda: running.reactor.listenTCP(0, listening, interface=interface))
    try:
        yield Serving(running, factory, pipeline, interface, port.getHost().port)
    finally:
        if proxied:
            running.call(listening.abort_connections)
        running.call(factory.abort_connections)
        running.call(port.stopListening)


def mapped(last: int) -> str:
    """The answer to :data:`UPDATE`."""
    return f"OK HOME.EXAMPLE.NET mapped to 198.51.100.{last}"


def read_all(client: socket.socket) -> bytes:
    """What comes before the server closes."""
    return b"".join(iter(lambda: client.recv(1000), b""))
