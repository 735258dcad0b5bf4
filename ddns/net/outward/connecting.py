"""Connect to addresses that were checked, and read a bounded number of octets from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

CONNECT_TIME = 5.0
"""Seconds for each address."""


class _Bounded(ProtocolWrapper):
    """Gives up a connection over which too much comes."""

    factory: _BoundedFactory

    def dataReceived(self, data: bytes) -> None:
        endpoint = self.factory.endpoint
        endpoint.left -= len(data)
        if endpoint.left < 0:
            endpoint.abort()
        else:
            super().dataReceived(data)


class _BoundedFactory(WrappingFactory):
    protocol = _Bounded
    noisy = False

    def __init__(self, endpoint: CheckedEndpoint, wrapped: IProtocolFactory) -> None:
        super().__init__(wrapped)
        self.endpoint = endpoint


@implementer(IStreamClientEndpoint)
class CheckedEndpoint:
    """Connects to one of some addresses, in their order, once.

    :param addresses: such as :class:`ddns.net.outward.guard.Guard` returns.
    :param most: octets that may come, those of TLS included.

    ``left`` is how many of them may still come, negative after there were more.
    """

    def __init__(self, reactor: Any, addresses: Sequence[str], port: int, most: int) -> None:
        self._reactor = reactor
        self._addresses = addresses
        self._port = port
        self.left = most
        self._transport: Any = None

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect; see IStreamClientEndpoint."""
        return ensureDeferred(self._connect(_BoundedFactory(self, protocolFactory)))

    def abort(self) -> None:
        """Close the connection, if there is one; nobody waits for the other side."""
        if self._transport is not None:
            self._transport.abortConnection()

    async def _connect(self, factory: _BoundedFactory) -> IProtocol:
        problem = ConnectError()
        for address in self._addresses:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            try:
                endpoint = kind(self._reactor, address, self._port, CONNECT_TIME)
                built: Any = await endpoint.connect(factory)
            except ConnectError as error:
                problem = error
            else:
                self._transport = built.transport
                wrapped: IProtocol = built.wrappedProtocol
                return wrapped
        raise problem
