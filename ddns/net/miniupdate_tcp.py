"""miniupdate over TCP.

What a client may cost is bounded: the length of a line, the time without one and of the whole
session, connections in all and by address. No line is ever logged, since it may hold a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns import __version__
from ddns.dialects.miniupdate import CROWDED, IDLE, OVERTIME, Line, MiniupdateSession
from ddns.model.counting import Admissions
from ddns.model.update import Outcome, Status, Update
from ddns.net import peers
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.net.shutdown import DRAIN_TIME, close_our_side, has_unread
from ddns.updates.pipeline import Pipeline
from ddns.zone.rrl import Random


@dataclass(frozen=True, slots=True)
class MiniupdateLimits:
    """Durations in seconds, ``line`` in octets without the line's end.

    Connections are counted in all and by client address. ``idle_time`` is from an answer to the
    next line in whole, ``session_time`` for everything; a command that is being performed is not
    cut. ``linger_time`` is how long a client may go on sending unheard after our last word.
    """

    connections: int = 200
    connections_per_address: int = 20
    idle_time: float = 30.0
    session_time: float = 60.0
    challenge_time: float = 30.0
    linger_time: float = 2.0
    line: int = 512


@implementer(IHalfCloseableProtocol)
class MiniupdateConnection(LineReceiver):
    """One client. While one of its commands is performed, nothing more is read: answers come in
    the order of the lines, and what is kept for a client is bounded."""

    _log = Logger()
    delimiter = b"\n"
    transport: Any

    def __init__(
        self, server: MiniupdateFactory, session: MiniupdateSession, network: bytes, admitted: bool
    ) -> None:
        self._server = server
        self._session = session
        self.network = network
        self.admitted = admitted
        self.MAX_LENGTH = server.limits.line + 1  # with a CR
        self._session_until = server.seconds() + server.limits.session_time
        self._timer: IDelayedCall | None = None
        self._answered_at = server.seconds()
        self._performing = False
        self._ending = False  # nothing is listened to any more
        self._lost = False

    def connectionMade(self) -> None:
        self._server.opened(self)
        self._answer(self._session.banner() if self.admitted else CROWDED)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        self._stop_timer()
        self._server.lost(self)

    def dataReceived(self, data: bytes) -> None:
        if not self._ending:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        self._stop_timer()
        step = self._session.receive(
            line.removesuffix(b"\r"), self._server.seconds(), self._server.pipeline.now()
        )
        if isinstance(step, Update):
            self._performing = True
            self.pauseProducing()
            ensureDeferred(self._perform(step, line))
        else:
            self._answer(step)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.lineReceived(line)  # which is for the session to refuse

    async def _perform(self, update: Update, line: bytes) -> None:
        try:
            outcome = await self._server.pipeline.perform(update)
        except Exception:
            self._log.failure("performing a miniupdate command failed")
            outcome = Outcome(Status.FAILED)
        self._performing = False
        reply = self._session.conclude(outcome)
        log = self._server.pipeline.requests
        if log is not None and log.wants(update, outcome):
            asked = line.decode("ascii", "replace")
            log.add(update, outcome, asked, reply.line.decode().rstrip())
        if not self._lost:
            self._answer(reply)
            self.resumeProducing()

    def _answer(self, reply: Line) -> None:
        """Send a reply, then wait for the next line as long as the client has time."""
        self.transport.write(reply.line)
        self._answered_at = now = self._server.seconds()
        idle_until = now + self._server.limits.idle_time
        if self._ending:
            self._close()
        elif reply.close:
            self._linger()
        elif now >= self._session_until:
            self._expire(OVERTIME)
        elif self._session_until < idle_until:
            self._start_timer(self._session_until - now, self._expire, OVERTIME)
        else:
            self._start_timer(idle_until - now, self._expire, IDLE)

    def _expire(self, reply: Line) -> None:
        self.transport.write(reply.line)
        self._linger()

    def _linger(self) -> None:
        """What the client still sends is thrown away until it closes or the time is up."""
        self._stop_listening()
        close_our_side(self.transport)

    def _stop_listening(self) -> None:
        self._ending = True
        self.clearLineBuffer()
        self._start_timer(self._server.limits.linger_time, self.transport.abortConnection)

    def _close(self) -> None:
        self._stop_listening()
        self.transport.loseConnection()

    def close(self) -> None:
        """End without a word: now, or after the answer to the command that is being performed."""
        if self._performing:
            self._ending = True
        else:
            self._close()

    def is_expected(self) -> bool:
        """Whether the client waits for us, or has only just heard of us and may go on."""
        quiet = self._server.seconds() - self._answered_at
        return self._performing or quiet < DRAIN_TIME or has_unread(self.transport)

    @property
    def ending(self) -> bool:
        """Whether nothing is listened to any more."""
        return self._ending

    # IHalfCloseableProtocol: a client may say that it has no more commands and wait for answers.

    def readConnectionLost(self) -> None:
        # Nothing is read, this neither, while commands wait: all of them have been answered.
        self.close()

    def writeConnectionLost(self) -> None:
        """Only we close that side."""

    # The one timer: of the next line, or of the client's last words.

    def _start_timer(self, delay: float, function: Callable[..., None], *args: Line) -> None:
        self._stop_timer()
        self._timer = self._server.clock.callLater(delay, function, *args)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


class MiniupdateFactory(ServerFactory):
    """The connections of all addresses together.

    *pipeline* performs their updates; times are the *reactor*'s.
    """

    noisy = False

    def __init__(
        self,
        pipeline: Pipeline,
        reactor: IReactorTime,
        limits: MiniupdateLimits,
        random: Random,
        proxies: Proxies = NOBODY,
    ) -> None:
        self.pipeline = pipeline
        self._proxies = proxies
        self.clock = reactor
        self.seconds = reactor.seconds
        self.limits = limits
        self._random = random
        self.admissions = Admissions()
        self._admitted: set[MiniupdateConnection] = set()
        self._refused: set[MiniupdateConnection] = set()
        self._by_network = peers.ConnectionCounter()

    def buildProtocol(self, addr: IAddress | None) -> MiniupdateConnection | None:
        """A connection, admitted or to be told why not; None, which closes it at once, where too
        many are being told already."""
        network = self._proxies.network_of(addr)
        admitted = self._has_room(network)
        if admitted:
            self.admissions.accepted += 1
        else:
            self.admissions.refused += 1
        if not admitted and len(self._refused) >= self.limits.connections:
            return None
        session = MiniupdateSession(
            peers.text_of(addr),
            __version__,
            self._random,
            challenge_time=self.limits.challenge_time,
            longest=self.limits.line,
        )
        return MiniupdateConnection(self, session, network, admitted)

    def _has_room(self, network: bytes) -> bool:
        if network and self._by_network[network] >= self.limits.connections_per_address:
            return False
        return len(self._admitted) < self.limits.connections

    def opened(self, connection: MiniupdateConnection) -> None:
        if connection.admitted:
            self._admitted.add(connection)
            self._by_network.enter(connection.network)
        else:
            self._refused.add(connection)

    def lost(self, connection: MiniupdateConnection) -> None:
        self._refused.discard(connection)
        if connection in self._admitted:
            self._admitted.discard(connection)
            self._by_network.leave(connection.network)

    def connections(self) -> int:
        """How many connections there are, those that are being refused included."""
        return len(self._admitted) + len(self._refused)

    def close_connections(self, force: bool) -> None:
        """End all connections whose clients say nothing for a moment."""
        for connection in [*self._admitted, *self._refused]:
            if connection.ending or (force and not connection.is_expected()):
                connection.close()

    def abort_connections(self) -> None:
        """End all connections, whatever they are at."""
        for connection in [*self._admitted, *self._refused]:
            connection.transport.abortConnection()
