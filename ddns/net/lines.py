"""Line protocols over TCP: miniupdate and GnuDIP.

Bounded are the length of a line, the time without one, the time of a session, and connections in
all and by address. No line is ever logged, since it may hold a secret.
"""

from __future__ import annotations

import abc
import math
from typing import Any, Generic, Protocol, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns import __version__
from ddns.config.settings import GnudipSettings, MiniupdateSettings
from ddns.dialects.gnudip_tcp import GnudipSession
from ddns.dialects.lines import Line, LineSession
from ddns.dialects.miniupdate import MiniupdateSession
from ddns.model.request_log import PLAIN, Arrival
from ddns.model.update import Outcome, Status, Update
from ddns.net import peers
from ddns.net.connections import Connection, ConnectionOwner, ConnectionTable
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.net.shutdown import DRAIN_TIME
from ddns.net.transports import close_our_side, has_unread
from ddns.updates.pipeline import Pipeline
from ddns.zone.rrl import Random

MAX_LINE = 512
"""Octets of a line without its end."""

READ_SIZE = 4096
"""Octets that are read at a time, and so held while a command is performed."""


@implementer(IHalfCloseableProtocol)
class LineConnection(Connection, LineReceiver):
    """One client. While a command of its is performed nothing more is read, so that answers come in
    the order of the lines, and little is held for a client. That time is not limited."""

    _log = Logger()
    delimiter = b"\n"
    transport: Any

    def __init__(
        self, server: LineFactory[Any], session: LineSession, network: bytes, admitted: bool
    ) -> None:
        self._server = server
        self._session = session
        self.network = network
        self._admitted = admitted
        self.MAX_LENGTH = MAX_LINE + 1  # with a CR
        self._session_until = server.seconds() + server.limits.session_time
        self._answered_at = server.seconds()
        self._last_word = session.idle  # what the client is told at its deadline
        self._performing = False
        self._ending = False  # nothing is listened to any more
        self._lost = False

    def connectionMade(self) -> None:
        self.transport.bufferSize = READ_SIZE
        (self._server.table if self._admitted else self._server.refused).add(self, self.network)
        self._answer(self._session.banner() if self._admitted else self._session.crowded)

    def waits_since(self) -> float | None:
        return None if self._performing else self._answered_at

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        for table in self._server.tables:
            table.remove(self)

    def dataReceived(self, data: bytes) -> None:
        if not self._ending:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        step = self._session.receive(
            line.removesuffix(b"\r"), self._server.seconds(), self._server.pipeline.now()
        )
        if isinstance(step, Update):
            self._performing = True
            self.deadline = None
            self.pauseProducing()
            ensureDeferred(self._perform(step, line))
        else:
            self._answer(step)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.lineReceived(line)  # the session refuses it

    async def _perform(self, update: Update, line: bytes) -> None:
        try:
            outcome = await self._server.pipeline.perform(update)
        except Exception:
            self._log.failure("performing what a line asks for failed")
            outcome = Outcome(Status.FAILED)
        self._performing = False
        reply = self._session.conclude(outcome)
        log = self._server.pipeline.requests
        if log is not None and log.wants(update, outcome):
            asked = line.decode("ascii", "replace")
            log.add(update, outcome, asked, reply.line.decode().rstrip(), Arrival(PLAIN))
        if not self._lost:
            self._answer(reply)
            self.resumeProducing()

    def _answer(self, reply: Line) -> None:
        """Send a reply, then wait for the next line as long as the client has time."""
        self.transport.write(reply.line)
        self._answered_at = now = self._server.seconds()
        idle_until = now + self._server.limits.idle_time
        if self._ending:
            self._end()
        elif reply.close:
            self._linger()
        else:
            is_last = self._session_until < idle_until
            self._last_word = self._session.overtime if is_last else self._session.idle
            self.deadline = min(self._session_until, idle_until)
            if now >= self._session_until:
                self.expire()

    def expire(self) -> None:
        """Tell the client that its time is up; abort it once it has been told."""
        if self._ending:
            self.abort()
        else:
            self.transport.write(self._last_word.line)
            self._linger()

    def _linger(self) -> None:
        """Close our side; what the client still sends is thrown away until it closes."""
        self._stop_listening()
        close_our_side(self.transport)

    def _stop_listening(self) -> None:
        self._ending = True
        self.clearLineBuffer()
        self.deadline = self._server.seconds() + self._server.linger_time

    def _end(self) -> None:
        """Close without a word: now, or after the answer to the command that is performed."""
        if self._performing:
            self._ending = True
        else:
            self._stop_listening()
            self.transport.loseConnection()

    def close(self, force: bool) -> None:
        """Close what lingers, and with *force* also a client that has fallen silent."""
        if self._ending or (force and not self._may_go_on()):
            self._end()

    def _may_go_on(self) -> bool:
        """Return whether the client waits for us, or was answered a moment ago and may say more."""
        quiet = self._server.seconds() - self._answered_at
        return self._performing or quiet < DRAIN_TIME or has_unread(self.transport)

    # IHalfCloseableProtocol: a client may say that it has no more commands and wait for answers.

    def readConnectionLost(self) -> None:
        # Nothing is read, this neither, while commands wait: all of them have been answered.
        self._end()

    def writeConnectionLost(self) -> None:
        """Ignore it: only we close that side."""


