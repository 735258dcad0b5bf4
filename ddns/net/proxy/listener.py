"""Listeners whose connections come from proxies and begin with the PROXY protocol's header.

Only trusted proxies are let in, and they must send it: a listener takes either such connections or
clients' own, as the protocol demands, and never guesses. Until the header is there no
protocol is made, so whoever is counted, and told a banner, is the client. From then on the
connection is the protocol's, with nothing in between.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.model.counters import Admissions
from ddns.net import peers
from ddns.net.peers import BehindProxy
from ddns.net.proxy.header import BadHeader, read
from ddns.net.proxy.trust import Proxies

QUIET = 60.0
"""Seconds in which one kind of trouble is logged once, since any stranger can make it."""


class ProxiedConnection(Protocol):
    """A connection as long as its header has not come."""

    transport: Any

    def __init__(self, server: ProxiedFactory, proxy: IAddress | None) -> None:
        self._server = server
        self._proxy = proxy
        self._received = b""
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._timer = self._server.clock.callLater(self._server.patience, self.end)
        self._server.opened(self)

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        try:
            header = read(self._received)
        except BadHeader:
            self._server.complain("{peer} did not begin with a PROXY header", self._proxy)
            self.end()
            return
        if header is not None:
            client = None if header.client is None else peers.address(header.client)
            self._hand_over(
                client or BehindProxy(peers.text_of(self._proxy)), self._received[header.size :]
            )

    def _hand_over(self, client: IAddress, rest: bytes) -> None:
        """Let the protocol that this is about take the place of this one."""
        self._leave()
        protocol: Any = self._server.wrapped.buildProtocol(client)
        if protocol is None:
            self.transport.abortConnection()
            return
        # The transport is a socket's, which looks up its protocol anew for each event.
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)
        if rest:
            protocol.dataReceived(rest)

    def end(self) -> None:
        """Close at once."""
        self._leave()
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._received = b""
        self._server.left(self)


class ProxiedFactory(ServerFactory):
    """Stands before the factory whose protocols are behind trusted *proxies*. A header may take
    *patience* seconds, and *most* connections may wait for theirs; both are attributes that may be
    set at any time."""

    noisy = False
    _log = Logger()

    def __init__(
        self,
        wrapped: IProtocolFactory,
        proxies: Proxies,
        clock: IReactorTime,
        *,
        patience: float,
        most: int,
    ) -> None:
        self.wrapped = wrapped
        self.clock = clock
        self.patience = patience
        self._proxies = proxies
        self.most = most
        self.admissions = Admissions()
        self._waiting: dict[ProxiedConnection, None] = {}  # in order of arrival
        self._quiet_until: dict[str, float] = {}

    def doStart(self) -> None:
        self.wrapped.doStart()

    def doStop(self) -> None:
        self.wrapped.doStop()

    def buildProtocol(self, addr: IAddress | None) -> ProxiedConnection | None:
        """A connection that is to bring its header; None, which closes it, for a stranger's."""
        if self._proxies.trusts(addr):
            self.admissions.accepted += 1
            return ProxiedConnection(self, addr)
        self.admissions.refused += 1
        self.complain("{peer} is not among proxies.trusted", addr)
        return None

    def complain(self, what: str, peer: IAddress | None) -> None:
        """Say in the log why a connection was refused, if that was not said a moment ago."""
        now = self.clock.seconds()
        if now >= self._quiet_until.get(what, now):
            self._quiet_until[what] = now + QUIET
            self._log.warn("refused a connection: " + what, peer=peers.text_of(peer))

    def opened(self, connection: ProxiedConnection) -> None:
        """One more waits for its header. Where there are too many the oldest goes: a proxy sends
        it at once."""
        if len(self._waiting) >= self.most:
            next(iter(self._waiting)).end()
        self._waiting[connection] = None

    def left(self, connection: ProxiedConnection) -> None:
        """It has come, or never will."""
        self._waiting.pop(connection, None)

    def connections(self) -> int:
        """How many wait for their header."""
        return len(self._waiting)

    def close_connections(self, force: bool) -> None:
        """End them all, when their headers have had a moment to come."""
        if force:
            self.abort_connections()

    def abort_connections(self) -> None:
        """End them all."""
        for connection in list(self._waiting):
            connection.end()
