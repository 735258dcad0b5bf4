"""Listeners behind proxies, whose connections begin with the PROXY protocol's header.

Only trusted proxies are let in, and they must send it: a listener takes either such connections or
clients' own, as the protocol demands, and never guesses. No protocol is made until the header is
complete, so it is the client that is counted and gets the banner. From then on the connection is
the protocol's, with nothing in between.
"""

from __future__ import annotations

import math
from typing import Any

from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.net import peers
from ddns.net.connections import Connection, ConnectionOwner, ConnectionTable
from ddns.net.peers import BehindProxy
from ddns.net.proxy.header import BadHeader, read
from ddns.net.proxy.trust import Proxies

QUIET = 60.0
"""Seconds in which one kind of refusal is logged once, since any stranger can cause it."""


class ProxiedConnection(Connection, Protocol):
    """A connection until its header is complete."""

    transport: Any

    def __init__(self, server: ProxiedFactory, proxy: IAddress | None) -> None:
        self._server = server
        self._proxy = proxy
        self._received = b""

    def connectionMade(self) -> None:
        self._since = self._server.seconds()
        self.deadline = self._since + self._server.timeout
        self._server.table.admit()  # makes room, always
        self._server.table.add(self)

    def waits_since(self) -> float:
        return self._since

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        try:
            header = read(self._received)
        except BadHeader:
            self._server.log_refusal("{peer} did not begin with a PROXY header", self._proxy)
            self.abort()
            return
        if header is not None:
            client = None if header.client is None else peers.address(header.client)
            self._hand_over(
                client or BehindProxy(peers.text_of(self._proxy)), self._received[header.size :]
            )

    def _hand_over(self, client: IAddress, rest: bytes) -> None:
        """Put the wrapped factory's protocol in the place of this one."""
        self._leave()
        protocol: Any = self._server.wrapped.buildProtocol(client)
        if protocol is None:
            self.transport.abortConnection()
            return
        # A socket's transport looks its protocol up anew for each event, so this is all it takes.
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)
        if rest:
            protocol.dataReceived(rest)

    def abort(self) -> None:
        """Close at once."""
        self._leave()
        super().abort()

    def close(self, force: bool) -> None:
        """Close when the header has had a moment to come."""
        if force:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._leave()

    def _leave(self) -> None:
        self._received = b""
        self._server.table.remove(self)


class ProxiedFactory(ConnectionOwner, ServerFactory):
    """Stands before the factory whose protocols are behind trusted proxies.

    :param wrapped: that factory.
    :param proxies: who may connect.
    :param clock: for the deadline of headers.
    :param timeout: seconds that a header may take.
    :param total: connections that may wait for theirs at once.
    """

    noisy = False
    _log = Logger()

    def __init__(
        self,
        wrapped: IProtocolFactory,
        proxies: Proxies,
        clock: IReactorTime,
        *,
        timeout: float,
        total: int,
    ) -> None:
        self.wrapped = wrapped
        self.seconds = clock.seconds
        self._proxies = proxies
        self.table: ConnectionTable[ProxiedConnection] = ConnectionTable(clock, 0, 0, 1.0)
        self.tables = (self.table,)
        self._quiet_until: dict[str, float] = {}
        self.limit(timeout, total)

    def limit(self, timeout: float, total: int) -> None:
        """Set the limits; deadlines that are set already stay."""
        self.timeout = timeout
        self.table.limit(total, math.inf, min(1.0, timeout / 4))

    def doStart(self) -> None:
        self.wrapped.doStart()

    def doStop(self) -> None:
        self.wrapped.doStop()

    def buildProtocol(self, addr: IAddress | None) -> ProxiedConnection | None:
        """Make a connection that waits for its header; None, which closes it, for a stranger's."""
        if self._proxies.trusts(addr):
            return ProxiedConnection(self, addr)
        self.admissions.refused += 1
        self.log_refusal("{peer} is not among proxies.trusted", addr)
        return None

    def log_refusal(self, what: str, peer: IAddress | None) -> None:
        """Log why a connection was refused, unless that was logged a moment ago."""
        now = self.seconds()
        if now >= self._quiet_until.get(what, now):
            self._quiet_until[what] = now + QUIET
            self._log.warn("refused a connection: " + what, peer=peers.text_of(peer))