class LineLimits(Protocol):
    """Settings of a listener: connections in all and by address, and seconds."""

    @property
    def connections(self) -> int: ...
    @property
    def connections_per_address(self) -> int: ...
    @property
    def idle_time(self) -> float: ...
    @property
    def session_time(self) -> float: ...


L = TypeVar("L", bound=LineLimits)


class LineFactory(ConnectionOwner, ServerFactory, abc.ABC, Generic[L]):
    """The connections of all addresses together. Subclasses say what a session is.

    :param pipeline: performs updates.
    :param reactor: for times without a line and of sessions.
    :param limits: times and connections.
    :param random: makes challenges and salts.
    :param proxies: whose connections are not counted by address.
    """

    noisy = False
    linger_time = 2.0
    """Seconds that a client may go on sending unheard after our last word."""

    def __init__(
        self,
        pipeline: Pipeline,
        reactor: IReactorTime,
        limits: L,
        random: Random,
        proxies: Proxies = NOBODY,
    ) -> None:
        self.pipeline = pipeline
        self._proxies = proxies
        self.seconds = reactor.seconds
        self._random = random
        # Those that are told why they are refused linger as well, and are limited by themselves.
        self.table, self.refused = self.tables = (
            ConnectionTable[LineConnection](reactor, 0, 0, 1.0),
            ConnectionTable[LineConnection](reactor, 0, 0, 1.0),
        )
        self.limit(limits)

    def limit(self, limits: L) -> None:
        """Set the limits; deadlines that are set already stay."""
        self.limits = limits
        pause = min(1.0, limits.idle_time / 4, limits.session_time / 4, self.linger_time / 4)
        self.table.limit(limits.connections, limits.connections_per_address, pause)
        self.refused.limit(limits.connections, math.inf, pause)

    def buildProtocol(self, addr: IAddress | None) -> LineConnection | None:
        """Make a connection, admitted or to be told why not; None, which closes it at once, where
        too many are being told already."""
        network = self._proxies.network_of(addr)
        admitted = self.table.admit(network)
        if not admitted and not self.refused.admit():
            return None
        return LineConnection(self, self.session(peers.text_of(addr)), network, admitted)

    @abc.abstractmethod
    def session(self, peer: str) -> LineSession:
        """Begin a session with a client at an address in text."""


class MiniupdateFactory(LineFactory[MiniupdateSettings]):
    """miniupdate, of miniDNS."""

    def session(self, peer: str) -> LineSession:
        return MiniupdateSession(
            peer,
            __version__,
            self._random,
            challenge_time=self.limits.challenge_time,
            longest=MAX_LINE,
        )


class GnudipFactory(LineFactory[GnudipSettings]):
    """GnuDIP's protocol over TCP."""

    def session(self, peer: str) -> LineSession:
        return GnudipSession(peer, self._random, longest=MAX_LINE)
