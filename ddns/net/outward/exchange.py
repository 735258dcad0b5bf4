"""A DNS message to a server and the answer to it, over TCP (RFC 1035 4.2.2)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.basic import Int16StringReceiver
from twisted.python.failure import Failure

from ddns.model.outward import OutwardError
from ddns.net.outward.client import OutwardClient
from ddns.net.outward.words import in_words
from ddns.relays.base import Exchange


class _Asking(Int16StringReceiver):
    """Sends a message and takes the first one that comes back."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self.answered: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        self.sendString(self._wire)

    def stringReceived(self, string: bytes) -> None:
        if not self.answered.called:
            self.answered.callback(string)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.answered.called:
            self.answered.errback(reason)


class _Once(Factory):
    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._protocol


async def exchange(client: OutwardClient, asked: Exchange) -> bytes:
    """Send a message and return the answer to it, within the bounds of the way out.

    :raises OutwardError: when there is none, or the server may not be reached.
    """
    client.rules.server(asked.host, asked.port)

    async def ask() -> bytes:
        endpoint = await client.endpoint(asked.host, asked.port)
        asking: Any = _Asking(asked.wire)
        try:
            await endpoint.connect(_Once(asking))
            answer: bytes = await asking.answered
        except (CancelledError, OutwardError):
            raise
        except Exception as error:
            raise OutwardError(f"{asked.host} {in_words(error)}") from None
        finally:
            endpoint.abort()
        return answer

    return await client.within_bounds(asked.host, ask)
